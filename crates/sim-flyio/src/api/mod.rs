//! The Machines API over HTTP: routes, authentication, journal, faults.

mod apps;
mod call;
mod control;
mod exec;
mod faults;
mod faulty;
mod graphql;
mod hook;
mod ips;
mod leases;
mod limit;
mod machines;
mod metadata;
mod platform;
mod redact;
mod reply;
mod request;
mod resources;
mod secrets;
mod serve;
mod volumes;
mod wait;
mod web;

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post},
};

pub(crate) use hook::Hook;
pub use hook::{ApiRequest, Phase, Verdict};
pub(crate) use serve::serve;

use crate::{proxy::Ledgers, runtime::Platform};

/// What the routes share.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) platform: Arc<Platform>,
    pub(crate) ledgers: Arc<Ledgers>,
    pub(crate) hook: Mutex<Option<Hook>>,
    limits: limit::Limits,
}

impl Api {
    pub(crate) fn new(platform: Arc<Platform>, ledgers: Arc<Ledgers>) -> Self {
        Self { platform, ledgers, hook: Mutex::default(), limits: limit::Limits::default() }
    }
}

pub(crate) fn router(api: Arc<Api>) -> Router {
    let machine = Router::new()
        .route("/", get(machines::read).post(machines::update).delete(machines::destroy))
        .route("/start", post(machines::start))
        .route("/stop", post(machines::stop))
        .route("/restart", post(machines::restart))
        .route("/suspend", post(machines::suspend))
        .route("/signal", post(machines::signal))
        .route("/cordon", post(machines::cordon))
        .route("/uncordon", post(machines::uncordon))
        .route("/wait", get(wait::wait))
        .route("/events", get(machines::events))
        .route("/versions", get(machines::versions))
        .route("/exec", post(exec::exec))
        .route("/ps", get(exec::ps))
        .route("/lease", get(leases::read).post(leases::acquire).delete(leases::release))
        .route("/metadata", get(metadata::all).patch(metadata::patch).put(metadata::patch))
        .route("/metadata/{key}", get(metadata::one).post(metadata::set).delete(metadata::remove));
    let v1 = Router::new()
        .route("/apps", get(apps::list).post(apps::create))
        .route("/apps/{app}", get(apps::read).delete(apps::delete))
        .route("/apps/{app}/machines", get(machines::list).post(machines::create))
        .nest("/apps/{app}/machines/{machine}", machine)
        .merge(resources::routes())
        .fallback(call::not_simulated)
        .method_not_allowed_fallback(call::not_simulated)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), limit::limited))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), call::around));
    let web = web::router().layer(middleware::from_fn_with_state(Arc::clone(&api), call::around));
    let control = Router::new()
        .route("/images", post(control::register_image))
        .route("/apps", post(control::create_app))
        .route("/ledger", get(control::ledger))
        .route("/machines", get(control::machines))
        .route("/journal", get(control::journal))
        .route("/faults", get(faults::list).post(faults::inject).delete(faults::clear))
        .route("/faults/{id}", delete(faults::remove))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), call::only_with_token));
    let all = Router::new().nest("/v1", v1).nest("/_sim", control).merge(web);
    let limit = DefaultBodyLimit::max(call::BODY_MAX);
    all.fallback(call::not_simulated).layer(limit).with_state(api)
}

#[cfg(test)]
mod tests;
