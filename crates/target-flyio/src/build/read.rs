//! What a tool says it made. Read strictly: a digest that is not told for sure is none.

use serde_json::Value;

/// Did flyctl say that it made the image `reference`? It says so in its last words, on standard error:
/// `image: registry.fly.io/shop:label` (flyctl: `internal/command/deploy/deploy_build.go`).
pub(super) fn names_image(text: &str, reference: &str) -> bool {
    let named = text.lines().rev().find_map(|line| line.strip_prefix("image: "));
    named.is_some_and(|it| it.trim() == reference)
}

/// The digest under which `reference` was pushed, where every line that tells one tells the same.
///
/// flyctl itself prints none. `BuildKit` does when it pushes (buildkit: `util/push`, "pushing manifest for"), and
/// so does a Docker engine (moby: `distribution/push_v2.go`, "digest: … size: …"); flyctl shows what they print.
pub(super) fn pushed_digest(text: &str, reference: &str) -> Option<String> {
    let (_, label) = reference.rsplit_once(':')?;
    let told = |line| by_buildkit(line, reference).or_else(|| by_engine(line, label));
    let mut digests = text.lines().filter_map(told);
    let first = digests.next()?;
    digests.all(|it| it == first).then(|| first.to_owned())
}

/// What docker wrote into its metadata file (docker docs: buildx build, `--metadata-file`).
pub(super) fn metadata_digest(text: &str) -> Option<String> {
    let metadata: Value = serde_json::from_str(text).ok()?;
    let digest = metadata["containerimage.digest"].as_str()?;
    is_digest(digest).then(|| digest.to_owned())
}

/// `#12 pushing manifest for registry.fly.io/shop:label@sha256:… 0.5s done`. What a step of the Dockerfile
/// prints has a time after its number (`#12 0.345 …`), so it cannot pass for this.
fn by_buildkit<'a>(line: &'a str, reference: &str) -> Option<&'a str> {
    let (number, said) = line.strip_prefix('#')?.split_once(' ')?;
    let pushed = said.strip_prefix("pushing manifest for ")?.strip_prefix(reference)?;
    let digest = pushed.strip_prefix('@')?.split(' ').next()?;
    (number.bytes().all(|it| it.is_ascii_digit()) && is_digest(digest)).then_some(digest)
}

/// `label: digest: sha256:… size: 1784`.
fn by_engine<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let said = line.strip_prefix(label)?.strip_prefix(": digest: ")?;
    let (digest, size) = said.trim_end().split_once(" size: ")?;
    (is_digest(digest) && size.bytes().all(|it| it.is_ascii_digit())).then_some(digest)
}

fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFERENCE: &str = "registry.fly.io/shop:pipeline-r1";
    const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

    fn fixture(name: &str) -> String {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/build");
        std::fs::read_to_string(dir.join(name)).unwrap()
    }

    #[test]
    fn the_image_and_its_digest_are_read_from_what_each_way_of_building_prints() {
        for (name, digest) in [
            ("flyctl-depot.txt", Some(ONE)),
            ("flyctl-engine.txt", Some(TWO)),
            ("flyctl-no-digest.txt", None),
        ] {
            let text = fixture(name);
            assert!(names_image(&text, REFERENCE), "{name}");
            assert_eq!(pushed_digest(&text, REFERENCE).as_deref(), digest, "{name}");
        }
    }

    #[test]
    fn a_digest_that_is_not_sure_is_none() {
        let push = |number: &str, name: &str, digest: &str| {
            format!("#{number} pushing manifest for {name}@{digest} 0.5s done")
        };
        for (why, text) in [
            ("another image", push("9", "registry.fly.io/other:pipeline-r1", ONE)),
            ("a longer label", push("9", "registry.fly.io/shop:pipeline-r12", ONE)),
            ("a step's own words", push("9 0.123", REFERENCE, ONE)),
            ("a part of one", push("9", REFERENCE, &ONE[..70])),
            ("too long", push("9", REFERENCE, &format!("{ONE}1"))),
            ("upper case", push("9", REFERENCE, &ONE.replace('1', "A"))),
            ("the config's", format!("#9 writing image {ONE} done")),
            ("one of a list", format!("#9 exporting manifest {ONE} done")),
            ("another label's", format!("v1: digest: {ONE} size: 1784")),
            ("no size", format!("pipeline-r1: digest: {ONE} size: big")),
            ("two that differ", [push("9", REFERENCE, ONE), push("9", REFERENCE, TWO)].join("\n")),
        ] {
            assert_eq!(pushed_digest(&text, REFERENCE), None, "{why}");
        }
        let twice = [push("9", REFERENCE, ONE), push("9", REFERENCE, ONE)].join("\n");
        assert_eq!(pushed_digest(&twice, REFERENCE).as_deref(), Some(ONE));
    }

    #[test]
    fn only_the_last_word_names_the_image() {
        for (text, named) in [
            ("image: registry.fly.io/shop:pipeline-r1\nimage size: 25 MB\n", true),
            ("image: registry.fly.io/other:x\nimage: registry.fly.io/shop:pipeline-r1\n", true),
            ("image: registry.fly.io/shop:pipeline-r1\nimage: registry.fly.io/other:x\n", false),
            ("#9 0.1 image: registry.fly.io/shop:pipeline-r1\n", false),
            ("image: registry.fly.io/shop:pipeline-r1-evil\n", false),
            ("", false),
        ] {
            assert_eq!(names_image(text, REFERENCE), named, "{text:?}");
        }
    }

    #[test]
    fn the_metadata_of_docker_holds_the_digest_or_nothing_that_counts() {
        assert_eq!(metadata_digest(&fixture("docker-metadata.json")).as_deref(), Some(ONE));
        for text in ["", "[]", "{}", r#"{"containerimage.digest": "latest"}"#, "{\"a\": "] {
            assert_eq!(metadata_digest(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text: String) {
            let _ = (names_image(&text, REFERENCE), pushed_digest(&text, REFERENCE));
            let _ = metadata_digest(&text);
        }
    }
}
