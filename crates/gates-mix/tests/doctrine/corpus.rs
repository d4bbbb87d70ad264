//! Reads the labelled corpus.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

const MARK: &str = "#<-";

/// A file, and a line of it where it is not about the whole.
pub(crate) type Place = (String, Option<u32>);

/// Code for one rule.
pub(crate) struct Case {
    pub(crate) rule: String,
    pub(crate) files: Vec<(String, String)>,
    /// Where the rule is broken.
    pub(crate) broken: BTreeSet<Place>,
    /// How many places only look as if it were.
    pub(crate) alike: usize,
}

impl Case {
    /// Its files in a folder of their own.
    pub(crate) fn write(&self) -> TempDir {
        let dir = tempfile::tempdir().expect("there is room for a folder");
        for (path, text) in &self.files {
            let file = dir.path().join(path);
            let folder = file.parent().expect("a file is in a folder");
            fs::create_dir_all(folder).expect("the folder can be made");
            fs::write(file, text).expect("the file can be written");
        }
        dir
    }
}

/// All cases, by rule.
pub(crate) fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctrine/corpus");
    let mut cases = Vec::new();
    for pillar in fs::read_dir(root).expect("there is a corpus").flatten() {
        for file in fs::read_dir(pillar.path()).expect("a pillar is a folder").flatten() {
            let name = file.file_name().into_string().expect("names are plain");
            let rule =
                format!("{}/{}", pillar.file_name().display(), name.trim_end_matches(".txt"));
            let text = fs::read_to_string(file.path()).expect("a case is a text");
            cases.push(case(rule, &text));
        }
    }
    cases.sort_by(|one, other| one.rule.cmp(&other.rule));
    cases
}

fn case(rule: String, text: &str) -> Case {
    let mut case = Case { rule, files: Vec::new(), broken: BTreeSet::new(), alike: 0 };
    let mut line = 0;
    for written in text.lines() {
        let (content, mark) = match written.split_once(MARK) {
            Some((content, mark)) => (content.trim_end(), Some(mark.trim())),
            None => (written, None),
        };
        let place = if let Some(path) = content.strip_prefix("==> ") {
            line = 0;
            case.files.push((path.trim().to_owned(), String::new()));
            None
        } else {
            line += 1;
            let (_, text) = case.files.last_mut().expect("a case begins with a path");
            text.push_str(content);
            text.push('\n');
            Some(line)
        };
        let Some(mark) = mark else { continue };
        let path = case.files.last().expect("a path came before").0.clone();
        match mark {
            "ok" => case.alike += 1,
            mark => {
                assert_eq!(mark, case.rule, "{written}");
                case.broken.insert((path, place));
            }
        }
    }
    case
}
