//! Where the simulator listens: on loopback, unless somebody says in words that more is meant.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use sim_flyio::{Listen, SimConfig, SimError, SimFly};

use crate::stage::Stage;

async fn start(listen: Listen) -> Result<SimFly, SimError> {
    SimFly::start(SimConfig { listen, ..SimConfig::default() }).await
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused_unless_it_is_meant() {
    let everywhere = Listen { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), ..Listen::default() };
    let refused = start(everywhere).await.unwrap_err();
    assert!(matches!(refused, SimError::Exposed { .. }), "{refused}");
    assert!(refused.to_string().contains("say that it is meant"), "{refused}");
    let meant = start(Listen { exposed: true, ..everywhere }).await.unwrap();
    assert!(meant.api_url().starts_with("http://0.0.0.0:"));
}

#[tokio::test]
async fn every_port_is_on_loopback_and_those_that_are_asked_for_are_used() {
    let stage = Stage::new().await;
    let app = stage.sim.app_url("shop").await.unwrap();
    for url in [stage.sim.api_url(), stage.sim.proxy_url(), app] {
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let api_port = free.local_addr().unwrap().port();
    let taken = start(Listen { api_port, ..Listen::default() }).await.unwrap_err();
    assert!(matches!(taken, SimError::Bind { .. }), "{taken}");
    assert!(taken.to_string().contains(&api_port.to_string()), "{taken}");
    drop(free);
    let sim = start(Listen { api_port, ..Listen::default() }).await.unwrap();
    assert_eq!(sim.api_url(), format!("http://127.0.0.1:{api_port}"));
}
