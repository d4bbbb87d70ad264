//! What `.credo.exs` says that Credo's answer does not. It is looked at as text, and never run.

use std::fs;
use std::path::Path;

/// In each folder Credo looks for both; the first is the stronger one.
const NAMES: [&str; 2] = ["config/.credo.exs", ".credo.exs"];
/// What Credo looks at unless it is told.
const INCLUDED: [&str; 8] =
    ["lib/", "src/", "test/", "web/", "apps/*/lib/", "apps/*/src/", "apps/*/test/", "apps/*/web/"];
/// With these a configuration may read anything.
const READS: [&str; 3] = ["System.", "File.", "Code."];

/// The configuration files that Credo merges, the strongest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    texts: Vec<String>,
    /// Is there one in a folder above the project, or one that cannot be read?
    strange: bool,
}

impl Config {
    /// Those of the project in `dir` and of all folders above it, as Credo itself does.
    pub(super) fn of(dir: &Path) -> Self {
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let mut config = Self::default();
        for (above, folder) in dir.ancestors().enumerate() {
            for file in NAMES.map(|name| folder.join(name)).iter().filter(|it| it.exists()) {
                let text = fs::read_to_string(file);
                config.strange |= above > 0 || text.is_err();
                config.texts.extend(text.ok().as_deref().map(without_comments));
            }
        }
        config
    }

    /// One file that says this.
    #[cfg(test)]
    pub(super) fn saying(text: &str) -> Self {
        Self { texts: vec![without_comments(text)], strange: false }
    }

    /// Do the project's own files and its locked dependencies say all that Credo depends on?
    pub(super) fn stands_alone(&self) -> bool {
        let alone = |text: &String| {
            ["requires:", "plugins:"].iter().all(|key| empty_after(text, key))
                && !READS.iter().any(|it| text.contains(it))
        };
        !self.strange && self.texts.iter().all(alone)
    }

    /// The files and folders that Credo looks at, as they are written; `None` where that takes more than reading.
    pub(super) fn included(&self) -> Option<Vec<String>> {
        let mut said = self.texts.iter().flat_map(|text| text.split("included:").skip(1));
        match (said.next(), said.next()) {
            (Some(list), None) if !self.strange => strings(list),
            // With other `files:` and no `included:`, it would be the whole folder.
            (None, _) if !self.texts.iter().any(|it| it.contains("files:")) => {
                Some(INCLUDED.map(ToOwned::to_owned).into())
            }
            _ => None,
        }
    }

    /// Does it say `exit_status: 0` for this check: tell, and do not fail?
    pub(super) fn exempts(&self, check: &str) -> bool {
        let said = self.texts.iter().find_map(|text| parameters(text, check));
        said.is_some_and(|parameters| {
            let status = parameters.split_once("exit_status:").map(|(_, rest)| rest.trim_start());
            status.and_then(|it| it.split(|it: char| !it.is_alphanumeric()).next()) == Some("0")
        })
    }
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

/// The strings of the list that the text begins with, where there is nothing else in it.
fn strings(text: &str) -> Option<Vec<String>> {
    let (list, _) = text.trim_start().strip_prefix('[')?.split_once(']')?;
    let items = list.split(',').map(str::trim).filter(|it| !it.is_empty());
    let string = |item: &str| {
        let string = item.strip_prefix('"')?.strip_suffix('"')?;
        (!string.contains(['"', '\\', '#'])).then(|| string.to_owned())
    };
    items.map(string).collect()
}

/// Is each list after this key empty?
fn empty_after(text: &str, key: &str) -> bool {
    text.split(key).skip(1).all(|rest| {
        let list = rest.trim_start().strip_prefix('[');
        list.is_some_and(|list| list.trim_start().starts_with(']'))
    })
}

/// What stands behind the check in its tuple, `{Check, …}`.
fn parameters<'a>(text: &'a str, check: &str) -> Option<&'a str> {
    let tuple = |(at, _): (usize, &str)| {
        let rest = text[at + check.len()..].trim_start().strip_prefix(',')?;
        text[..at].trim_end().ends_with('{').then(|| up_to_end(rest))
    };
    text.match_indices(check).filter(|_| !check.is_empty()).find_map(tuple)
}

/// Up to the brace that closes what is open.
fn up_to_end(text: &str) -> &str {
    let mut open = 0_usize;
    let end = text.char_indices().find(|(_, char)| {
        let closes = *char == '}' && open == 0;
        match char {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        closes
    });
    end.map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_exempt_when_its_own_tuple_says_so() {
        let todo = "Credo.Check.Design.TagTODO";
        for (text, exempt) in [
            ("[{Credo.Check.Design.TagTODO, [exit_status: 0]}]", true),
            ("[{ Credo.Check.Design.TagTODO , exit_status:0, if_nested: {1, 2}}]", true),
            ("{Credo.Check.Design.TagTODO,\n [tags: {1}, # later\n exit_status: 0]}", true),
            ("{Credo.Check.Design.TagTODO, [exit_status: 2]}, {Other, [exit_status: 0]}", false),
            ("{Credo.Check.Design.TagTODO, []}, {Other, [exit_status: 0]}", false),
            ("# {Credo.Check.Design.TagTODO, [exit_status: 0]}", false),
            ("{Credo.Check.Design.TagTODOs, [exit_status: 0]}", false),
            ("{My.Credo.Check.Design.TagTODO, [exit_status: 0]}", false),
            ("{Credo.Check.Design.TagTODO, [exit_status: 0x10]}", false),
            ("{Credo.Check.Design.TagTODO, [exit_status: ", false),
            ("", false),
        ] {
            assert_eq!(Config::saying(text).exempts(todo), exempt, "{text}");
        }
        assert!(!Config::saying("{, exit_status: 0}").exempts(""));
    }

    #[test]
    fn the_stronger_file_decides() {
        let texts = ["{A, [exit_status: 2]}", "{A, [exit_status: 0]}"].map(Into::into).into();
        let config = Config { texts, strange: false };
        assert!(!config.exempts("A"));
    }

    #[test]
    fn a_configuration_that_brings_code_or_reads_does_not_stand_alone() {
        for (text, alone) in [
            ("", true),
            ("%{requires: [], plugins: [ ], checks: []}", true),
            ("%{requires: [\n  # \"./checks/**/*.ex\"\n ]}", true),
            ("%{requires: [\"./checks/**/*.ex\"]}", false),
            ("%{plugins: [{CredoNaming, []}]}", false),
            ("%{requires: Path.wildcard(\"checks/*.ex\")}", false),
            ("if System.get_env(\"CI\"), do: %{}", false),
        ] {
            assert_eq!(Config::saying(text).stands_alone(), alone, "{text}");
        }
        assert!(!Config { strange: true, ..Config::default() }.stands_alone());
    }

    #[test]
    fn what_is_included_is_told_where_it_is_a_list_of_strings() {
        let some = |files: &[&str]| Some(files.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (text, files) in [
            ("", some(&INCLUDED)),
            ("%{checks: []}", some(&INCLUDED)),
            ("%{files: %{excluded: []}}", None),
            (
                "%{files: %{included: [\"lib/\", \n \"apps/*/lib\",\n]}}",
                some(&["lib/", "apps/*/lib"]),
            ),
            ("%{files: %{included: [\"lib/\" | more()]}}", None),
            ("%{files: %{included: @all}}", None),
            ("%{files: %{included: [\"#{dir}/\"]}}", None),
            ("%{files: %{included: [\"a/\"]}}, %{files: %{included: [\"b/\"]}}", None),
            ("%{files: %{included: [\"a/\"", None),
        ] {
            assert_eq!(Config::saying(text).included(), files, "{text}");
        }
    }

    #[test]
    fn files_above_the_project_count_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let shop = dir.path().join("shop");
        fs::create_dir_all(shop.join("config")).unwrap();
        assert!(Config::of(&shop).stands_alone());
        fs::write(shop.join("config/.credo.exs"), "{A, [exit_status: 0]}").unwrap();
        fs::write(shop.join(".credo.exs"), "{A, [exit_status: 2]}").unwrap();
        assert!(Config::of(&shop).stands_alone() && Config::of(&shop).exempts("A"));
        fs::write(dir.path().join(".credo.exs"), "{B, [exit_status: 0]}").unwrap();
        assert!(!Config::of(&shop).stands_alone() && Config::of(&shop).exempts("B"));
    }
}
