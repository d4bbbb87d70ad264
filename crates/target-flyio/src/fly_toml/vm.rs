//! `[[vm]]`: how large a machine is. Sizes by name are flyctl's presets (fly-go: `machine_types.go`).

use serde_json::{Value, json};

use super::FlyTomlError;
use super::reader::Section;

/// Memory per CPU where the file says none, in MB, by kind of CPU.
const MEMORY: [(&str, u64); 2] = [("shared", 256), ("performance", 2048)];

/// The guest of a machine's configuration.
pub(super) fn read_guest(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let preset = match section.text("size")? {
        Some(size) => Some(preset(&size).ok_or_else(|| {
            section.error("size", "must be a size such as shared-cpu-1x or performance-2x")
        })?),
        None => None,
    };
    let (kind, cpus) = preset.unwrap_or(("shared", 1));
    let named = section.one_of("cpu_kind", &["shared", "performance"])?;
    let kind = named.as_deref().unwrap_or(kind);
    let cpus = section.integer("cpus")?.unwrap_or(cpus);
    let per_cpu = MEMORY.iter().find(|(name, _)| *name == kind).map_or(256, |(_, memory)| *memory);
    let memory = read_memory(section)?.unwrap_or(per_cpu * cpus);
    let mut guest = json!({"cpu_kind": kind, "cpus": cpus, "memory_mb": memory});
    for key in ["gpu_kind", "host_dedication_id", "persist_rootfs"] {
        if let Some(text) = section.text(key)? {
            guest[key] = text.into();
        }
    }
    if let Some(gpus) = section.integer("gpus")? {
        guest["gpus"] = gpus.into();
    }
    if let Some(arguments) = section.texts("kernel_args")? {
        guest["kernel_args"] = arguments.into();
    }
    Ok(guest)
}

/// `shared-cpu-2x` is two shared CPUs.
fn preset(size: &str) -> Option<(&'static str, u64)> {
    let (kind, count, known) =
        match (size.strip_prefix("shared-cpu-"), size.strip_prefix("performance-")) {
            (Some(count), _) => ("shared", count, &[1, 2, 4, 8][..]),
            (_, Some(count)) => ("performance", count, &[1, 2, 4, 8, 16][..]),
            _ => return None,
        };
    let count = count.strip_suffix('x')?.parse().ok()?;
    known.contains(&count).then_some((kind, count))
}

/// Megabytes, as a number or as text such as `512mb` or `1gb`; `memory_mb` is the older key.
fn read_memory(section: &Section<'_>) -> Result<Option<u64>, FlyTomlError> {
    if let Some(memory) = section.integer("memory_mb")? {
        return Ok(Some(memory));
    }
    if let Ok(memory) = section.integer("memory") {
        return Ok(memory);
    }
    let text = section.text("memory")?.unwrap_or_default();
    let problem = "must be megabytes or a text such as \"512mb\" or \"1gb\"";
    megabytes(&text).map(Some).ok_or_else(|| section.error("memory", problem))
}

fn megabytes(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "m" | "mb" | "mib" => 1,
        "g" | "gb" | "gib" => 1024,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
