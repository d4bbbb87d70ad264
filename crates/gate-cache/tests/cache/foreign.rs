//! Foreign bytes in place of the cache's files: nothing is believed, and nothing breaks.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use crate::project::{Project, reads};

fn kept_answer(project: &Project) -> PathBuf {
    let files = project.cached_files();
    files.into_iter().find(|it| it.file_stem().is_some_and(|it| it.len() == 64)).unwrap()
}

fn foreign() -> impl Strategy<Value = Vec<u8>> {
    let json = r#"[{}\[\]",:a-z0-9 ]{0,80}"#;
    let sealed = |body: String| {
        let digest = blake3::hash(body.as_bytes());
        format!(r#"{{"schema":1,"digest":"{digest}","body":{body}}}"#).into_bytes()
    };
    let value = r#"\{"gate":"test"(,"(answer|listing|earlier)":(\{\}|\[\]|1))?\}|[0-9]{1,3}|null"#;
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        json.prop_map(String::into_bytes),
        value.prop_map(sealed),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|rest| [
            b"gate-cache index 1\n".to_vec(),
            rest
        ]
        .concat()),
    ]
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn foreign_bytes_are_no_answer(bytes in foreign()) {
        let project = Project::new();
        let gate = reads(&["lib/**"]);
        block_on(async {
            project.pass(&gate).await;
            let answer = kept_answer(&project);
            for file in project.cached_files() {
                fs::write(file, &bytes).unwrap();
            }
            fs::write(project.folder().join(".index"), &bytes).unwrap();
            let recalled = project.recall(&gate).await;
            assert_eq!((recalled.answer, recalled.earlier), (None, None));
            fs::write(answer, &bytes).unwrap();
            assert_eq!(project.why(&gate).await, gate_cache::Why::NoEarlier);
            assert_eq!(project.heard.text(), "");
            project.pass(&gate).await;
            assert!(project.is_known(&gate).await);
        });
    }

    #[test]
    fn a_byte_that_is_another_one_makes_an_answer_none(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let project = Project::new();
        let gate = reads(&["lib/**"]);
        block_on(async {
            project.pass(&gate).await;
            let (file, whole) = (kept_answer(&project), project.recall(&gate).await.answer);
            let mut bytes = fs::read(&file).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            fs::write(&file, bytes).unwrap();
            let answer = project.recall(&gate).await.answer;
            assert!(answer.is_none() || answer == whole);
        });
    }
}
