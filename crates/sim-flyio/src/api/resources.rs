//! The routes of everything that is not a machine: volumes, secrets, addresses, places, tokens.

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, post, put},
};

use super::{Api, ips, platform, secrets, volumes};

/// To be merged into the routes of version 1.
pub(super) fn routes() -> Router<Arc<Api>> {
    let of_app = Router::new()
        .route("/volumes", get(volumes::list).post(volumes::create))
        .route("/volumes/{volume}", get(volumes::read).put(volumes::update).delete(volumes::delete))
        .route("/volumes/{volume}/extend", put(volumes::extend))
        .route("/volumes/{volume}/snapshots", get(volumes::snapshots).post(volumes::snapshot))
        .route("/secrets", get(secrets::list).post(secrets::write))
        .route("/secrets/{name}", get(secrets::read).post(secrets::set).delete(secrets::remove))
        .route("/ip_assignments", get(ips::list).post(ips::assign))
        .route("/ip_assignments/{ip}", delete(ips::release))
        .route("/deploy_token", post(platform::deploy_token));
    Router::new()
        .nest("/apps/{app}", of_app)
        .route("/orgs/{org}/machines", get(platform::org_machines))
        .route("/orgs/{org}/volumes", get(platform::org_volumes))
        .route("/platform/regions", get(platform::regions))
        .route("/platform/placements", post(platform::placements))
        .route("/tokens/current", get(platform::current_token))
}
