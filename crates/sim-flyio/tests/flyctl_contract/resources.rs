//! What flyctl asks for around deploys: volumes, secrets, addresses, and more or fewer machines.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    deploy::{Held, Release},
    flyctl::{APP, Flyctl, id, machines},
    toml::config,
};

impl Flyctl {
    /// A volume as flyctl makes it for `[mounts]`: keys that it does not care for are `null`.
    async fn volume(&self, size_gb: &Value, encrypted: &Value) -> Value {
        let body = json!({
            "name": "data",
            "region": "ord",
            "size_gb": size_gb,
            "encrypted": encrypted,
            "require_unique_zone": true,
            "unique_zone_app_wide": null,
            "snapshot_retention": null,
            "auto_backup_enabled": null,
            "fstype": null,
            "snapshot_id": null,
            "source_volume_id": null,
            "compute": { "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 },
        });
        self.post(&format!("/v1/apps/{APP}/volumes"), body).await
    }

    /// A machine with a volume; the mount says only which volume goes where.
    async fn mounted(&self, release: &Release, volume: &Value) -> Value {
        let mut config = config(release);
        config["mounts"] = json!([{ "volume": volume["id"], "path": "/data", "name": "data" }]);
        self.post(&machines(), json!({ "config": config, "region": "ord" })).await
    }

    /// Writes secrets; the version of the vault, which the next machines have to see.
    async fn secrets(&self, values: Value) -> u64 {
        let body = json!({ "values": values });
        self.post(&format!("/v1/apps/{APP}/secrets"), body).await["version"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn scaling_makes_volumes_after_what_the_mount_of_a_machine_says() {
    let flyctl = Flyctl::new().await;
    let release = flyctl.begin("v1", "ROLLING").await;
    let first = flyctl.volume(&json!(3), &Value::Null).await;
    let machine = flyctl.mounted(&release, &first).await;
    let mount = machine["config"]["mounts"][0].clone();
    let wanted = json!({
        "volume": first["id"],
        "path": "/data",
        "name": "data",
        "size_gb": 3,
        "encrypted": true,
    });
    assert_eq!(mount, wanted);
    let second = flyctl.volume(&mount["size_gb"], &mount["encrypted"]).await;
    flyctl.mounted(&release, &second).await;
    let volumes = flyctl.get(&format!("/v1/apps/{APP}/volumes")).await;
    let attached = |volume: &Value| volume["attached_machine_id"].is_string();
    assert!(volumes.as_array().unwrap().iter().all(attached), "{volumes}");
}

#[tokio::test]
async fn how_a_volume_may_grow_can_be_changed_and_which_volume_it_is_cannot() {
    let flyctl = Flyctl::new().await;
    let release = flyctl.begin("v1", "ROLLING").await;
    let volume = flyctl.volume(&json!(1), &json!(true)).await;
    let machine = flyctl.mounted(&release, &volume).await;
    let held = flyctl.lease(&machine).await;
    flyctl.wait(&held, "started").await;
    let mut config = machine["config"].clone();
    config["mounts"][0]["extend_threshold_percent"] = json!(80);
    flyctl.update(&held, config.clone()).await;
    flyctl.wait(&held, "started").await;
    config["mounts"] = json!([]);
    let path = format!("{}/{}", machines(), held.id);
    let update = (Method::POST, path.as_str(), Some(json!({ "config": config })));
    assert_eq!(flyctl.send(Some(&held.nonce), update).await.0, 400);
}

#[tokio::test]
async fn secrets_reach_the_machines_that_are_told_of_their_version() {
    let flyctl = Flyctl::new().await;
    let release = flyctl.begin("v1", "ROLLING").await;
    let version = flyctl.secrets(json!({ "TOKEN": "oolong", "OLD": "x" })).await;
    let later = flyctl.secrets(json!({ "OLD": null })).await;
    assert!(later > version);
    let listed = flyctl.get(&format!("/v1/apps/{APP}/secrets?min_version={later}")).await;
    let names: Vec<_> =
        listed["secrets"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["TOKEN"]);
    let more = json!({ "min_secrets_version": later, "lease_ttl": 300 });
    let (held, _) = flyctl.create(config(&release), more).await;
    flyctl.wait(&held, "started").await;
    let exec = json!({ "command": ["/bin/sh", "-c", "echo $TOKEN-$OLD"], "timeout": 5 });
    let path = format!("{}/{}/exec", machines(), held.id);
    let ran = flyctl.held(Some(&held.nonce), (Method::POST, &path, Some(exec))).await;
    assert_eq!((&ran["exit_code"], &ran["stdout"]), (&json!(0), &json!("oolong-\n")));
}

#[tokio::test]
async fn scaling_down_destroys_what_it_holds_and_hears_of_leases_that_are_gone() {
    let flyctl = Flyctl::new().await;
    let release = flyctl.begin("v1", "ROLLING").await;
    let (held, _) = flyctl.create(config(&release), json!({ "lease_ttl": 300 })).await;
    flyctl.wait(&held, "started").await;
    flyctl.destroy(&held).await;
    flyctl.gone(&held).await;
    let Held { id, nonce } = &held;
    let path = format!("{}/{id}/lease", machines());
    let (status, body) = flyctl.send(Some(nonce), (Method::DELETE, &path, None)).await;
    let told = body["error"].as_str().unwrap();
    assert!(status == 404 && told.ends_with("lease not found"), "{status} {told}");
}

#[tokio::test]
async fn an_app_is_looked_for_under_the_name_that_its_creation_answers() {
    let flyctl = Flyctl::new().await;
    let body = json!({ "name": "another", "org_slug": "personal", "network": "" });
    let made = flyctl.post("/v1/apps?wait=true", body).await;
    let found = flyctl.get(&format!("/v1/apps/{}", made["name"].as_str().unwrap())).await;
    assert_eq!(id(&found), "another");
}

#[tokio::test]
async fn addresses_are_assigned_over_rest_and_listed_over_graphql() {
    let flyctl = Flyctl::new().await;
    for kind in ["v6", "shared_v4"] {
        let body = json!({ "type": kind, "region": "", "org_slug": "personal", "network": "" });
        flyctl.post(&format!("/v1/apps/{APP}/ip_assignments"), body).await;
    }
    let query = "query ($appName: String!) { app(name: $appName) { ipAddresses { nodes { id address \
         type region createdAt network { name organization { slug } } serviceName } } \
         sharedIpAddress } }";
    let app = flyctl.graphql(query, json!({ "appName": APP })).await["app"].clone();
    let own = app["ipAddresses"]["nodes"].as_array().unwrap();
    assert!(own.len() == 1 && own[0]["type"] == "v6", "{own:?}");
    assert!(own[0]["createdAt"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert!(app["sharedIpAddress"].is_string(), "it is not among the others");
}
