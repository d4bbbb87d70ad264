//! Is there a way back at all? The images that run now are looked for in the registry before anything starts:
//! old ones may have been removed from it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{sleep, timeout};

use crate::api::{ApiError, FoundImage, Platform};
use crate::config::Strategy;
use crate::error::FlyError;
use crate::record::World;

/// How long the answers may take, all together: no deploy rests on them.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before the registry is asked to say again that an image is not there.
const SECOND_LOOK: Duration = Duration::from_millis(500);

/// What the registry says of the images that run now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    /// Certainly not there any more.
    gone: Vec<String>,
    /// Under its tag there is another one now, and by its digest none is found.
    moved: Vec<String>,
    /// Nobody could tell, and why.
    unknown: Vec<String>,
}

/// What is known of one image.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    There,
    Moved,
    Gone,
}

impl Proof {
    /// Asks for each image once.
    pub(crate) async fn of(world: &World, platform: &Platform) -> Self {
        let images: BTreeSet<String> =
            world.current().map(|it| it.image.clone()).filter(|it| !it.is_empty()).collect();
        let mut proof = Self::default();
        let asked = images
            .into_iter()
            .map(async |image: String| (timeout(PATIENCE, look(platform, &image)).await, image));
        for (answer, image) in join_all(asked).await {
            match answer {
                Ok(Ok(Found::There)) => {}
                Ok(Ok(Found::Moved)) => proof.moved.push(image),
                Ok(Ok(Found::Gone)) => proof.gone.push(by_digest(&image)),
                Ok(Err(error)) => proof.unknown.push(format!("{image}: {error}")),
                Err(_) => proof.unknown.push(format!("{image}: no answer within {PATIENCE:?}")),
            }
        }
        proof
    }

    /// What follows for a plan: warnings, or a refusal where going back would need what is not there.
    pub(crate) fn warnings(self, strategy: Strategy) -> Result<Vec<String>, FlyError> {
        if let Some(image) = self.gone.first().filter(|_| strategy.is_in_place()) {
            return Err(FlyError::Unplannable {
                problem: format!(
                    "the image that runs now, {image}, is not in the registry any more, so this deploy could not be \
                     taken back"
                ),
                next: "use the bluegreen strategy, which keeps the old machines until the new ones are \
                       verified, or push that image again"
                    .into(),
            });
        }
        let gone = self.gone.iter().map(|image| {
            format!(
                "the image that runs now, {image}, is not in the registry any more: once its machines are \
                 removed, it cannot be brought back"
            )
        });
        let moved = self.moved.iter().map(|image| {
            format!(
                "the tag of the image that runs now, {image}, means another image by now: on the way back the old one \
                 is looked for by its digest, under which the registry does not show it"
            )
        });
        let unknown = self.unknown.iter().map(|why| {
            format!(
                "whether the image that runs now is still in the registry could not be told: {why}"
            )
        });
        Ok(gone.chain(moved).chain(unknown).collect())
    }
}

/// Looks for an image by its digest, then by the tag that a machine's configuration names: it is not certain that
/// the platform answers for both.
async fn look(platform: &Platform, image: &str) -> Result<Found, ApiError> {
    if is_there(platform, &by_digest(image)).await?.is_some() {
        return Ok(Found::There);
    }
    let Some((tag, digest)) = by_tag(image) else { return Ok(Found::Gone) };
    let means = is_there(platform, tag).await?;
    Ok(judged(digest, means.as_ref().map(|it| it.digest.as_str())))
}

/// What follows for an image that is not found by its digest, from what its tag means now.
fn judged(digest: &str, means: Option<&str>) -> Found {
    match means {
        None => Found::Gone,
        Some(same) if same == digest => Found::There,
        Some(_) => Found::Moved,
    }
}

/// A deploy may be refused by it, so that it is not there is asked for twice.
async fn is_there(platform: &Platform, image: &str) -> Result<Option<FoundImage>, ApiError> {
    if let Some(found) = platform.image(image).await? {
        return Ok(Some(found));
    }
    sleep(SECOND_LOOK).await;
    platform.image(image).await
}

/// The reference by its tag, and the digest, where both are known.
fn by_tag(full: &str) -> Option<(&str, &str)> {
    let (name, digest) = full.split_once('@')?;
    let path = name.rfind('/').map_or(0, |it| it + 1);
    name[path..].contains(':').then_some((name, digest))
}

/// The reference without its tag, which may mean another image by now.
fn by_digest(full: &str) -> String {
    let Some((name, digest)) = full.split_once('@') else { return full.to_owned() };
    let path = name.rfind('/').map_or(0, |it| it + 1);
    let bare = name[path..].find(':').map_or(name, |colon| &name[..path + colon]);
    format!("{bare}@{digest}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::api::{Api, Machine};
    use crate::config::{FlyConfig, Unreachable};
    use crate::fly_toml::FlyToml;

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_is_silent_takes_seconds_however_many_images_there_are() {
        // Connections are taken, and nothing is ever answered.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = FlyConfig::new("shop", "http://x", "t".to_owned(), FlyToml::default());
        config.graphql_base = format!("http://{}", silent.local_addr().unwrap());
        let machine = |id: &str| -> Machine {
            let config = json!({"image": format!("r/shop:{id}"),
                "metadata": {"fly_platform_version": "v2"}});
            serde_json::from_value(json!({"id": id, "state": "started", "config": config})).unwrap()
        };
        let world = World::of(&["a", "b", "c"].map(machine), Unreachable::Abort).unwrap();
        let began = Instant::now();
        let proof = Proof::of(&world, &Platform::of(&config, Api::of(&config).http())).await;
        assert_eq!((proof.gone.len(), proof.unknown.len()), (0, 3));
        assert_eq!(began.elapsed(), PATIENCE);
    }

    #[test]
    fn a_tag_is_left_out_where_the_digest_is_known() {
        let table = [
            ("registry.fly.io/shop:v1@sha256:1", "registry.fly.io/shop@sha256:1"),
            ("localhost:5000/shop:v1@sha256:1", "localhost:5000/shop@sha256:1"),
            ("localhost:5000/shop@sha256:1", "localhost:5000/shop@sha256:1"),
            ("registry.fly.io/shop:v1", "registry.fly.io/shop:v1"),
            ("", ""),
        ];
        for (full, bare) in table {
            assert_eq!(by_digest(full), bare);
        }
    }

    #[test]
    fn an_image_that_is_not_found_by_its_digest_is_gone_only_if_its_tag_says_so_too() {
        let table = [
            ("r/shop:v1@sha256:1", None, Found::Gone),
            ("r/shop:v1@sha256:1", Some("sha256:1"), Found::There),
            ("r/shop:v1@sha256:1", Some("sha256:2"), Found::Moved),
        ];
        for (image, means, found) in table {
            let (tag, digest) = by_tag(image).unwrap();
            assert_eq!((tag, judged(digest, means)), ("r/shop:v1", found), "{means:?}");
        }
        for untagged in ["localhost:5000/shop@sha256:1", "r/shop:v1", ""] {
            assert_eq!(by_tag(untagged), None);
        }
    }

    #[test]
    fn what_is_gone_refuses_where_going_back_needs_it_and_what_is_unknown_never_does() {
        let gone = || Proof { gone: vec!["a".into()], ..Proof::default() };
        let moved = || Proof { moved: vec!["a".into()], ..Proof::default() };
        let unknown = || Proof { unknown: vec!["a: no answer".into()], ..Proof::default() };
        for strategy in [Strategy::Rolling, Strategy::Canary, Strategy::Immediate] {
            assert!(gone().warnings(strategy).is_err());
            assert_eq!(unknown().warnings(strategy).unwrap().len(), 1);
            let told = moved().warnings(strategy).unwrap();
            assert!(told.len() == 1 && told[0].contains("by its digest"), "{told:?}");
        }
        assert_eq!(gone().warnings(Strategy::BlueGreen).unwrap().len(), 1);
        assert_eq!(Proof::default().warnings(Strategy::Rolling).unwrap(), Vec::<String>::new());
    }
}
