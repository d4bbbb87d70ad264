//! Faults at calls whatever route they have: everything behind `call::around` meets them.

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, middleware, routing::patch};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::{Api, call};
use crate::{SimConfig, journal::Journal, runtime::Platform};

#[tokio::test]
async fn the_change_of_a_release_fails_as_often_as_the_fault_says() {
    let platform = Platform::new(SimConfig::default(), Journal::default());
    let api = Arc::new(Api::new(Arc::clone(&platform), Arc::default()));
    let router = Router::new()
        .route("/api/v1/releases/{id}", patch(async || "{}"))
        .layer(middleware::from_fn_with_state(api, call::around));
    platform.inject("release-update@1-2=500".parse().unwrap());
    platform.inject("release-update@1=504-after".parse().unwrap());
    let service = TowerToHyperService::new(router);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let request =
            Request::patch("/api/v1/releases/r1").header("authorization", "Bearer sim-token");
        let response = service.call(request.body(Body::empty()).unwrap()).await.unwrap();
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [500, 500, 504, 200]);
    let faults: Vec<_> = platform.journal.calls().into_iter().map(|call| call.fault).collect();
    let named = |text: &str| Some(text.to_owned());
    let (first, second) = ("release-update@1-2=500", "release-update@1=504-after");
    assert_eq!(faults, [named(first), named(first), named(second), None]);
}
