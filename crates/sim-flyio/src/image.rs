//! Images: what a reference resolves to, and what is run for it.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::digest::sha256;

/// An image of the simulated registry. It stands for a program on this host, or for an
/// application inside the simulator.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Image {
    /// What it is called, for example `registry.fly.io/shop:v2`. A later image of the same name
    /// takes the tag over; the earlier one still resolves by its digest.
    pub reference: String,
    /// What is run in any case; a machine's `init.cmd`, such as a release command, becomes its
    /// arguments.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// Program and arguments, or arguments of the entry point; `init.cmd` takes their place.
    #[serde(default)]
    pub command: Vec<String>,
    /// Where the program is started. A program named by a relative path is looked for there.
    #[serde(default)]
    pub workdir: Option<PathBuf>,
    /// Environment that the image sets; a machine's configuration wins over it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// `false`: every machine that is given this image fails to pull it.
    #[serde(default = "yes")]
    pub pullable: bool,
    /// How long a machine of it takes to boot, in milliseconds; the simulator's own time if empty.
    #[serde(default)]
    pub boot_ms: Option<u64>,
    /// The program is killed for want of memory after so many milliseconds.
    #[serde(default)]
    pub oom_after_ms: Option<u64>,
    /// Whether it is the bundled application, run inside the simulator instead of as a process:
    /// it behaves as its environment says (see [`crate::app`]), and costs next to nothing.
    #[serde(default)]
    pub inside: bool,
}

impl Image {
    /// An image that runs a program of this host.
    pub fn new<W: Into<String>>(
        reference: impl Into<String>,
        command: impl IntoIterator<Item = W>,
    ) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Self { reference: reference.into(), command, pullable: true, ..Self::default() }
    }

    /// The bundled application, inside the simulator.
    pub fn inside(reference: impl Into<String>) -> Self {
        Self { inside: true, ..Self::new(reference, [""; 0]) }
    }

    /// The same with an entry point: a machine's own command, such as a release command, becomes
    /// its arguments.
    #[must_use]
    pub fn entrypoint<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.entrypoint = words.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these variables in its environment.
    #[must_use]
    pub fn env<K: Into<String>, V: Into<String>>(
        mut self,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.env.extend(env.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// The same, but no machine can pull it.
    #[must_use]
    pub fn unpullable(self) -> Self {
        Self { pullable: false, ..self }
    }
}

impl Image {
    /// A digest of everything that the image holds, except whether it can be pulled.
    pub(crate) fn digest(&self) -> String {
        let place = Reference::parse(&self.reference).place();
        let runs = json!([self.entrypoint, self.command, self.workdir, self.inside]);
        let content = json!([place, runs, self.env, self.boot_ms, self.oom_after_ms]);
        sha256(content.to_string().as_bytes())
    }
}

/// Its environment may hold secrets: the names are enough.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("reference", &self.reference)
            .field("entrypoint", &self.entrypoint)
            .field("command", &self.command)
            .field("env", &self.env.keys())
            .field("pullable", &self.pullable)
            .field("inside", &self.inside)
            .finish_non_exhaustive()
    }
}

fn yes() -> bool {
    true
}

/// The parts of `registry/repository:tag@digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) registry: String,
    pub(crate) repository: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
}

impl Reference {
    /// Docker's rules: a first part with a dot, a colon or `localhost` is the registry, and a
    /// name with neither tag nor digest means `latest`.
    pub(crate) fn parse(text: &str) -> Self {
        let (name, digest) = text.split_once('@').unwrap_or((text, ""));
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let colon = name[slash..].find(':').map(|at| slash + at);
        let (name, tag) = colon.map_or((name, ""), |at| (&name[..at], &name[at + 1..]));
        let tag = if tag.is_empty() && digest.is_empty() { "latest" } else { tag };
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("docker.io", name),
        };
        Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: digest.to_owned(),
        }
    }

    /// `registry/repository`
    fn place(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// `registry/repository:tag@digest`, without the parts that are not known.
    pub(crate) fn full(&self) -> String {
        let part = |mark: char, text: &str| match text {
            "" => String::new(),
            text => format!("{mark}{text}"),
        };
        format!("{}{}{}", self.place(), part(':', &self.tag), part('@', &self.digest))
    }

    /// The `image_ref` object of a machine.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "registry": self.registry,
            "repository": self.repository,
            "tag": self.tag,
            "digest": self.digest,
            "labels": {},
        })
    }
}

/// All images that were ever registered, and which of them a tag means now.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    images: BTreeMap<String, Image>,
    tags: BTreeMap<(String, String), String>,
}

impl Registry {
    /// Adds an image and moves its tag to it.
    pub(crate) fn add(&mut self, image: Image) -> String {
        let (digest, name) = (image.digest(), Reference::parse(&image.reference));
        self.tags.insert((name.place(), name.tag), digest.clone());
        self.images.insert(digest.clone(), image);
        digest
    }

    /// Takes the image away that a reference means now, with all of its tags; false if there is none.
    pub(crate) fn forget(&mut self, text: &str) -> bool {
        let Some(name) = self.find(text) else { return false };
        self.tags.retain(|_, digest| *digest != name.digest);
        self.images.remove(&name.digest).is_some()
    }

    /// Fills in the digest that a reference means now; it stays empty for an unknown name.
    pub(crate) fn resolve(&self, text: &str) -> Reference {
        let mut name = Reference::parse(text);
        if name.digest.is_empty() {
            let known = self.tags.get(&(name.place(), name.tag.clone()));
            name.digest = known.cloned().unwrap_or_default();
        }
        name
    }

    /// A reference with its digest, if an image is known under that name, pullable or not.
    pub(crate) fn find(&self, text: &str) -> Option<Reference> {
        let name = self.resolve(text);
        let image = self.images.get(&name.digest)?;
        (Reference::parse(&image.reference).place() == name.place()).then_some(name)
    }

    /// The image of a resolved reference, if it is known under that name and can be pulled.
    pub(crate) fn pull(&self, name: &Reference) -> Option<&Image> {
        let image = self.images.get(&name.digest)?;
        let same = Reference::parse(&image.reference).place() == name.place();
        (same && image.pullable).then_some(image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(reference: &str, program: &str) -> Image {
        Image::new(reference, [program])
    }

    #[test]
    fn what_the_environment_holds_is_not_shown() {
        let image = Image::inside("shop:v1").env([("SHOP_TOKEN", "very-secret")]);
        let shown = format!("{image:?}");
        assert!(shown.contains("SHOP_TOKEN") && !shown.contains("very-secret"), "{shown}");
    }

    #[test]
    fn references_are_taken_apart_by_the_rules_of_docker() {
        let table = [
            ("registry.fly.io/shop:v2", ["registry.fly.io", "shop", "v2", ""]),
            ("registry.fly.io/a/b@sha256:1", ["registry.fly.io", "a/b", "", "sha256:1"]),
            ("localhost:5000/shop", ["localhost:5000", "shop", "latest", ""]),
            ("nginx:1.27", ["docker.io", "nginx", "1.27", ""]),
            ("team/shop:v2@sha256:1", ["docker.io", "team/shop", "v2", "sha256:1"]),
        ];
        for (text, [registry, repository, tag, digest]) in table {
            let name = Reference::parse(text);
            assert_eq!(
                [&*name.registry, &*name.repository, &*name.tag, &*name.digest],
                [registry, repository, tag, digest],
                "{text}"
            );
        }
    }

    #[test]
    fn a_tag_moves_and_the_old_digest_still_resolves() {
        let mut registry = Registry::default();
        let old = registry.add(image("registry.fly.io/shop:v1", "old"));
        let new = registry.add(image("registry.fly.io/shop:v1", "new"));
        assert_ne!(old, new);
        let by_tag = registry.resolve("registry.fly.io/shop:v1");
        assert_eq!(registry.pull(&by_tag).unwrap().command, ["new"]);
        assert_eq!(by_tag.full(), format!("registry.fly.io/shop:v1@{new}"));
        let by_digest = registry.resolve(&format!("registry.fly.io/shop:v1@{old}"));
        assert_eq!(registry.pull(&by_digest).unwrap().command, ["old"]);
    }

    #[test]
    fn an_image_that_was_taken_away_is_known_by_no_name() {
        let mut registry = Registry::default();
        let digest = registry.add(image("registry.fly.io/shop:v1", "x"));
        registry.add(image("registry.fly.io/shop:v2", "y"));
        assert!(!registry.forget("registry.fly.io/shop:v3"));
        assert!(registry.forget(&format!("registry.fly.io/shop@{digest}")));
        assert!(!registry.forget("registry.fly.io/shop:v1"));
        assert_eq!(registry.find("registry.fly.io/shop:v1"), None);
        assert_eq!(registry.find(&format!("registry.fly.io/shop@{digest}")), None);
        assert!(registry.find("registry.fly.io/shop:v2").is_some());
    }

    #[test]
    fn unknown_foreign_and_unpullable_images_cannot_be_pulled() {
        let mut registry = Registry::default();
        registry.add(image("registry.fly.io/shop:v2", "x").unpullable());
        let digest = registry.add(image("registry.fly.io/other:v1", "y"));
        for text in ["registry.fly.io/shop:v2", "registry.fly.io/shop:v3"] {
            assert_eq!(registry.pull(&registry.resolve(text)), None, "{text}");
        }
        let foreign = registry.resolve(&format!("registry.fly.io/shop@{digest}"));
        assert_eq!(registry.pull(&foreign), None);
    }
}
