//! What the real flyctl makes of the simulator. Each test is left out where there is no flyctl.

use crate::{
    flyctl::{APP, Flyctl, image},
    real::{Real, deploy},
};

#[tokio::test]
async fn the_real_flyctl_deploys_with_every_strategy_and_prints_what_it_sees() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config fly.toml --strategy rolling").await;
    assert_eq!(real.living().len(), 2, "for high availability");
    real.clone_first().await;
    real.deploys("v2", "--config fly.toml --strategy rolling").await;
    real.deploys("v1", "--config fly.toml --strategy canary").await;
    real.succeeds(&deploy("v2", "--config fly.toml --strategy immediate")).await;
    let table = [
        ("status", "started"),
        ("releases --image", "registry.fly.io/shop:v2"),
        ("machine list", "shop:v2"),
        ("checks list", "servicecheck-00-http-8080"),
        ("config show", "/api/v1/health"),
        ("logs --no-tail", "Machine started"),
    ];
    for (line, wanted) in table {
        let printed = real.succeeds(line).await;
        assert!(printed.contains(wanted), "flyctl {line}\n{printed}");
    }
    let machine = real.flyctl.sim.machines(APP).remove(0).id;
    for line in ["stop", "start", "cordon", "uncordon", "status"] {
        real.succeeds(&format!("machine {line} {machine}")).await;
    }
}

#[tokio::test]
async fn the_real_flyctl_deploys_blue_green() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config fly.toml").await;
    let blue = real.flyctl.sim.machines(APP);
    real.deploys("v2", "--config fly.toml --strategy bluegreen").await;
    let ids: Vec<_> =
        real.flyctl.sim.machines(APP).into_iter().map(|m| (m.id, m.destroyed)).collect();
    assert!(blue.iter().all(|old| ids.contains(&(old.id.clone(), true))), "{ids:?}");
}

#[tokio::test]
async fn the_real_flyctl_does_not_notice_that_an_image_could_not_be_pulled() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config fly.toml --ha=false").await;
    let printed = real.succeeds(&deploy("gone", "--config fly.toml")).await;
    assert!(printed.contains("update succeeded"), "{printed}");
    let living = real.living();
    assert!(living.len() == 1 && living[0].1.starts_with(&image("v1")), "{living:?}");
    let log = real.succeeds("logs --no-tail").await;
    assert!(log.contains("Failed to pull container image registry.fly.io/shop:gone"), "{log}");
}

#[tokio::test]
async fn the_real_flyctl_fails_where_the_platform_makes_it_fail() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config release.toml --strategy rolling").await;
    let printed = real.fails(&deploy("broken", "--config release.toml")).await;
    assert!(printed.contains("exited with non-zero status of 3"), "{printed}");
    assert!(printed.contains("release command of version dev: ends with 3"), "{printed}");
    let printed = real.fails(&deploy("sick", "--config fly.toml --wait-timeout 3s")).await;
    assert!(printed.contains("timeout reached waiting for health checks to pass"), "{printed}");
    let printed = real.fails(&deploy("v9", "--config fly.toml")).await;
    assert!(printed.contains("could not find image"), "{printed}");
    let sick = real.living().iter().filter(|(_, image)| image.contains(":sick@")).count();
    assert_eq!(sick, 1, "what was updated stays so, and the rest is not touched");
}

#[tokio::test]
async fn the_real_flyctl_deploys_what_runs_inside_the_simulator() {
    let Some(real) = Real::against(Flyctl::inside().await) else { return };
    real.deploys("v1", "--config release.toml").await;
    real.deploys("v2", "--config release.toml --strategy canary").await;
    let printed = real.fails(&deploy("broken", "--config release.toml")).await;
    assert!(printed.contains("exited with non-zero status of 3"), "{printed}");
    let log = real.succeeds("logs --no-tail").await;
    assert!(log.contains("Main child exited normally with code: 3"), "{log}");
    assert!(log.contains("Preparing to run: `the bundled application`"), "{log}");
}

#[tokio::test]
async fn the_real_flyctl_scales_and_keeps_volumes_secrets_and_addresses() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config mounts.toml").await;
    for line in ["scale count 3 --yes", "secrets set TOKEN=oolong --stage"] {
        real.succeeds(line).await;
    }
    real.deploys("v2", "--config mounts.toml").await;
    assert_eq!(real.living().len(), 3);
    let machine = real.flyctl.sim.machines(APP).remove(0).id;
    let exec = ["machine", "exec", &machine, "printenv TOKEN", "--app", APP];
    assert!(real.run_words(&exec).await.1.contains("oolong"));
    real.succeeds("scale count 1 --yes").await;
    assert_eq!(real.living().len(), 1);
    real.succeeds("ips allocate-v6").await;
    let table = [
        ("scale show", "256 MB"),
        ("volumes list", "data"),
        ("secrets list", "TOKEN"),
        ("ips list", "2001:db8::1"),
        ("image show", "v2"),
    ];
    for (line, wanted) in table {
        let printed = real.succeeds(line).await;
        assert!(printed.contains(wanted), "flyctl {line}\n{printed}");
    }
    real.succeeds("ips release 2001:db8::1").await;
}

#[tokio::test]
async fn the_real_flyctl_keeps_the_rate_limits_with_three_machines() {
    let Some(real) = Real::against(Flyctl::limited().await) else { return };
    real.deploys("v1", "--config fly.toml").await;
    real.clone_first().await;
    for strategy in ["rolling", "canary", "immediate", "bluegreen"] {
        let tag = if strategy == "immediate" { "v1" } else { "v2" };
        real.succeeds(&deploy(tag, &format!("--config fly.toml --strategy {strategy}"))).await;
    }
    let journal = real.flyctl.sim.journal();
    let refused: Vec<_> = journal.iter().filter(|call| call.status == Some(429)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
