//! From what the file says to what it means; every error points at its place.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sim_flyio::{Image, Listen, SimConfig};
use target_flyio::FlyToml;
use toml::Spanned;

use super::raw::{Raw, RawApp, RawImage, Settings, Text};
use super::{App, Like, World};
use crate::commands::sim::{app_name, fault, image};
use crate::config::malformed;
use crate::error::{ConfigError, SourceFile, chain};

type Checked<T> = Result<T, Box<ConfigError>>;

/// What a mistyped key gets for a hint.
const ALL_KEYS: &str = "examples/sim/apps.toml has every key with its meaning; \
                        `faults` stands above the first [table]";

/// Reads and checks a file.
pub(super) fn check(file: &SourceFile) -> Checked<World> {
    let raw: Raw = toml::from_str(&file.text).map_err(|error| malformed(file, &error, ALL_KEYS))?;
    let dir = file.path.parent().unwrap_or(Path::new(""));
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let check = Check { file, dir };
    Ok(World {
        config: check.settings(raw.settings)?,
        images: raw.images.iter().map(|it| check.image(it)).collect::<Checked<_>>()?,
        apps: raw.apps.iter().map(|(name, it)| check.app(name, it)).collect::<Checked<_>>()?,
        faults: raw.faults.iter().map(|it| check.fault(it)).collect::<Checked<_>>()?,
        env: raw.env,
    })
}

struct Check<'a> {
    file: &'a SourceFile,
    /// Where relative paths start.
    dir: PathBuf,
}

impl Check<'_> {
    fn settings(&self, raw: Settings) -> Checked<SimConfig> {
        let usual = SimConfig::default();
        let listen = Listen {
            ip: raw.listen.unwrap_or(usual.listen.ip),
            api_port: raw.api_port.unwrap_or_default(),
            proxy_port: raw.proxy_port.unwrap_or_default(),
            exposed: raw.expose_to_the_network,
        };
        let time = |written: Option<&Text>, usual| written.map_or(Ok(usual), |it| self.time(it));
        Ok(SimConfig {
            propagation: time(raw.propagation.as_ref(), usual.propagation)?,
            check_speed: raw.check_speed.map_or(Ok(usual.check_speed), |it| self.factor(&it))?,
            boot: time(raw.boot.as_ref(), usual.boot)?,
            listen,
            seed: raw.seed,
            starts_at: raw.starts_at.as_ref().map(|it| self.moment(it)).transpose()?,
            edge_region: raw.edge_region.unwrap_or(usual.edge_region),
            autostop_every: time(raw.autostop_every.as_ref(), usual.autostop_every)?,
            queue_timeout: time(raw.queue_timeout.as_ref(), usual.queue_timeout)?,
            log_dir: raw.log_dir.map(|it| self.dir.join(it)),
            rate_limits: raw.rate_limits.unwrap_or(usual.rate_limits),
            pins_pass_cordons: raw.pins_pass_cordons.unwrap_or(usual.pins_pass_cordons),
            journal: raw.journal.map(|it| self.dir.join(it)),
            token: usual.token,
        })
    }

    fn image(&self, written: &RawImage) -> Checked<Image> {
        let (raw, place) = (written.clone(), written.reference.span());
        let reference = raw.reference.get_ref();
        if reference.is_empty() || reference.contains(char::is_whitespace) {
            let why = "an image needs a name without spaces";
            return Err(self.error(Some(place), why).hint("such as registry.fly.io/shop:v1"));
        }
        let mut image = self.program(written)?.env(raw.env);
        image.workdir = raw.workdir.map(|it| self.dir.join(it));
        image.pullable = raw.pullable.unwrap_or(true);
        (image.boot_ms, image.oom_after_ms) = (raw.boot_ms, raw.oom_after_ms);
        if raw.inside || raw.bundled {
            image = image::named(image);
            image::behaves(&image).map_err(|why| self.error(Some(place), why))?;
        }
        Ok(image)
    }

    /// What machines of an image run: exactly one thing.
    fn program(&self, raw: &RawImage) -> Checked<Image> {
        let (reference, place) = (raw.reference.get_ref(), Some(raw.reference.span()));
        let words = !raw.command.is_empty() || !raw.entrypoint.is_empty();
        match (raw.inside, raw.bundled, words) {
            (true, false, false) => Ok(Image::inside(reference)),
            (false, true, false) => {
                image::bundled(reference).map_err(|error| self.error(place, error.to_string()))
            }
            (false, false, true) => {
                Ok(Image::new(reference, raw.command.clone()).entrypoint(raw.entrypoint.clone()))
            }
            (false, false, false) => Err(self
                .error(place, "nothing is said of what the machines of this image run")
                .hint("add inside = true, bundled = true, or command = [\"/path/to/program\"]")),
            _ => Err(self
                .error(place, "the machines of this image cannot run more than one thing")
                .hint("say one of inside, bundled, and command with or without entrypoint")),
        }
    }

    fn app(&self, name: &Text, raw: &RawApp) -> Checked<App> {
        if let Err(why) = app_name(name.get_ref()) {
            return Err(self.error(Some(name.span()), why));
        }
        let regions = self.regions(raw)?;
        let like = if raw.machines == 0 { Like::Nothing } else { self.like(name, raw)? };
        Ok(App { name: name.get_ref().clone(), machines: raw.machines, regions, like })
    }

    fn regions(&self, raw: &RawApp) -> Checked<Vec<String>> {
        let Some(regions) = &raw.regions else { return Ok(raw.region.iter().cloned().collect()) };
        let wrong = |why: &str| Err(self.error(Some(regions.span()), why));
        match (&raw.region, regions.get_ref().is_empty()) {
            (Some(_), _) => wrong("an app has `region` or `regions`, not both"),
            (None, true) => wrong("there is no region in it"),
            (None, false) => Ok(regions.get_ref().clone()),
        }
    }

    /// What its machines are like.
    fn like(&self, name: &Text, raw: &RawApp) -> Checked<Like> {
        let image = raw.image.as_ref().map(|it| it.get_ref().clone());
        let Some(path) = &raw.fly_toml else { return self.config(name, raw, image) };
        if raw.config.is_some() {
            let why = "an app has `fly_toml` or `config`, not both";
            return Err(self.error(Some(path.span()), why));
        }
        let toml = FlyToml::read(&self.dir.join(path.get_ref()))
            .map_err(|error| self.error(Some(path.span()), chain(&error)))?;
        let image = image.or_else(|| toml.build.image.clone());
        let image = image.ok_or_else(|| self.no_image(name))?;
        Ok(Like::FlyToml { toml: Box::new(toml), image })
    }

    fn config(&self, name: &Text, raw: &RawApp, image: Option<String>) -> Checked<Like> {
        let mut config = match &raw.config {
            Some(config) if config.get_ref().is_object() => config.get_ref().clone(),
            Some(config) => {
                return Err(self.error(Some(config.span()), "config is a table, as Fly.io has it"));
            }
            None => usual_config(),
        };
        if let Some(image) = image {
            config["image"] = json!(image);
        }
        if !config["image"].is_string() {
            return Err(self.no_image(name));
        }
        if config.get("metadata").is_none() {
            // Without it a machine is nobody's, and deploys pass it by.
            config["metadata"] =
                json!({ "fly_platform_version": "v2", "fly_process_group": "app" });
        }
        Ok(Like::Config(config))
    }

    fn no_image(&self, name: &Text) -> Box<ConfigError> {
        let what = format!("nothing is said of the image that {} runs", name.get_ref());
        self.error(Some(name.span()), what).hint("add image = \"registry.fly.io/…\"")
    }

    fn fault(&self, written: &Text) -> Checked<sim_flyio::Fault> {
        let (text, span) = (written.get_ref(), written.span());
        // The place within a text is known where it stands as it is: in its quotes, without escapes.
        let from = self.file.text[span.clone()].find(text.as_str());
        fault::read(text).map_err(|trouble| match from {
            Some(from) => trouble.within(self.file, span.start + from),
            None => trouble.of(self.file, span),
        })
    }

    fn time(&self, written: &Text) -> Checked<Duration> {
        let parsed = written.get_ref().parse::<jiff::SignedDuration>().ok();
        parsed.and_then(|it| Duration::try_from(it).ok()).ok_or_else(|| {
            let what = format!("`{}` is no length of time", written.get_ref());
            self.error(Some(written.span()), what)
                .hint("write it with a unit, such as \"300ms\", \"5s\" or \"2m\"")
        })
    }

    fn factor(&self, written: &Spanned<f64>) -> Checked<f64> {
        let number = *written.get_ref();
        if number.is_finite() && number > 0.0 {
            return Ok(number);
        }
        Err(self.error(Some(written.span()), "check_speed is a number above 0"))
    }

    fn moment(&self, written: &Text) -> Checked<jiff::Timestamp> {
        written.get_ref().parse().map_err(|_| {
            self.error(Some(written.span()), format!("`{}` is no time", written.get_ref()))
                .hint("write it as \"2026-03-25T14:32:00Z\"")
        })
    }

    fn error(&self, span: Option<Range<usize>>, message: impl Into<String>) -> Box<ConfigError> {
        ConfigError::at(self.file, span, message)
    }
}

/// A machine as `fly launch` makes it where nothing is said: one service that has to take connections.
fn usual_config() -> Value {
    json!({
        "guest": { "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 },
        "restart": { "policy": "on-failure", "max_retries": 10 },
        "services": [{
            "protocol": "tcp",
            "internal_port": 8080,
            "ports": [
                { "port": 80, "handlers": ["http"] },
                { "port": 443, "handlers": ["tls", "http"] },
            ],
            "checks": [{ "type": "tcp", "interval": "2s", "timeout": "1s", "grace_period": "1s" }],
        }],
    })
}
