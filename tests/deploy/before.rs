//! What is said before any gate is asked.

use crate::world;

/// A gate that tells whether it was asked.
const GATE: &str = "[gates.exec.asked]\ncommand = [\"touch\", \"asked\"]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_an_image_that_is_not_there_are_told_before_the_gates() {
    let world = world("rolling").await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write("pipeline.toml", &format!("{toml}\n{GATE}"));
    let image = world.image("v2", &[]);
    let deploy = ["deploy", "staging", "--image", &image];
    let ran = world.run_with(&deploy, &[("FLY_API_TOKEN", "of another app")]).await.expect(2);
    assert!(ran.stderr.contains("Fly.io does not accept the token"), "{ran}");
    assert!(ran.stderr.contains("next: give a token that may deploy this app"), "{ran}");
    let missing = image.replace("v2", "v22");
    let ran = world.run(&["deploy", "staging", "--image", &missing]).await.expect(11);
    assert!(ran.stderr.contains(&format!("there is no image {missing} in the registry")), "{ran}");
    assert!(!world.path().join("asked").exists(), "{ran}");
    assert_eq!(world.run(&["history"]).await.expect(0).stdout, "", "nothing began");
    world.run(&deploy).await.expect(0);
    assert!(world.path().join("asked").exists());
}
