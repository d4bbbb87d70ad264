//! The pages of help that are long enough to read badly.

use super::world;

#[tokio::test]
async fn the_help_of_the_simulator_reads_as_a_page() {
    let ran = world().await.run(&["sim", "--help"]).await.expect(0);
    insta::assert_snapshot!(ran.stdout);
}

#[tokio::test]
async fn the_help_of_a_rehearsal_reads_as_a_page() {
    let world = world().await;
    let ran = world.run(&["rehearse", "-h"]).await.expect(0);
    insta::assert_snapshot!(ran.stdout);
    let long = world.run(&["rehearse", "--help"]).await.expect(0);
    for word in ["create@2=408-after", "- unpullable: No machine can pull its image"] {
        assert!(long.stdout.contains(word), "{long}");
    }
}
