use std::time::{Duration, Instant};
use sim_flyio::*;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speed() {
    let client = { let _ = rustls::crypto::ring::default_provider().install_default(); reqwest::Client::builder().no_proxy().build().unwrap() };
        let sim = SimFly::start(SimConfig { boot: Duration::from_millis(1), propagation: Duration::from_millis(10), ..SimConfig::default() }).await.unwrap();
        sim.create_app("shop");
        sim.register_image(Image { reference: "shop:v1".into(), command: vec![env!("CARGO_BIN_EXE_sim-app").into()], env: [].into(), pullable: true });
        for _ in 0..3 {
            let r = client.post(format!("{}/v1/apps/shop/machines", sim.api_url())).bearer_auth(sim.token())
                .json(&serde_json::json!({"config": {"image": "shop:v1", "services": [{"internal_port": 8080, "checks": [{"type":"http","path":"/api/v1/health"}]}]}})).send().await.unwrap();
            assert_eq!(r.status(), 200);
        }
        let url = sim.app_url("shop").await.unwrap();
        while client.get(&url).send().await.unwrap().status() != 200 { tokio::time::sleep(Duration::from_millis(1)).await; }
    let t = Instant::now();
    for _ in 0..500 { assert_eq!(client.get(&url).send().await.unwrap().status(), 200); }
    println!("proxy: {:?} per request", t.elapsed() / 500);
    let t = Instant::now();
    for _ in 0..500 { assert_eq!(client.get(format!("{}/v1/apps/shop/machines", sim.api_url())).bearer_auth(sim.token()).send().await.unwrap().status(), 200); }
    println!("api: {:?} per request", t.elapsed() / 500);
    println!("{:?}", sim.ledger("shop").longest_gap);
}
