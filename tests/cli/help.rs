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

#[tokio::test]
async fn the_help_of_a_deploy_says_where_an_image_comes_from() {
    let ran = world().await.run(&["deploy", "-h"]).await.expect(0);
    let image = ran.stdout.lines().skip_while(|it| !it.contains("--image")).take(2);
    let words: Vec<_> = image.flat_map(str::split_whitespace).collect();
    let said = words.join(" ");
    assert!(
        said.contains("built already; if not said, [build] of pipeline.toml says who builds one"),
        "{ran}"
    );
}
