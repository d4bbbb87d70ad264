//! Requests without their secrets.

use std::fmt;

use super::hook::ApiRequest;

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With a percent sign, the name of the path may be written in another way.
        let secret = self.path.contains("/secrets") || self.path.contains('%');
        f.debug_struct("ApiRequest")
            .field("seq", &self.seq)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("body", &self.body.as_ref().filter(|_| !secret))
            .field("phase", &self.phase)
            .field("status", &self.status)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Phase;

    #[test]
    fn the_bodies_of_calls_about_secrets_are_not_shown() {
        let shown = |path: &str| {
            let request = ApiRequest {
                seq: 1,
                method: "POST".into(),
                path: path.into(),
                query: String::new(),
                body: Some(json!({ "value": "hush" })),
                phase: Phase::Before,
                status: None,
            };
            format!("{request:?}")
        };
        for path in ["/v1/apps/shop/secrets", "/v1/apps/shop/secrets/TOKEN"] {
            assert!(!shown(path).contains("hush"));
        }
        assert!(shown("/v1/apps/shop/machines").contains("hush"));
    }
}
