//! The steps of a deploy, one function each, as flyctl takes them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::flyctl::{APP, Flyctl, eventually, id, image, machines};

const IMAGE: &str = "query ($appName: String!, $imageRef: String!) { app(name: $appName) { id \
     image(ref: $imageRef) { id digest ref compressedSize: compressedSizeFull manifest } } }";
const EGRESS: &str = "query ($appName: String!) { app(name: $appName) { egressIpAddresses { nodes \
     { id ip version region updatedAt } } } }";

/// How often a machine is looked at before flyctl's `--wait-timeout` is over, in these tests: where it
/// is to become healthy, however busy their host is.
pub(crate) const LOOKS: usize = 6000;
/// The same where it never will.
pub(crate) const FEW_LOOKS: usize = 60;
/// For how many seconds flyctl's leases are held. It says 13 and refreshes them in the background.
pub(crate) const TTL: u64 = 300;

pub(crate) struct Release {
    pub(crate) id: String,
    pub(crate) version: u64,
    /// What the registry made of the image.
    pub(crate) image: String,
    /// The machines at the beginning; flyctl does not list them again.
    pub(crate) machines: Vec<Value>,
}

/// A machine whose lease is held.
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) nonce: String,
}

impl Held {
    fn path(&self, rest: &str) -> String {
        format!("{}/{}{rest}", machines(), self.id)
    }
}

impl Flyctl {
    /// Everything up to the release that is `running`; nothing is changed before it is.
    pub(crate) async fn begin(&self, tag: &str, strategy: &str) -> Release {
        let app = self.get(&format!("/v1/apps/{APP}")).await;
        assert_eq!(app["name"], APP);
        let slug = app["organization"]["slug"].as_str().unwrap();
        assert!(app["organization"]["internal_numeric_id"].is_u64());
        let organization = self.get(&format!("/api/v1/organizations/{slug}")).await;
        assert!(organization["organization"]["internal_numeric_id"].is_u64());
        let (image, build) = self.image(tag).await;
        let machines = self.machines().await;
        if machines.is_empty() {
            assert!(self.machines().await.is_empty(), "it looks twice before it believes that");
        }
        let body = json!({
            "app_name": APP,
            "build_id": build,
            "definition": { "app": APP, "primary_region": "ord" },
            "image": image,
            "strategy": strategy,
        });
        let release = self.post("/api/v1/releases", body).await["release"].clone();
        let egress = self.graphql(EGRESS, json!({ "appName": APP })).await;
        assert_eq!(egress["app"]["egressIpAddresses"]["nodes"], json!([]));
        let version = release["version"].as_u64().unwrap();
        let id = release["id"].as_str().unwrap().to_owned();
        let release = Release { id, version, image, machines };
        self.patch(&release, "running", Value::Null).await;
        release
    }

    /// Resolves an image between the beginning and the end of a build; both with status 200.
    async fn image(&self, tag: &str) -> (String, u64) {
        let body = json!({
            "app_name": APP,
            "builder_type": "depot.dev",
            "strategies_available": ["Local Image Reference", "Remote Image Reference"],
        });
        let begin = (Method::POST, "/api/v1/builds", Some(body));
        let (status, build) = self.send(None, begin).await;
        assert_eq!(status, 200, "anything else is a failure to flyctl");
        let build = build["id"].as_u64().unwrap();
        let variables = json!({ "appName": APP, "imageRef": image(tag) });
        let found = self.graphql(IMAGE, variables).await["app"]["image"].clone();
        assert!(found["compressedSize"].as_str().unwrap().parse::<u64>().is_ok());
        let (reference, digest) = (found["ref"].as_str().unwrap(), found["digest"].as_str());
        let body = json!({
            "build_id": build,
            "app_name": APP,
            "machine_id": "",
            "status": "completed",
            "strategies_attempted": [],
            "builder_meta": {},
            "final_image": { "id": found["id"], "size_bytes": 0, "tag": reference },
            "timings": { "build_ms": 3, "push_ms": -1 },
            "logs": "",
        });
        assert!(digest.unwrap().starts_with("sha256:"));
        let end = (Method::POST, "/api/v1/builds/finish", Some(body));
        assert_eq!(self.send(None, end).await.0, 200);
        (reference.to_owned(), build)
    }

    /// The answer has to be a whole release, whose time can be read, with status 200.
    async fn patch(&self, release: &Release, status: &str, metadata: Value) {
        let path = format!("/api/v1/releases/{}", release.id);
        let body = json!({ "status": status, "metadata": metadata });
        let (code, answer) = self.send(None, (Method::PATCH, &path, Some(body))).await;
        assert_eq!((code, &answer["status"]), (200, &json!(status)));
        assert!(answer["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        assert_eq!(answer["version"], release.version);
    }

    pub(crate) async fn end(&self, release: &Release, status: &str) {
        let told = json!({ "flyctl_version": "1.0.0", "error": "" });
        self.patch(release, status, json!({ "post_deployment_info": told })).await;
    }

    /// Creates a machine, with the keys that a strategy adds; flyctl reads its configuration back.
    pub(crate) async fn create(&self, config: Value, more: Value) -> (Held, Value) {
        let mut body = json!({ "config": config, "region": "ord", "skip_secrets": false });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let machine = self.post(&machines(), body).await;
        assert_eq!(machine["config"], config);
        assert_eq!(machine["host_status"], "ok");
        let nonce = machine["nonce"].as_str().unwrap_or_default().to_owned();
        (Held { id: id(&machine).to_owned(), nonce }, machine)
    }

    /// The time to live is in the query, and there is no body.
    pub(crate) async fn lease(&self, machine: &Value) -> Held {
        let path = format!("{}/{}/lease?ttl={TTL}", machines(), id(machine));
        let lease = self.call(Method::POST, &path, None).await;
        assert_eq!(lease["status"], "success");
        let nonce = lease["data"]["nonce"].as_str().unwrap().to_owned();
        assert!(lease["data"]["expires_at"].is_i64());
        Held { id: id(machine).to_owned(), nonce }
    }

    pub(crate) async fn refresh(&self, held: &Held) {
        let path = held.path(&format!("/lease?ttl={TTL}"));
        let lease = self.held(Some(&held.nonce), (Method::POST, &path, None)).await;
        assert_eq!(
            (&lease["status"], &lease["data"]["nonce"]),
            (&json!("success"), &json!(held.nonce))
        );
    }

    pub(crate) async fn unlease(&self, held: &Held) {
        let path = held.path("/lease");
        self.held(Some(&held.nonce), (Method::DELETE, &path, None)).await;
    }

    /// An update answers with the new version while it is under way.
    pub(crate) async fn update(&self, held: &Held, config: Value) {
        let before = self.get(&held.path("")).await;
        let body = json!({ "config": config, "region": "ord", "skip_secrets": false });
        let path = held.path("");
        let machine = self.held(Some(&held.nonce), (Method::POST, &path, Some(body))).await;
        assert_eq!(machine["config"], config);
        assert_ne!(machine["instance_id"], before["instance_id"]);
    }

    /// Without a version: flyctl does not say which one it means.
    pub(crate) async fn wait(&self, held: &Held, state: &str) {
        let answer = self.get(&held.path(&format!("/wait?state={state}&timeout=60"))).await;
        assert_eq!(answer["ok"], true);
    }

    /// Whether all checks pass before the time is over; there has to be one.
    pub(crate) async fn healthy(&self, held: &Held, looks: usize) -> bool {
        for _ in 0..looks {
            let machine = self.get(&held.path("")).await;
            let checks = machine["checks"].as_array().unwrap();
            if !checks.is_empty() && checks.iter().all(|check| check["status"] == "passing") {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        false
    }

    /// An action without a body, such as `cordon`; flyctl sends a nonce with most of them.
    pub(crate) async fn act(&self, held: &Held, action: &str, nonce: Option<&str>) {
        self.held(nonce, (Method::POST, &held.path(action), None)).await;
    }

    /// Metadata is written without a nonce, even while the lease is held.
    pub(crate) async fn tag(&self, held: &Held, key: &str, value: &str) {
        let path = held.path(&format!("/metadata/{key}"));
        let call = (Method::POST, path.as_str(), Some(json!({ "value": value })));
        assert_eq!(self.send(None, call).await.0, 204);
    }

    /// A timeout of zero means the machine's own.
    pub(crate) async fn stop(&self, held: &Held) {
        let body = json!({ "id": held.id, "timeout": "0s" });
        let path = held.path("/stop");
        self.held(Some(&held.nonce), (Method::POST, &path, Some(body))).await;
    }

    pub(crate) async fn destroy(&self, held: &Held) {
        let path = held.path("?kill=true");
        self.held(Some(&held.nonce), (Method::DELETE, &path, None)).await;
    }

    /// The exit code of a machine that is gone, from its first `exit` after its last `start`.
    pub(crate) async fn exit_code(&self, held: &Held) -> i64 {
        let path = held.path("");
        eventually("an exit after the start", async || {
            let machine = self.get(&path).await;
            let events = machine["events"].as_array().unwrap();
            let at = |kind: &str| events.iter().position(|event| event["type"] == kind);
            let (exit, start) = (at("exit")?, at("start")?);
            let newer =
                events[exit]["timestamp"].as_i64()? >= events[start]["timestamp"].as_i64()?;
            assert!(newer && exit < start, "newest first");
            events[exit]["request"]["exit_event"]["exit_code"].as_i64()
        })
        .await
    }
}
