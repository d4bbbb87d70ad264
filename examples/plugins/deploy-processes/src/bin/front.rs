//! `front FOLDER 127.0.0.1:8080`: what users talk to. Start it once, and let it run.

use std::error::Error;

use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(address)) = (args.next(), args.next()) else {
        return Err("usage: front FOLDER ADDRESS, for example front shop 127.0.0.1:8080".into());
    };
    Ok(deploy_processes::serve(TcpListener::bind(address).await?, folder.into()).await?)
}
