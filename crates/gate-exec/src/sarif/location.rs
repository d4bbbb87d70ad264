//! Where a result is.

use percent_encoding::percent_decode_str;

use super::log::{ArtifactLocation, Location, Run, position};
use crate::project::Project;

/// So many bases may rest on each other. A circle ends here.
const DEEPEST: usize = 8;

/// The place of a result, as far as it is known. The file is a path, or an address with its scheme.
#[derive(Debug, Default)]
pub(super) struct Spot {
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

/// The first of these places that names a file.
pub(super) fn of(locations: Option<&[Location]>, run: &Run, project: &Project) -> Spot {
    let spots = locations.unwrap_or_default().iter().filter_map(|location| {
        let physical = location.physical_location.as_ref()?;
        let file = path(physical.artifact_location.as_ref()?, run, project)?;
        let region = physical.region.as_ref();
        let line = region.and_then(|it| position(it.start_line));
        let column = region.and_then(|it| position(it.start_column));
        Some(Spot { file: Some(file), line, column })
    });
    spots.into_iter().next().unwrap_or_default()
}

fn path(location: &ArtifactLocation, run: &Run, project: &Project) -> Option<String> {
    let listed = || run.artifacts.as_ref()?.get(location.index()?)?.location.as_ref();
    let location = if location.uri.is_some() { location } else { listed()? };
    let uri = location.uri.as_deref().filter(|uri| !uri.is_empty())?;
    let uri = without_variable(uri);
    let based = base(location, run).map(|base| joined(&base, uri));
    // A base that is not in the project, as in a container, says nothing to us: the project is the base then.
    Some(based.filter(|it| project.holds(it)).unwrap_or_else(|| decoded(uri)))
}

/// The whole address that the location rests on.
fn base(location: &ArtifactLocation, run: &Run) -> Option<String> {
    let bases = run.original_uri_base_ids.as_ref()?;
    let (mut base, mut next) = (String::new(), location.uri_base_id.as_deref());
    for _ in 0..DEEPEST {
        let Some(below) = next else { break };
        let below = bases.get(below)?;
        base = joined(below.uri.as_deref().unwrap_or_default(), &base);
        next = below.uri_base_id.as_deref();
    }
    Some(base)
}

fn joined(base: &str, uri: &str) -> String {
    match (base.trim_end_matches('/'), uri) {
        _ if uri.starts_with('/') || uri.starts_with("file:") => uri.to_owned(),
        ("", _) => uri.to_owned(),
        (base, _) => format!("{base}/{uri}"),
    }
}

/// Some tools write the name of the base into the address.
fn without_variable(uri: &str) -> &str {
    let after = uri.strip_prefix('%').and_then(|it| it.split_once("%/"));
    match after {
        Some((name, rest)) if name.bytes().all(|it| it.is_ascii_uppercase() || it == b'_') => rest,
        _ => uri,
    }
}

/// An address with a scheme is decoded where it is known what the scheme is.
fn decoded(uri: &str) -> String {
    if uri.contains(":/") {
        uri.to_owned()
    } else {
        percent_decode_str(uri).decode_utf8_lossy().into_owned()
    }
}
