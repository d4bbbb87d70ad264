//! What the `fly.toml` files say, with the lines that say it.

use std::path::Path;

use target_flyio::FlyToml;
use toml::de::{DeTable, DeValue};

use crate::commands::places::{line, text, value, values};
use crate::error::chain;

/// Something that a file says, and its line.
pub(super) type Told<T> = Option<(T, usize)>;

/// One `fly.toml`, or one `fly.NAME.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FlyFile {
    /// Its name.
    pub(super) name: String,
    pub(super) app: Told<String>,
    pub(super) strategy: Told<String>,
    /// Its first volume.
    pub(super) volume: Told<String>,
    /// The first port that it serves.
    pub(super) port: Told<i64>,
    pub(super) region: Told<String>,
    pub(super) release_command: Told<String>,
    /// An image that is not built.
    pub(super) image: Told<String>,
    /// The paths that Fly.io asks to see whether a machine is well.
    pub(super) checks: Vec<(String, usize)>,
    /// Why it cannot be deployed as it is.
    pub(super) trouble: Option<String>,
}

impl FlyFile {
    pub(super) fn read(path: &Path, name: &str, content: &str) -> Self {
        let trouble = FlyToml::parse(path, content).err().map(|it| chain(&it));
        let mut file = Self { name: name.to_owned(), trouble, ..Self::default() };
        let Ok(table) = DeTable::parse(content) else { return file };
        let table = table.get_ref();
        let said = |names: &[&str]| {
            let value = value(table, names)?;
            Some((text(value)?, line(content, value.span().start)))
        };
        file.app = said(&["app"]).filter(|(it, _)| !it.trim().is_empty());
        file.strategy = said(&["deploy", "strategy"]);
        file.region = said(&["primary_region"]);
        file.release_command = said(&["deploy", "release_command"]);
        file.image = said(&["build", "image"]);
        file.volume = said(&["mounts", "source"]).or_else(|| said(&["mounts", "destination"]));
        let ports = [["http_service", "internal_port"], ["services", "internal_port"]];
        file.port = ports.iter().find_map(|names| {
            let value = value(table, names)?;
            let DeValue::Integer(port) = value.get_ref() else { return None };
            Some((port.as_str().parse().ok()?, line(content, value.span().start)))
        });
        let checks: [&[&str]; 3] = [
            &["http_service", "checks", "path"],
            &["services", "http_checks", "path"],
            &["checks", "*", "path"],
        ];
        let checks = checks.iter().flat_map(|names| values(table, names));
        file.checks =
            checks.filter_map(|it| Some((text(it)?, line(content, it.span().start)))).collect();
        file.checks.retain(|(path, _)| path.starts_with('/'));
        file
    }

    /// What an environment that is deployed with it would be called, and why.
    pub(super) fn environment(&self) -> (String, String) {
        let inner = self.name.strip_prefix("fly.").and_then(|it| it.strip_suffix(".toml"));
        if let Some(name) = inner.filter(|it| !it.is_empty()) {
            return (name.to_owned(), format!("the name of {}", self.name));
        }
        let app = self.app.as_ref().map_or("", |(app, _)| app);
        let last = app.rsplit(['-', '_']).next().unwrap_or_default();
        let name = match last {
            "staging" | "stage" | "stg" => "staging",
            "dev" | "development" => "dev",
            "test" | "qa" | "preview" | "demo" | "sandbox" | "uat" => last,
            _ => "production",
        };
        let why = if last == app || name == "production" && !last.starts_with("prod") {
            "a guess: nothing in the name of the app says otherwise".to_owned()
        } else {
            "the end of the app's name".to_owned()
        };
        (name.to_owned(), why)
    }
}

/// Is the environment of this name one that users depend on?
pub(super) fn is_production(environment: &str) -> bool {
    matches!(environment, "production" | "prod" | "live")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, content: &str) -> FlyFile {
        FlyFile::read(Path::new(name), name, content)
    }

    #[test]
    fn what_a_file_says_is_found_with_its_line() {
        let fly = read("fly.toml", include_str!("../../../shop/fly.toml"));
        assert_eq!(fly.app, Some(("shop-staging".into(), 2)));
        assert_eq!(fly.strategy, Some(("bluegreen".into(), 13)));
        assert_eq!(fly.port, Some((8080, 19)));
        assert_eq!(fly.checks, [("/api/v1/health".into(), 32)]);
        assert_eq!((fly.volume, fly.trouble), (None, None));
        let old = "app = 'a'\n[[mounts]]\nsource = 'data'\ndestination = '/data'\n[[services]]\ninternal_port = 4000\n[[services.http_checks]]\npath = '/up'\n[checks.own]\ntype = 'http'\npath = '/own'\n";
        let fly = read("fly.toml", old);
        assert_eq!((fly.volume, fly.port), (Some(("data".into(), 3)), Some((4000, 6))));
        assert_eq!(fly.checks, [("/up".into(), 8), ("/own".into(), 11)]);
    }

    #[test]
    fn an_environment_has_the_name_of_its_file_or_of_the_end_of_its_app() {
        for (file, app, name) in [
            ("fly.toml", "shop-staging", "staging"),
            ("fly.toml", "shop", "production"),
            ("fly.toml", "shop_prod", "production"),
            ("fly.toml", "shop-qa", "qa"),
            ("fly.toml", "staging", "staging"),
            ("fly.staging.toml", "shop", "staging"),
            ("fly.eu west.toml", "shop", "eu west"),
        ] {
            let fly = read(file, &format!("app = \"{app}\"\n"));
            assert_eq!(fly.environment().0, name, "{file} {app}");
        }
    }

    #[test]
    fn a_broken_file_says_where() {
        let fly = read("fly.toml", "app = \"a\"\n[http_service]\ninternal_port = \"x\"\n");
        assert!(
            fly.trouble.as_deref().unwrap_or_default().starts_with("fly.toml:3:17: "),
            "{fly:?}"
        );
        let fly = read("fly.toml", "app = [\n");
        assert!(fly.trouble.is_some() && fly.app.is_none(), "{fly:?}");
    }
}
