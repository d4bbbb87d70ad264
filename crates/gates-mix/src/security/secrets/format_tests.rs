//! Files of users, in the format of Gitleaks.

use std::fs;
use std::path::Path;

use pipeline_core::Fault;
use proptest::prelude::*;
use tempfile::TempDir;

use super::format::File;
use super::{SecretRules, SecretsError, Unread};

fn files(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn load(text: &str) -> Result<SecretRules, SecretsError> {
    let dir = files(&[("gitleaks.toml", text)]);
    SecretRules::load(&dir.path().join("gitleaks.toml"))
}

fn found(rules: &SecretRules, path: &str, text: &str) -> Vec<String> {
    rules.scan(path, text.as_bytes()).into_iter().map(|it| it.rule).collect()
}

const ACME: &str = r#"
title = "ours"
[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''\b(acme_[a-z0-9]{8})\b'''
keywords = ["ACME_"]
"#;

fn gitlab() -> String {
    ["t = \"gl", "pat-8xQz3RvL1mTn5WyK7bDc\""].concat()
}

#[test]
fn a_file_of_its_own_has_its_rules_alone_unless_it_asks_for_ours() {
    let alone = load(ACME).unwrap();
    assert_eq!(alone.ids().collect::<Vec<_>>(), ["acme-token"]);
    assert_eq!(found(&alone, "a.ex", "x acme_1b2c3d4e y"), ["acme-token"]);
    assert!(found(&alone, "a.ex", &gitlab()).is_empty());
    let both = load(&format!("{ACME}[extend]\nuseDefault = true\n")).unwrap();
    assert_eq!(
        found(&both, "a.ex", &format!("acme_1b2c3d4e {}", gitlab())),
        ["acme-token", "gitlab-pat"]
    );
    let without = "[extend]\nuseDefault = true\ndisabledRules = [\"gitlab-pat\"]\n";
    assert!(found(&load(without).unwrap(), "a.ex", &gitlab()).is_empty());
}

#[test]
fn a_rule_of_ours_can_be_changed() {
    let rules = load("[extend]\nuseDefault = true\n[[rules]]\nid = \"gitlab-pat\"\n[rules.allowlist]\npaths = ['^old/']\n").unwrap();
    assert!(found(&rules, "old/a.ex", &gitlab()).is_empty());
    assert_eq!(found(&rules, "new/a.ex", &gitlab()), ["gitlab-pat"]);
}

#[test]
fn it_builds_upon_files_beside_it_but_not_for_ever() {
    let dir = files(&[
        ("gitleaks.toml", "[extend]\npath = 'base.toml'\n"),
        ("base.toml", ACME),
        ("loop.toml", "[extend]\npath = 'loop.toml'\n"),
    ]);
    let rules = SecretRules::load(&dir.path().join("gitleaks.toml")).unwrap();
    assert_eq!(found(&rules, "a.ex", "acme_1b2c3d4e"), ["acme-token"]);
    let error = SecretRules::load(&dir.path().join("loop.toml")).unwrap_err();
    assert!(error.to_string().contains("more than 2 files build upon each other"), "{error}");
}

#[test]
fn groups_entropy_paths_and_both_kinds_of_allow_lists_are_read() {
    let rules = load(
        r#"
[[rules]]
id = "pair"
regex = '''acme (\w+) (\w+)'''
secretGroup = 2
entropy = 2
keywords = ["acme"]
[[rules.allowlists]]
regexTarget = "match"
regexes = ["old"]
[[rules]]
id = "keystore"
path = '''\.jks$'''
[allowlist]
paths = ["^vendor/"]
[[allowlists]]
targetRules = ["pair"]
stopwords = ["sesame"]
"#,
    )
    .unwrap();
    let cases = [
        ("a.ex", "acme user q8Zr1mX0", vec!["pair"]),
        ("a.ex", "acme user aaaabbbb", vec![]),
        ("a.ex", "acme old q8Zr1mX0", vec![]),
        ("a.ex", "acme user OpenSesame1", vec![]),
        ("vendor/a.ex", "acme user q8Zr1mX0", vec![]),
        ("release.jks", "\0\0", vec!["keystore"]),
        ("vendor/release.jks", "\0\0", vec![]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(found(&rules, path, text), expected, "{path}: {text}");
    }
    let secret = &rules.scan("a.ex", b"\n  acme user q8Zr1mX0")[0];
    assert_eq!((secret.line, secret.column, secret.end_column), (2, 13, 21));
}

#[test]
fn what_nobody_knows_is_warned_of_and_ignored() {
    let rules = load("minVersion = 'v8'\nspeed = 1\n[[rules]]\nid = 'a'\nregex = 'a'\ncolour = 'red'\n[[rules.required]]\nid = 'b'\n[rules.allowlist]\nregexes = ['b']\nmood = 1\n").unwrap();
    let keys: Vec<_> =
        rules.warnings().iter().map(|it| it.split_once(".toml: ").unwrap().1).collect();
    assert_eq!(
        keys,
        [
            "`speed` is not known, and ignored",
            "rule \"a\": `colour` is not known, and ignored",
            "rule \"a\": `required` is not known, and ignored",
            "rule \"a\": allowlist: `mood` is not known, and ignored",
        ]
    );
}

#[test]
fn what_is_broken_names_file_rule_key_and_reason() {
    let rule = |rest: &str| format!("[[rules]]\nid = 'acme'\n{rest}\n");
    let cases = [
        (rule("regex = 'a(b'"), "rule \"acme\": regex: unclosed group"),
        (rule("regex = 'ab'\npath = '['"), "rule \"acme\": path: unclosed character class"),
        (
            rule("regex = 'ab'\nsecretGroup = 1"),
            "rule \"acme\": secretGroup: the regex has no group 1",
        ),
        (rule("keywords = ['a']"), "rule \"acme\": regex: it has neither a regex nor a path"),
        (
            rule("regex = 'a'\n[rules.allowlist]\nregexes = ['(']"),
            "rule \"acme\": regexes: `(`: unclosed group",
        ),
        ("[allowlist]\ndescription = 'x'".into(), "allow-list 1: allowlist: it allows nothing"),
        ("[[rules]]\nregex = 'a'".into(), "a rule has no id"),
        (rule("regex = 'a'").repeat(2), "two rules have the id \"acme\""),
        (rule("entropy = 'high'"), "invalid type"),
        ("rules = ".into(), "TOML parse error"),
    ];
    for (text, expected) in cases {
        let error = load(&text).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("gitleaks.toml: ") && told.contains(expected), "{told}");
        assert!(Fault::from(error).next_step().unwrap().starts_with("mend "));
    }
    let error = SecretRules::load(Path::new("/nowhere/gitleaks.toml")).unwrap_err();
    assert_eq!(error.to_string(), "the rules /nowhere/gitleaks.toml could not be read");
}

#[test]
fn binary_and_large_files_are_not_read_and_that_is_told() {
    let rules = load(ACME).unwrap().largest(100);
    let cases = [
        (b"acme_1b2c3d4e".to_vec(), None),
        (b"acme_1b2c3d4e\0".to_vec(), Some(Unread::Binary)),
        ([b"acme_1b2c3d4e".as_slice(), &[b' '; 100]].concat(), Some(Unread::TooLarge)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(rules.unread(&bytes), expected);
        assert_eq!(rules.scan("a.ex", &bytes).is_empty(), expected.is_some());
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, path: String) {
        let _ = built_in().scan(&path, &bytes);
    }

    #[test]
    fn no_file_of_rules_panics(text: String) {
        let _ = File::read(&text);
    }

    /// Pieces of tokens, names and surroundings in any order.
    #[test]
    fn line_endings_never_change_what_is_found(parts in prop::collection::vec(0..PARTS.len(), 0..40)) {
        let text: String = parts.into_iter().map(|it| PARTS[it].concat()).collect();
        let unix = built_in().scan("lib/a.ex", text.as_bytes());
        let dos = built_in().scan("lib/a.ex", text.replace('\n', "\r\n").as_bytes());
        prop_assert_eq!(unix, dos);
    }
}

const PARTS: [[&str; 2]; 14] = [
    ["\n", ""],
    ["  ", "\n"],
    ["\"", ""],
    [" = ", "\""],
    ["api_", "key: "],
    ["pass", "word"],
    ["gl", "pat-8xQz3RvL1mTn5WyK7bDc"],
    ["q8Zr1mX0", "kLw93nVbTy"],
    ["-----BEGIN RSA ", "PRIVATE KEY-----\n"],
    ["MIIEpQIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi", "JjRazXBZ1BjP5CE/Wm/Rr500P\n"],
    ["postgres://", "shop:"],
    ["@db.", "shop.dev/"],
    ["# ", ""],
    ["\u{fc}", "\u{1f511}"],
];

fn built_in() -> &'static SecretRules {
    static RULES: std::sync::LazyLock<SecretRules> =
        std::sync::LazyLock::new(|| SecretRules::built_in().unwrap());
    &RULES
}

#[test]
fn every_expression_of_ours_can_be_compiled() {
    assert_eq!(SecretRules::built_in().unwrap().broken(), [""; 0]);
}
