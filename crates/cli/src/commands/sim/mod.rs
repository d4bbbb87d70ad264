//! `pipeline sim`: the simulated Fly.io alone, until it is interrupted.

mod fault;
mod file;
mod fleet;
mod image;
mod surroundings;
mod told;
mod warnings;

pub(crate) use fault::{of_arguments as faults, told as faults_told};
pub(crate) use fleet::Fleet;
pub(crate) use image::{bundled, pair};
pub(crate) use surroundings::inside;
pub(crate) use warnings::show as show_warnings;

use std::collections::BTreeSet;
use std::process::ExitCode;

use sim_flyio::{Listen, SimConfig, SimFly};
use uuid::Uuid;

use crate::app::App;
use crate::args::{Knobs, Sim};
use crate::commands::scratch::Scratch;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::render::Tone;
use crate::signals;
use file::{Like, World};
use told::Told;

pub(crate) async fn run(app: &App, args: Sim) -> Result<Exit, CliError> {
    let world = world(app, args)?;
    let home = Scratch::new("pipeline-sim-")?;
    warnings::show(app);
    let sim = start(world.config.clone()).await?;
    // One for all of it: a signal that comes between two of them would be nobody's.
    let mut asked = std::pin::pin!(signals::either());
    let ready = tokio::select! {
        biased;
        exit = &mut asked => {
            sim.shutdown().await;
            return Ok(exit);
        }
        ready = people(app, &sim, &world) => ready,
    };
    let (digests, urls) = match ready {
        Ok(made) => made,
        Err(error) => {
            sim.shutdown().await;
            return Err(error);
        }
    };
    let told = Told { sim: &sim, world: &world, digests, urls, home: home.path() };
    told.ready(app)?;
    for fault in world.faults.clone() {
        sim.inject(fault);
    }
    if !world.config.listen.ip.is_loopback() {
        let text = "  ! exposed: other hosts reach it at an address of this one, with its token";
        app.say(Tone::Warn, text);
    }
    app.mention(Tone::Dim, "the simulator runs until it is interrupted");
    asked.await;
    told.end(app);
    sim.shutdown().await;
    Ok(Exit::Good)
}

/// (internal) Be a machine: the bundled small server, which behaves as its environment says.
pub(crate) async fn machine(app: &App) -> Result<ExitCode, CliError> {
    let served = sim_flyio::app::serve(app.around.vars.clone()).await;
    served.map_err(|error| CliError::new(Exit::Bug, chain(&error)))
}

pub(crate) async fn start(config: SimConfig) -> Result<SimFly, CliError> {
    SimFly::start(config).await.map_err(|error| broken(&error))
}

pub(crate) fn broken(error: &dyn std::error::Error) -> CliError {
    CliError::new(Exit::Unreachable, format!("the simulator: {}", chain(error)))
}

/// A seed, made up if there is none, so that it can be told and the same chance be had again.
pub(crate) fn seed(said: Option<u64>) -> u64 {
    // The last bits of such an id are random; few of them are easily typed.
    said.unwrap_or_else(|| Uuid::now_v7().as_u64_pair().1 & 0xff_ffff)
}

/// Whether the platform takes this as the name of an application.
fn app_name(name: &str) -> Result<(), String> {
    let allowed = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    let whole = name.starts_with(|it: char| it.is_ascii_alphanumeric()) && !name.ends_with('-');
    if whole && name.chars().all(allowed) {
        return Ok(());
    }
    Err(format!("`{name}` is no name of an app: it has a-z, 0-9 and dashes between them"))
}

/// What the file and the arguments say together.
fn world(app: &App, args: Sim) -> Result<World, CliError> {
    let mut world = match &args.file {
        Some(path) => World::read(&app.around.cwd.join(path))?,
        None => World::default(),
    };
    for text in &args.env {
        let (name, value) = pair(text, "--env")?;
        world.env.insert(name, value);
    }
    for text in &args.images {
        world.images.push(image::of_argument(text)?);
    }
    let images = std::mem::take(&mut world.images).into_iter();
    world.images = images.map(|it| image::surrounded(it, &world.env)).collect::<Result<_, _>>()?;
    let known: BTreeSet<String> = world.apps.iter().map(|it| it.name.clone()).collect();
    for name in args.apps {
        app_name(&name).map_err(|why| CliError::usage(format!("--app: {why}")))?;
        if !known.contains(&name) {
            world.apps.push(file::App::empty(name));
        }
    }
    world.faults.extend(fault::of_arguments(&args.faults)?);
    turn(app, &mut world.config, args.knobs)?;
    Ok(world)
}

/// What the arguments say of the settings goes before what the file says.
fn turn(app: &App, config: &mut SimConfig, knobs: Knobs) -> Result<(), CliError> {
    let path = |path: std::path::PathBuf| app.around.cwd.join(path);
    config.seed = Some(seed(knobs.seed.or(config.seed)));
    config.check_speed = knobs.check_speed.unwrap_or(config.check_speed);
    config.propagation = knobs.propagation.unwrap_or(config.propagation);
    config.boot = knobs.boot.unwrap_or(config.boot);
    config.rate_limits |= knobs.rate_limits;
    config.journal = knobs.journal.map(path).or(config.journal.take());
    config.log_dir = knobs.log_dir.map(path).or(config.log_dir.take());
    let said = config.listen;
    config.listen = Listen {
        ip: knobs.listen.unwrap_or(said.ip),
        api_port: knobs.api_port.unwrap_or(said.api_port),
        proxy_port: knobs.proxy_port.unwrap_or(said.proxy_port),
        exposed: said.exposed || knobs.expose_to_the_network,
    };
    let Listen { ip, exposed, .. } = config.listen;
    if ip.is_loopback() {
        return Ok(());
    }
    if !exposed {
        let what =
            format!("{ip} can be reached from other hosts, and the simulator starts programs");
        return Err(CliError::usage(what)
            .hint("leave --listen out, or say --expose-to-the-network if that is meant"));
    }
    // The usual token is no secret.
    config.token = format!("sim-{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple());
    Ok(())
}

/// Makes the images and the applications with their machines. Gives the digest of each image and the address of
/// each application.
async fn people(
    app: &App,
    sim: &SimFly,
    world: &World,
) -> Result<(Vec<String>, Vec<String>), CliError> {
    let digests = world.images.iter().map(|it| sim.register_image(it.clone())).collect();
    let mut urls = Vec::new();
    for one in &world.apps {
        sim.create_app(&one.name);
        urls.push(sim.app_url(&one.name).await.map_err(|error| broken(&error))?);
    }
    for one in &world.apps {
        let fleet = Fleet::of(sim, &one.name)?;
        fill(&fleet, one).await?;
        for late in fleet.settled().await {
            app.say(Tone::Warn, &format!("  ! {}: machine {late}", one.name));
        }
    }
    Ok((digests, urls))
}

async fn fill(fleet: &Fleet<'_>, app: &file::App) -> Result<(), CliError> {
    match &app.like {
        Like::Nothing => Ok(()),
        Like::FlyToml { toml, image } => {
            let mut toml = (**toml).clone();
            toml.primary_region = app.regions.first().cloned().or(toml.primary_region);
            fleet.deploy(toml, image).await?;
            fleet.scale(app.machines, &app.regions).await
        }
        Like::Config(config) => {
            for number in 0..app.machines as usize {
                fleet.create(config, fleet::turn(&app.regions, number)).await?;
            }
            Ok(())
        }
    }
}
