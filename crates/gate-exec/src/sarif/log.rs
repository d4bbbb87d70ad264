//! What of a SARIF log is read. All else is skipped, and what should be a list may be `null`.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Log {
    pub(super) version: Option<String>,
    pub(super) runs: Option<Vec<Run>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) tool: Tool,
    /// `null`, or not there: the tool has not looked. An empty list: it has looked and found nothing.
    pub(super) results: Option<Vec<SarifResult>>,
    invocations: Option<Vec<Invocation>>,
    pub(super) artifacts: Option<Vec<Artifact>>,
    pub(super) original_uri_base_ids: Option<BTreeMap<String, ArtifactLocation>>,
}

impl Run {
    pub(super) fn invocations(&self) -> impl Iterator<Item = &Invocation> {
        self.invocations.iter().flatten()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    pub(super) driver: Component,
    pub(super) extensions: Option<Vec<Component>>,
}

/// The tool itself, or a package of rules for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub(super) name: Option<String>,
    pub(super) rules: Option<Vec<Rule>>,
    pub(super) global_message_strings: Option<BTreeMap<String, Message>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: Option<String>,
    pub(super) short_description: Option<Message>,
    pub(super) message_strings: Option<BTreeMap<String, Message>>,
    pub(super) default_configuration: Option<Configuration>,
    pub(super) help_uri: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    pub(super) level: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult {
    rule_id: Option<String>,
    rule_index: Option<f64>,
    rule: Option<RuleReference>,
    pub(super) level: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) message: Option<Message>,
    pub(super) locations: Option<Vec<Location>>,
    pub(super) suppressions: Option<Vec<Suppression>>,
    pub(super) baseline_state: Option<String>,
}

impl SarifResult {
    /// The name of its rule, where the result says it itself.
    pub(super) fn id(&self) -> Option<&str> {
        self.rule_id.as_deref().or_else(|| self.rule.as_ref()?.id.as_deref())
    }

    /// The place of its rule among the rules of its component.
    pub(super) fn index(&self) -> Option<usize> {
        index(self.rule_index).or_else(|| index(self.rule.as_ref()?.index))
    }

    pub(super) fn component(&self) -> Option<&ComponentReference> {
        self.rule.as_ref()?.tool_component.as_ref()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference {
    id: Option<String>,
    index: Option<f64>,
    tool_component: Option<ComponentReference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComponentReference {
    pub(super) name: Option<String>,
    index: Option<f64>,
}

impl ComponentReference {
    pub(super) fn index(&self) -> Option<usize> {
        index(self.index)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) text: Option<String>,
    pub(super) markdown: Option<String>,
    pub(super) id: Option<String>,
    pub(super) arguments: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Suppression {
    pub(super) status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) physical_location: Option<PhysicalLocation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: Option<ArtifactLocation>,
    pub(super) region: Option<Region>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub(super) uri: Option<String>,
    pub(super) uri_base_id: Option<String>,
    index: Option<f64>,
}

impl ArtifactLocation {
    pub(super) fn index(&self) -> Option<usize> {
        index(self.index)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub(super) location: Option<ArtifactLocation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: Option<f64>,
    pub(super) start_column: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    execution_successful: Option<bool>,
    tool_execution_notifications: Option<Vec<Notification>>,
    tool_configuration_notifications: Option<Vec<Notification>>,
}

impl Invocation {
    /// Says it that it did not work?
    pub(super) fn failed(&self) -> bool {
        self.execution_successful == Some(false)
    }

    pub(super) fn notifications(&self) -> impl Iterator<Item = &Notification> {
        let lists = [&self.tool_execution_notifications, &self.tool_configuration_notifications];
        lists.into_iter().flatten().flatten()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Notification {
    pub(super) level: Option<String>,
    pub(super) message: Option<Message>,
    pub(super) locations: Option<Vec<Location>>,
}

/// Numbers are read as they come: some tools write -1 or 0 where they know none.
fn index(number: Option<f64>) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is looked at")]
    number.filter(|it| *it >= 0.0 && *it <= f64::from(u32::MAX)).map(|it| it as usize)
}

/// A line or a column, from 1.
pub(super) fn position(number: Option<f64>) -> Option<u32> {
    index(number).and_then(|it| u32::try_from(it).ok()).filter(|it| *it > 0)
}
