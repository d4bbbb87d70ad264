use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// Installations in a folder that goes with this value.
struct Disk(tempfile::TempDir);

impl Disk {
    /// Elixir and Erlang as distributions install them: links in `usr/bin`, and the rest below `usr/lib`.
    fn new() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        disk.program("usr/lib/elixir/bin/mix", "#!/usr/bin/env elixir\nMix.start()\n");
        disk.program("usr/lib/elixir/bin/elixir", "#!/bin/sh\nset -e\n");
        disk.program("usr/lib/erlang/bin/erl", "#!/bin/sh\n#\n");
        let app = "{application,elixir,\n [{description,\"elixir\"},\n  {vsn,\"1.14.0\"},\n";
        disk.file("usr/lib/elixir/lib/elixir/ebin/elixir.app", app);
        disk.file("usr/lib/erlang/releases/start_erl.data", "13.1.5 25\n");
        disk.file("usr/lib/erlang/releases/25/OTP_VERSION", "25.2.3\n");
        for link in ["elixir/bin/mix", "elixir/bin/elixir", "erlang/bin/erl"] {
            disk.link(&format!("../lib/{link}"), "usr/bin");
        }
        disk
    }

    fn file(&self, path: &str, text: &str) {
        let file = self.0.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn program(&self, path: &str, text: &str) {
        self.file(path, text);
        let runs = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.0.path().join(path), runs).unwrap();
    }

    fn link(&self, to: &str, folder: &str) {
        let folder = self.0.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let name = Path::new(to).file_name().unwrap();
        let _ = fs::remove_file(folder.join(name));
        symlink(to, folder.join(name)).unwrap();
    }

    /// `elixir erlang`, with these folders in the PATH.
    fn told(&self, mix: &str, path: &[&str]) -> Option<String> {
        let path = std::env::join_paths(path.iter().map(|it| self.0.path().join(it))).unwrap();
        let versions = installed(Path::new(mix), self.0.path(), Some(&path))?;
        Some(format!("{} {}", versions["elixir"], versions["erlang"]))
    }
}

#[test]
fn what_is_installed_as_usual_is_read_from_disk() {
    let disk = Disk::new();
    assert_eq!(disk.told("mix", &["usr/bin"]).as_deref(), Some("1.14.0 25.2.3"));
    assert_eq!(disk.told("usr/bin/mix", &["empty", "usr/bin"]).as_deref(), Some("1.14.0 25.2.3"));
    // As with mise and kerl: folders in the PATH, no links.
    let folders = ["usr/lib/elixir/bin", "usr/lib/erlang/bin"];
    assert_eq!(disk.told("mix", &folders).as_deref(), Some("1.14.0 25.2.3"));
}

#[test]
fn a_shim_or_a_wrapper_is_no_answer() {
    let shims = Disk::new();
    for name in ["mix", "elixir", "erl"] {
        shims.program(&format!("shims/{name}"), "#!/bin/sh\nexec asdf exec\n");
    }
    assert_eq!(shims.told("mix", &["shims", "usr/bin"]), None);
    let only_erl = Disk::new();
    only_erl.program("mise/bin/mise", "");
    fs::create_dir_all(only_erl.0.path().join("shims")).unwrap();
    symlink("../mise/bin/mise", only_erl.0.path().join("shims/erl")).unwrap();
    assert_eq!(only_erl.told("mix", &["shims", "usr/bin"]), None);
    let wrapped = Disk::new();
    wrapped.program("usr/lib/elixir/bin/elixir", "#!/nix/store/bash -e\nexport PATH=/elsewhere\n");
    assert_eq!(wrapped.told("mix", &["usr/bin"]), None);
}

#[test]
fn a_mix_beside_another_elixir_is_no_answer() {
    let disk = Disk::new();
    disk.program("other/bin/elixir", "#!/bin/sh\n");
    assert_eq!(disk.told("usr/bin/mix", &["other/bin", "usr/bin"]), None);
}

#[test]
fn what_is_not_there_or_says_something_else_is_no_answer() {
    assert_eq!(Disk::new().told("mix", &["empty"]), None);
    assert_eq!(Disk::new().told("/no/such/mix", &["usr/bin"]), None);
    for (file, text) in [
        ("usr/lib/elixir/lib/elixir/ebin/elixir.app", "{application,elixir,[]}."),
        ("usr/lib/elixir/lib/elixir/ebin/elixir.app", "{vsn,\"\"}"),
        ("usr/lib/erlang/releases/start_erl.data", "13.1.5"),
        ("usr/lib/erlang/releases/start_erl.data", "13.1.5 ../25"),
        ("usr/lib/erlang/releases/start_erl.data", "14.0 26"),
        ("usr/lib/erlang/releases/25/OTP_VERSION", "26.0"),
        ("usr/lib/erlang/releases/25/OTP_VERSION", ""),
    ] {
        let disk = Disk::new();
        disk.file(file, text);
        assert_eq!(disk.told("mix", &["usr/bin"]), None, "{file}: {text}");
    }
}
