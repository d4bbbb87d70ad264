//! The versions of Elixir and Erlang as they lie on disk: starting a BEAM only to ask takes about a second.
//!
//! Believed is only what is as their makers install it. A shim (asdf, mise), a wrapper (Nix) or anything else that decides
//! by itself what to run is no answer, and `mix` has to be asked.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use pipeline_process::find;

/// The versions of `elixir` and `erlang` that this `mix` runs with in `dir`; `None` where only `mix` itself can tell.
///
/// `path` is the `PATH` that it gets, if not that of this process.
pub(crate) fn installed(
    mix: &Path,
    dir: &Path,
    path: Option<&OsStr>,
) -> Option<BTreeMap<String, String>> {
    let found = |program: &Path| find(program, dir, path).ok()?.canonicalize().ok();
    let (mix, elixir) = (found(mix)?, found("elixir".as_ref())?);
    // `mix` is run by the `elixir` that the PATH finds, wherever it lies itself.
    let root = root(&mix, "mix").filter(|it| root(&elixir, "elixir") == Some(it))?;
    if !begins(&mix, "#!/usr/bin/env elixir") || !begins(&elixir, "#!/bin/sh") {
        return None;
    }
    let elixir = elixir_version(root)?;
    let erlang = otp_version(self::root(&found("erl".as_ref())?, "erl")?)?;
    Some([("elixir".to_owned(), elixir), ("erlang".to_owned(), erlang)].into())
}

/// The folder above `bin/` of a program with this name.
fn root<'a>(program: &'a Path, name: &str) -> Option<&'a Path> {
    let bin = program.parent().filter(|_| program.file_name() == Some(name.as_ref()))?;
    bin.parent().filter(|_| bin.file_name() == Some("bin".as_ref()))
}

/// Is this the file's first line?
fn begins(file: &Path, line: &str) -> bool {
    fs::read(file).is_ok_and(|text| text.split(|it| *it == b'\n').next() == Some(line.as_bytes()))
}

/// `{vsn,"1.14.0"}` in the description of the application `elixir`.
fn elixir_version(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("lib/elixir/ebin/elixir.app")).ok()?;
    let (_, rest) = text.split_once("{vsn,")?;
    let (version, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    version_of(version)
}

/// The release that starts (`13.1.5 25`: the runtime, the release), and its exact version.
fn otp_version(root: &Path) -> Option<String> {
    let releases = root.join("releases");
    let started = fs::read_to_string(releases.join("start_erl.data")).ok()?;
    let release = started.split_whitespace().nth(1)?;
    let release = release.parse::<u32>().ok()?.to_string();
    let file: PathBuf = releases.join(&release).join("OTP_VERSION");
    let version = version_of(&fs::read_to_string(file).ok()?)?;
    (version.split('.').next() == Some(&release)).then_some(version)
}

fn version_of(text: &str) -> Option<String> {
    let version = text.trim();
    let begins = version.starts_with(|it: char| it.is_ascii_digit());
    (begins && !version.contains(char::is_whitespace)).then(|| version.to_owned())
}

#[cfg(test)]
#[path = "versions_tests.rs"]
mod tests;
