//! Does an image exist, and what does its name mean now? Asked as `fly deploy --image` asks (fly-go: apps).

use reqwest::Method;
use serde_json::{Value, json};

use super::Platform;
use crate::api::client::Call;
use crate::api::error::ApiError;
use crate::api::retry::Class;

/// The question. Fly.io goes by its fields, not by its layout.
const QUERY: &str = "query ($appName: String!, $imageRef: String!) { app(name: $appName) { id \
                     image(ref: $imageRef) { id digest ref compressedSize: compressedSizeFull } } }";

/// An image that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// What is to be deployed, as Fly.io spells it.
    pub reference: String,
    /// `sha256:…`, the one that the reference means now.
    pub digest: String,
}

impl Platform {
    /// The image of a reference; `None` is Fly.io's word that there is none.
    ///
    /// # Errors
    /// When it could not be told whether there is one.
    pub async fn image(&self, reference: &str) -> Result<Option<FoundImage>, ApiError> {
        let what = format!("look for the image {reference}");
        let call = Call::new(Method::POST, &what, "/graphql");
        let variables = json!({"appName": self.graphql.app, "imageRef": reference});
        let body = json!({"query": QUERY, "variables": variables});
        // A question, although it is posted.
        let call = Call { body: Some(body), class: Class::Read, ..call };
        let answer: Value = self.graphql.send(&call).await?;
        found(&answer, &self.graphql.words(&call))
    }
}

/// Reads the answer. Only an answer without errors, about an app that is there, says that there is none.
fn found(answer: &Value, call: &str) -> Result<Option<FoundImage>, ApiError> {
    let call = || call.to_owned();
    if let Some(first) = answer["errors"].as_array().and_then(|all| all.first()) {
        let message = first["message"].as_str().unwrap_or("no reason was given").to_owned();
        return Err(match first["extensions"]["code"].as_str() {
            Some("NOT_FOUND") => ApiError::NotFound { call: call(), message },
            Some("UNAUTHORIZED") => ApiError::Unauthorized { call: call(), message },
            _ => ApiError::Unanswered { call: call(), message },
        });
    }
    let image = answer["data"]["app"].as_object().and_then(|app| app.get("image"));
    let text = |key: &str| image.and_then(|it| it[key].as_str()).filter(|it| !it.is_empty());
    match (image, text("ref"), text("digest")) {
        (Some(Value::Null), ..) => Ok(None),
        (Some(_), Some(reference), Some(digest)) => {
            Ok(Some(FoundImage { reference: reference.to_owned(), digest: digest.to_owned() }))
        }
        _ => {
            let message = "the answer names neither an image nor that there is none".to_owned();
            Err(ApiError::Unanswered { call: call(), message })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_image_is_told_apart_from_no_answer() {
        let read = |answer: Value| match found(&answer, "look") {
            Ok(Some(image)) => format!("{} {}", image.reference, image.digest),
            Ok(None) => "none".to_owned(),
            Err(error) => error.to_string(),
        };
        let unclear =
            "look: Fly.io has no answer: the answer names neither an image nor that there is none";
        let table = [
            (
                json!({"data": {"app": {"id": "a", "image": {"ref": "r:v1", "digest": "sha256:1"}}}}),
                "r:v1 sha256:1",
            ),
            (json!({"data": {"app": {"id": "a", "image": null}}}), "none"),
            (json!({"data": {"app": {"id": "a", "image": {"ref": "r:v1"}}}}), unclear),
            (json!({"data": {"app": {"id": "a"}}}), unclear),
            (json!({"data": {"app": null}}), unclear),
            (json!({}), unclear),
            (Value::Null, unclear),
            (
                json!({"data": {"app": {"id": "a", "image": null}}, "errors": [{"message": "registry is down"}]}),
                "look: Fly.io has no answer: registry is down",
            ),
            (
                json!({"data": {"app": null}, "errors": [{"message": "Could not find App", "extensions": {"code": "NOT_FOUND"}}]}),
                "look: Could not find App",
            ),
            (
                json!({"errors": [{"message": "no", "extensions": {"code": "UNAUTHORIZED"}}]}),
                "look: Fly.io does not accept the token: no",
            ),
        ];
        for (answer, wanted) in table {
            assert_eq!(read(answer.clone()), wanted, "{answer}");
        }
    }
}
