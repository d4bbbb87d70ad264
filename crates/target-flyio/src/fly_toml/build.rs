//! `[build]`: how the image is made. Kept as data for whoever builds; nothing of it reaches a machine.

use std::collections::BTreeMap;

use serde_json::Value;

use super::FlyTomlError;
use super::reader::Section;

/// What `[build]` says (flyctl: `internal/appconfig/config.go`). Files are named relative to the folder of
/// `fly.toml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BuildSpec {
    /// `image`: what to deploy when nothing is built.
    pub image: Option<String>,
    /// `dockerfile`, or its address.
    pub dockerfile: Option<String>,
    /// `build-target`: the stage of the Dockerfile.
    pub target: Option<String>,
    /// `args`: arguments of the Dockerfile.
    pub args: BTreeMap<String, String>,
    /// `ignorefile`: what is left out of the build's context.
    pub ignorefile: Option<String>,
    /// `builder`: the image that builds with buildpacks.
    pub builder: Option<String>,
    /// `buildpacks`.
    pub buildpacks: Vec<String>,
    /// `builtin`: flyctl's own builder of that name.
    pub builtin: Option<String>,
    /// `settings` of the builtin builder.
    pub settings: Option<Value>,
    /// `compression` of the image's layers: `gzip` or `zstd`.
    pub compression: Option<String>,
    /// `compression_level`.
    pub compression_level: Option<u64>,
}

/// Reads `[build]`; nothing where there is none.
pub(super) fn read_build(root: &Section<'_>) -> Result<BuildSpec, FlyTomlError> {
    let Some(section) = root.section("build")? else { return Ok(BuildSpec::default()) };
    // The older spelling counts where both are there (flyctl: `patches.go`).
    let older = section.text("build_target")?;
    let spec = BuildSpec {
        image: section.text("image")?,
        dockerfile: section.text("dockerfile")?,
        target: older.or(section.text("build-target")?),
        args: section.map("args")?,
        ignorefile: section.text("ignorefile")?,
        builder: section.text("builder")?,
        buildpacks: section.texts("buildpacks")?.unwrap_or_default(),
        builtin: section.text("builtin")?,
        settings: section.json("settings")?,
        compression: section.one_of("compression", &["gzip", "zstd"])?,
        compression_level: section.integer("compression_level")?,
    };
    if section.json("compose")?.is_some() {
        section.warn(
            "compose",
            "is not applied: no containers are made of it, and those that machines have are kept",
        );
    }
    section.finish();
    Ok(spec)
}
