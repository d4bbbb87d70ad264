//! What other tools read of a run: every format agrees with every other, is there however the run ended, and gives nobody
//! commands.

#![cfg(test)]

mod agree;
mod collector;
mod endings;
mod github;
mod otel;
mod picture;
mod pictures;
mod report;

use pipeline_tests::{APP, SECRET, World, WorldConfig};
use sim_flyio::Image;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pipeline_under_test");

/// What the stand-in for flyctl does: the first time nothing comes of it, then it builds.
const BUILDER: &str =
    "#!/bin/sh\nif [ ! -f tried ]; then touch tried; exit 126; fi\nexec '{tool}' \"$@\"\n";

async fn world() -> World {
    let config = WorldConfig { program: PROGRAM, strategy: "bluegreen", machines: 2 };
    World::start(config).await
}

fn configure(world: &World, more: &str) {
    let path = world.path().join("pipeline.toml");
    let toml = std::fs::read_to_string(path).expect("a configuration");
    world.write("pipeline.toml", &format!("{toml}\n{more}"));
}

/// Gates of which one passes and one refuses without being required, a journey that alerts, and a builder that needs a
/// second try and makes a release whose dashboard fails.
fn eventful(world: &World) {
    use std::os::unix::fs::PermissionsExt;
    let builder = world.path().join("builder");
    let tool = env!("CARGO_BIN_EXE_tool_under_test");
    world.write("builder", &BUILDER.replace("{tool}", tool));
    std::fs::set_permissions(&builder, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let image = Image::new(format!("registry.fly.io/{APP}:built"), [PROGRAM, "__machine"]);
    let vars = [("APP_VERSION", "v2"), ("SHOP_TOKEN", SECRET)];
    let broken = [("FAIL_PATH", "/dashboard"), ("FAIL_STATUS", "500")];
    let digest = world.sim.register_image(image.env(vars).env(broken));
    pipeline_tests::tool::script(world.path(), &pipeline_tests::tool::built(&digest));
    configure(
        world,
        &format!(
            "[build]\nwith = \"flyctl\"\nprogram = \"{}\"\n\n\
             [gates.exec.licenses]\ncommand = [\"true\"]\n\n\
             [gates.exec.words]\nrequired = false\ncommand = [\"grep\", \"-Hn\", \"TODO\", \"notes.txt\"]\n\
             read = \"regex\"\npattern = '^(?<file>[^:]+):(?<line>[0-9]+):(?<message>.*)$'\n\n\
             [[verify.journeys]]\nname = \"buy\"\nrequired = false\n\
             [[verify.journeys.steps]]\nrequest = \"GET /no-such-page\"\n",
            builder.display()
        ),
    );
    world.write("notes.txt", "fine\nTODO mend <this> | `now`\n");
}
