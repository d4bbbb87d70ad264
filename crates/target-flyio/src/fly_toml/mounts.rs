//! `[[mounts]]`: the volumes that a group's machines need. A machine keeps the volume that it has.

use serde_json::json;

use super::FlyTomlError;
use super::groups::{Groups, Specs, each};
use super::reader::Section;
use crate::group::MountSpec;

/// Reads `[[mounts]]` and its older name `[[mount]]`.
pub(super) fn read_mounts(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut Specs,
) -> Result<(), FlyTomlError> {
    for key in ["mount", "mounts"] {
        for section in root.sections(key)? {
            let mount = read_mount(&section)?;
            let chosen = groups.chosen(&section)?;
            section.finish();
            for group in &chosen {
                if specs.get(group).is_some_and(|spec| !spec.mounts.is_empty()) {
                    let problem = format!("is the second mount of the group {group}");
                    return Err(section.error("source", &format!("{problem}; a machine has one")));
                }
            }
            each(specs, &chosen, |spec| spec.mounts.push(mount.clone()));
        }
    }
    Ok(())
}

fn read_mount(section: &Section<'_>) -> Result<MountSpec, FlyTomlError> {
    let text = |key: &str| section.text(key)?.ok_or_else(|| section.error(key, "is missing"));
    let (path, name) = (text("destination")?, text("source")?);
    let mut config = json!({"path": path, "name": name});
    let threshold = section.integer("auto_extend_size_threshold")?.filter(|it| *it > 0);
    let increment = read_size(section, "auto_extend_size_increment", 100)?;
    let limit = read_size(section, "auto_extend_size_limit", 500)?;
    if threshold.is_some_and(|it| !(50..=99).contains(&it)) {
        return Err(
            section.error("auto_extend_size_threshold", "must be from 50 to 99, a percentage")
        );
    }
    if threshold.is_some() != increment.is_some() || (limit.is_some() && increment.is_none()) {
        let problem = "needs both auto_extend_size_threshold and auto_extend_size_increment";
        return Err(section.error(growth(threshold, increment), problem));
    }
    let extension = [
        ("extend_threshold_percent", threshold),
        ("add_size_gb", increment),
        ("size_gb_limit", limit),
    ];
    for (key, value) in extension {
        if let Some(value) = value {
            config[key] = value.into();
        }
    }
    // Both are said to the volume when it is made, by flyctl.
    section.integer("snapshot_retention")?;
    section.boolean("scheduled_snapshots")?;
    let initial_size_gb = read_size(section, "initial_size", u64::MAX)?;
    Ok(MountSpec { name, path, initial_size_gb, config })
}

/// The key that is there of those that must come together.
fn growth(threshold: Option<u64>, increment: Option<u64>) -> &'static str {
    match (threshold, increment) {
        (Some(_), _) => "auto_extend_size_threshold",
        (_, Some(_)) => "auto_extend_size_increment",
        _ => "auto_extend_size_limit",
    }
}

/// Gigabytes, as a number or as text such as `30gb`; from 1 to `most` (flyctl: `validation.go`).
fn read_size(section: &Section<'_>, key: &str, most: u64) -> Result<Option<u64>, FlyTomlError> {
    let Some(text) = section.scalar(key)?.filter(|it| !it.is_empty()) else { return Ok(None) };
    let size = gigabytes(&text).filter(|it| (1..=most).contains(it));
    let upto = if most == u64::MAX { String::new() } else { format!(", at most {most}") };
    let problem = format!("must be gigabytes such as 3 or \"3gb\", at least 1{upto}");
    size.map(Some).ok_or_else(|| section.error(key, &problem))
}

fn gigabytes(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "" | "g" | "gb" | "gib" => Some(number),
        "m" | "mb" | "mib" => Some(number / 1000),
        "t" | "tb" | "tib" => number.checked_mul(1000),
        _ => None,
    }
}
