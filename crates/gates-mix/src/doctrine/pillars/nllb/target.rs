//! What a link leads to, if it stays within the project.

use percent_encoding::percent_decode_str;

use crate::doctrine::Codebase;

/// A file or folder of the project, and a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Relative to the project; empty for the page itself.
    pub(super) path: String,
    /// Without `#`.
    pub(super) anchor: Option<String>,
    /// The path as it is written.
    written: String,
}

impl Target {
    /// What a link in the page `from` leads to; `None` for what leaves the project or is filled in later.
    pub(super) fn of(link: &str, from: &str) -> Option<Self> {
        let link = link.trim();
        let is_filled_in = link.contains(['{', '}', '<', '>', '$', '`', '*']);
        if link.is_empty() || is_filled_in || link.starts_with("//") || has_scheme(link) {
            return None;
        }
        let (path, anchor) = match link.split_once('#') {
            Some((path, anchor)) => (path, Some(decoded(anchor))),
            None => (link, None),
        };
        let path = decoded(path.split('?').next().unwrap_or_default());
        if path.is_empty() {
            return anchor.map(|it| Self { path, anchor: Some(it), written: String::new() });
        }
        let rooted = path.starts_with('/');
        // Other rooted paths are those of a web site.
        if rooted && ending(&path) != "md" {
            return None;
        }
        let folder = if rooted { "" } else { from.rsplit_once('/').map_or("", |it| it.0) };
        Some(Self { path: joined(folder, &path)?, anchor, written: path })
    }

    /// Is there such a file or folder?
    pub(super) fn is_there(&self, codebase: &Codebase) -> bool {
        let path = self.path.as_str();
        let is_folder = || {
            let folder = format!("{path}/");
            let next = codebase.files.range(folder.clone()..).next();
            next.is_some_and(|(it, _)| it.starts_with(&folder))
        };
        // Without git, files that nobody listed may be kept as well.
        let is_on_disk = || codebase.git.is_none() && codebase.dir.join(path).exists();
        path == "."
            || codebase.has(path)
            || is_folder()
            || is_generated(path, codebase)
            || self.is_put_together(codebase)
            || is_on_disk()
    }

    /// `ExDoc` puts the pages of all folders into one, and pictures beside them.
    fn is_put_together(&self, codebase: &Codebase) -> bool {
        const PICTURES: [&str; 6] = ["png", "svg", "jpg", "jpeg", "gif", "webp"];
        let ending = ending(&self.written);
        let is_page = matches!(ending, "md" | "livemd" | "cheatmd") && !self.written.contains('/');
        let below = format!("/{}", self.written);
        let is_it = |it: &String| *it == self.written || it.ends_with(&below);
        (is_page || PICTURES.contains(&ending)) && codebase.files.keys().any(is_it)
    }
}

/// Pages that `ExDoc` makes: `Some.Module.html` of a module, `page.html` of a page in any folder.
fn is_generated(path: &str, codebase: &Codebase) -> bool {
    let made = [".html", ".epub"].iter().find_map(|end| name(path).strip_suffix(end));
    let Some(stem) = made else { return false };
    let is_source = |it: &String| {
        let page = [".md", ".livemd", ".cheatmd"].iter().find_map(|end| name(it).strip_suffix(end));
        page.is_some_and(|it| plain(it) == plain(stem))
    };
    stem.starts_with(|it: char| it.is_ascii_uppercase())
        || matches!(stem, "api-reference" | "search" | "index" | "404")
        || codebase.files.keys().any(is_source)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |it| it.1)
}

fn plain(stem: &str) -> String {
    stem.to_lowercase().replace(['_', '.'], "-")
}

/// `mailto:`, `https:`, and `m:` of `ExDoc`.
fn has_scheme(link: &str) -> bool {
    link.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|it: char| it.is_ascii_alphabetic())
            && scheme.bytes().all(|it| it.is_ascii_alphanumeric() || b"+.-".contains(&it))
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A path from a folder, without `.` and `..`; `None` where it leaves the project.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_and_anchors() {
        for (link, from, expected) in [
            ("a.md", "docs/x.md", "docs/a.md|"),
            ("./a%20b.md#Top%20x", "x.md", "a b.md|Top x"),
            ("../lib/a.ex#L10", "docs/x.md", "lib/a.ex|L10"),
            ("#here", "docs/x.md", "|here"),
            ("/docs/a.md?plain=1", "docs/x.md", "docs/a.md|"),
            ("..", "docs/x.md", ".|"),
        ] {
            let target = Target::of(link, from).unwrap();
            let anchor = target.anchor.unwrap_or_default();
            assert_eq!(format!("{}|{anchor}", target.path), expected, "{link}");
        }
        for link in [
            "https://a.b",
            "mailto:a@b.c",
            "//a.b/c",
            "m:Mix.Tasks.Test",
            "`Foo.bar/1`",
            "{{ url }}",
            "<%= x %>",
            "",
            "../../issues",
            "/dashboard",
            "data:image/png;base64,x",
        ] {
            assert_eq!(Target::of(link, "docs/x.md"), None, "{link}");
        }
    }
}
