//! What holds for every project.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use crate::project::{Project, reads};

/// A project's files: some folders deep, a few bytes each.
fn a_tree() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = "(lib|test)(/[a-c]{1,2}){0,2}/[d-f]{1,3}\\.exs?";
    prop::collection::btree_map(name, "[a-z]{0,4}", 1..12)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_in_which_files_were_made_does_not_count(
        (tree, order) in a_tree().prop_flat_map(|tree| {
            let order = Just(tree.clone().into_iter().collect::<Vec<_>>()).prop_shuffle();
            (Just(tree), order)
        })
    ) {
        let project = Project::empty();
        let gate = reads(&["**/*.ex", "test/**"]);
        block_on(async {
            project.write_all(tree.iter());
            project.pass(&gate).await;
            for folder in ["lib", "test"] {
                let _ = fs::remove_dir_all(project.path(folder));
            }
            project.write_all(order.iter().map(|(name, content)| (name, content)));
            assert!(project.is_known(&gate).await);
        });
    }

    #[test]
    fn any_file_that_is_another_one_counts(
        tree in a_tree(),
        which in any::<prop::sample::Index>(),
        content in "[A-Z]{1,4}",
    ) {
        let project = Project::empty();
        let gate = reads(&["**"]);
        block_on(async {
            project.write_all(tree.iter());
            project.pass(&gate).await;
            let (name, before) = tree.iter().nth(which.index(tree.len())).unwrap();
            project.write(name, &content);
            assert_eq!(project.changes(&gate).await, [format!("{name} changed")]);
            project.write(name, before);
            assert!(project.is_known(&gate).await);
        });
    }
}
