//! What is known of a run beside its events.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use pipeline_core::Account;

/// What is known of a run beside its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What was done and where, such as `deploy staging`: few different ones.
    pub pipeline: String,
    /// The environment, if the command has one.
    pub environment: Option<String>,
    /// The address of the CI job that did it.
    pub url: Option<String>,
    /// The exit code of the command.
    pub exit_code: u8,
    /// The version of the pipeline itself.
    pub version: String,
}

impl About {
    /// Attributes of the run as a whole, for its span and for the resource.
    pub(crate) fn attributes(&self, account: &Account) -> Vec<KeyValue> {
        let revision = account.release.as_ref().and_then(|it| it.revision.clone());
        let known = [
            ("cicd.pipeline.name", Some(self.pipeline.clone())),
            ("cicd.pipeline.run.id", account.run.as_ref().map(ToString::to_string)),
            ("cicd.pipeline.run.url.full", self.url.clone()),
            ("deployment.environment.name", self.environment.clone()),
            ("vcs.ref.head.revision", revision),
        ];
        known.into_iter().filter_map(|(name, it)| Some(KeyValue::new(name, it?))).collect()
    }

    /// Who tells: `service.name` is `pipeline`, unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` say otherwise.
    pub(crate) fn resource(&self, account: &Account) -> Resource {
        let own = Resource::builder_empty()
            .with_attribute(KeyValue::new("service.name", "pipeline"))
            .build();
        let said = Resource::builder().build();
        let unknown = |name: &str| name.starts_with("unknown_service");
        let name = opentelemetry::Key::from_static_str("service.name");
        let named = said.get(&name).filter(|it| !unknown(&it.as_str()));
        let service = named.or_else(|| own.get(&name)).unwrap_or_else(|| "pipeline".into());
        Resource::builder()
            .with_service_name(service)
            .with_attribute(KeyValue::new("service.version", self.version.clone()))
            .with_attributes(self.attributes(account))
            .build()
    }
}
