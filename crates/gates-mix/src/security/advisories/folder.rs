//! Advisories in a folder: OSV documents, or the YAML layouts of the Elixir community, or both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::advisory::Advisory;
use super::error::AdvisoryError;
use super::{Advisories, Unreadable, elixir, osv};

/// Deeper folders are not looked into.
const DEEPEST: usize = 6;
/// Larger files are no advisories.
const LARGEST: u64 = 4 << 20;

/// All advisories below `dir`; where it has a folder `packages`, below that.
pub(crate) fn read(dir: &Path) -> Result<Advisories, AdvisoryError> {
    let mut advisories = Advisories::default();
    for path in files(dir)? {
        let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
        match read_file(&path) {
            Ok(found) => advisories.list.extend(found),
            Err(why) => {
                let unreadable = Unreadable { name, why, package: package(&path) };
                advisories.unreadable.push(unreadable);
            }
        }
    }
    if advisories.list.is_empty() && advisories.unreadable.is_empty() {
        return Err(AdvisoryError::Empty { path: dir.to_owned() });
    }
    Ok(advisories)
}

/// A digest of all files, for the cache.
pub(crate) fn digest(dir: &Path) -> Option<String> {
    let mut digest = Sha256::new();
    for path in files(dir).ok()? {
        digest.update(path.as_os_str().as_encoded_bytes());
        digest.update(Sha256::digest(fs::read(&path).ok()?));
    }
    Some(format!("{:x}", digest.finalize()))
}

/// The files of advisories, by name.
fn files(dir: &Path) -> Result<Vec<PathBuf>, AdvisoryError> {
    let packages = dir.join("packages");
    let root = if packages.is_dir() { packages } else { dir.to_owned() };
    let mut files = Vec::new();
    walk(&root, DEEPEST, &mut files)?;
    files.sort();
    Ok(files)
}

fn walk(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), AdvisoryError> {
    let failed = |source| AdvisoryError::Folder { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (kind, path) = (entry.file_type().map_err(failed)?, entry.path());
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind.is_dir() && depth > 0 {
            walk(&path, depth - 1, files)?;
        } else if !kind.is_dir() && ["json", "yml", "yaml"].iter().any(|it| has(&path, it)) {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<Advisory>, String> {
    let failed = |error: io::Error| error.to_string();
    if fs::metadata(path).map_err(failed)?.len() > LARGEST {
        return Err("it is too large for an advisory".into());
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    if has(path, "json") { osv::read(&text) } else { Ok(vec![elixir::read(&text)?]) }
}

fn has(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

/// The package whose folder this YAML file is in: `packages/NAME/ID.yml`.
fn package(path: &Path) -> Option<String> {
    let mut above = path.ancestors().skip(1);
    let package = above.next()?.file_name()?.to_str()?.to_owned();
    let in_packages = above.next()?.file_name()? == "packages";
    (in_packages && !has(path, "json")).then_some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "id: GHSA-a\npackage: shop\nvulnerable_version_ranges:\n  - < 1.0.0\n";
    const CART: &str = r#"{"id": "GHSA-b", "modified": "2030-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Hex", "name": "cart"}, "versions": ["1.0.0"]}]}"#;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn both_kinds_of_files_are_read_wherever_they_are() {
        for files in [
            vec![("shop/a.yml", SHOP), ("b.json", CART), ("README.md", "# no")],
            vec![("packages/shop/a.yml", SHOP), ("packages/b.json", CART), ("mix.json", "no")],
            vec![("a.yaml", SHOP), ("deep/er/b.json", CART), (".github/ci.yml", "on: push")],
        ] {
            let read = read(folder(&files).path()).unwrap();
            let mut ids: Vec<_> = read.list.iter().map(|it| it.id.as_str()).collect();
            ids.sort_unstable();
            assert_eq!((ids, read.unreadable.len()), (vec!["GHSA-a", "GHSA-b"], 0), "{files:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_package() {
        let files = [
            ("packages/shop/x.yml", "id: ["),
            ("packages/all.json", "{"),
            ("packages/cart/b.json", CART),
        ];
        let read = read(folder(&files).path()).unwrap();
        let told: Vec<_> =
            read.unreadable.iter().map(|it| (it.name.as_str(), it.package.as_deref())).collect();
        assert_eq!(told, [("packages/all.json", None), ("packages/shop/x.yml", Some("shop"))]);
    }

    #[test]
    fn an_empty_or_missing_folder_is_no_source() {
        let empty = folder(&[("README.md", "# no")]);
        assert!(matches!(read(empty.path()), Err(AdvisoryError::Empty { .. })));
        assert!(matches!(read(&empty.path().join("no")), Err(AdvisoryError::Folder { .. })));
        assert_eq!(digest(&empty.path().join("no")), None);
    }

    #[test]
    fn the_digest_follows_the_content() {
        let one = folder(&[("shop/a.yml", SHOP)]);
        let before = digest(one.path());
        assert_eq!(digest(one.path()), before);
        fs::write(one.path().join("shop/a.yml"), "id: b").unwrap();
        assert_ne!(digest(one.path()), before);
    }
}
