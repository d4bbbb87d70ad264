//! `[[vm]]`: how large a machine is. Sizes by name are flyctl's presets (fly-go: `machine_types.go`).

use serde_json::{Value, json};

use super::FlyTomlError;
use super::groups::{Groups, Specs, each};
use super::reader::Section;

/// A size by its name: kind of CPU, how many, memory in MB, and the kind of GPU where it has one.
type Preset = (&'static str, u64, u64, Option<&'static str>);

/// Memory per CPU of a named size, in MB.
const SHARED_MB: u64 = 256;
const PERFORMANCE_MB: u64 = 2048;
/// The sizes with a GPU, all of them with 8 CPUs and 32 GB.
const GPUS: [(&str, &str); 4] = [
    ("a100-40gb", "a100-pcie-40gb"),
    ("a100-80gb", "a100-sxm4-80gb"),
    ("l40s", "l40s"),
    ("a10", "a10"),
];

/// `[[vm]]` and its older names `[[compute]]` and `[[computes]]`. One without groups is for all of them,
/// the first if there are several; one that names groups wins for these, the last if there are several
/// (flyctl: `processgroups.go`).
pub(super) fn read_guests(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut Specs,
) -> Result<(), FlyTomlError> {
    let (mut general, mut named) = (Vec::new(), Vec::new());
    for key in ["compute", "computes", "vm"] {
        for section in root.sections(key)? {
            let chosen = groups.named(&section)?;
            let host = specs.values().next().and_then(|spec| spec.host.clone());
            let guest = read_guest(&section, host.as_deref())?;
            section.finish();
            match chosen {
                Some(chosen) => named.push((chosen, guest)),
                None => general.push(guest),
            }
        }
    }
    let general = general.into_iter().next().map(|guest| (groups.all(), guest));
    for (chosen, guest) in general.into_iter().chain(named) {
        each(specs, &chosen, |spec| spec.guest = Some(guest.clone()));
    }
    Ok(())
}

/// The guest of a machine's configuration; it is on this host where it names no other.
pub(super) fn read_guest(section: &Section<'_>, host: Option<&str>) -> Result<Value, FlyTomlError> {
    let gpu_kind = section.text("gpu_kind")?;
    let default = if gpu_kind.is_some() { "performance-8x" } else { "shared-cpu-1x" };
    let size = section.text("size")?.filter(|it| !it.is_empty());
    let Some((kind, cpus, memory, gpu)) = preset(size.as_deref().unwrap_or(default)) else {
        return Err(section.error("size", "must be a size such as shared-cpu-1x or performance-2x"));
    };
    let named = section.one_of("cpu_kind", &["shared", "performance"])?;
    let mut guest = json!({
        "cpu_kind": named.as_deref().unwrap_or(kind),
        "cpus": section.integer("cpus")?.unwrap_or(cpus),
        "memory_mb": read_memory(section)?.unwrap_or(memory),
    });
    if let Some(gpu) = gpu {
        guest["gpu_kind"] = gpu.into();
        guest["gpus"] = 1.into();
    }
    if let Some(kind) = gpu_kind {
        guest["gpu_kind"] = kind.into();
    }
    if let Some(host) = host {
        guest["host_dedication_id"] = host.into();
    }
    if let Some(host) = section.text("host_dedication_id")? {
        guest["host_dedication_id"] = host.into();
    }
    for key in ["gpus", "max_memory_mb"] {
        if let Some(number) = section.integer(key)? {
            guest[key] = number.into();
        }
    }
    if let Some(persist) = section.one_of("persist_rootfs", &["never", "always", "restart"])? {
        guest["persist_rootfs"] = persist.into();
    }
    if let Some(arguments) = section.texts("kernel_args")? {
        guest["kernel_args"] = arguments.into();
    }
    Ok(guest)
}

/// `shared-cpu-2x` is two shared CPUs.
fn preset(size: &str) -> Option<Preset> {
    if let Some((_, gpu)) = GPUS.iter().find(|(name, _)| *name == size) {
        return Some(("performance", 8, 16 * PERFORMANCE_MB, Some(gpu)));
    }
    let (kind, count, per_cpu, known) =
        match (size.strip_prefix("shared-cpu-"), size.strip_prefix("performance-")) {
            (Some(count), _) => ("shared", count, SHARED_MB, &[1, 2, 4, 6, 8][..]),
            (_, Some(count)) => {
                ("performance", count, PERFORMANCE_MB, &[1, 2, 4, 6, 8, 10, 12, 14, 16][..])
            }
            _ => return None,
        };
    let count: u64 = count.strip_suffix('x')?.parse().ok()?;
    known.contains(&count).then_some((kind, count, count * per_cpu, None))
}

/// Megabytes, as a number or as text such as `512mb` or `1gb`; `memory_mb` wins.
fn read_memory(section: &Section<'_>) -> Result<Option<u64>, FlyTomlError> {
    let problem = "must be megabytes or a text such as \"512mb\" or \"1gb\"";
    let text = section.scalar("memory")?.filter(|it| !it.is_empty());
    let memory = match text {
        Some(text) => match megabytes(&text).filter(|it| *it > 0) {
            Some(memory) => Some(memory),
            None => return Err(section.error("memory", problem)),
        },
        None => None,
    };
    Ok(section.integer("memory_mb")?.or(memory))
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
