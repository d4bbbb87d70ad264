//! Images as `--image` writes them.

use std::collections::BTreeMap;

use sim_flyio::Image;
use sim_flyio::app::Behaviour;

use crate::error::{CliError, chain};
use crate::exit::Exit;

type Variables = BTreeMap<String, String>;

/// The command that stands for the bundled small server as a process.
const BUNDLED: &str = "bundled";

/// The same within the simulator.
const INSIDE: &str = "inside";

/// The image that `REF=COMMAND` describes.
pub(super) fn of_argument(text: &str) -> Result<Image, CliError> {
    let (reference, command) = pair(text, "--image")?;
    if reference.is_empty() || command.trim().is_empty() {
        let what = format!("--image {text}: there is nothing on one side of the `=`");
        return Err(CliError::usage(what)
            .hint("write REF=COMMAND, REF=inside or REF=bundled, such as shop:v1=inside"));
    }
    let mut words = command.split_whitespace();
    let image = match words.next() {
        Some(BUNDLED) => bundled(&reference)?,
        Some(INSIDE) => Image::inside(&reference),
        _ => return Ok(Image::new(reference, command.split_whitespace())),
    };
    let own = words.map(|it| pair(it, "--image …=inside")).collect::<Result<Variables, _>>()?;
    let image = named(image.env(own));
    behaves(&image).map_err(|why| CliError::usage(format!("--image {text}: {why}")))?;
    Ok(image)
}

/// The bundled small server, as a process of this program.
pub(crate) fn bundled(reference: &str) -> Result<Image, CliError> {
    let this = std::env::current_exe()
        .map_err(|error| CliError::new(Exit::Bug, format!("this program's own path: {error}")))?;
    let entry = [this.display().to_string(), "__machine".into()];
    Ok(Image::new(reference, [""; 0]).entrypoint(entry))
}

/// The image with these variables, where it does not set them itself.
pub(super) fn surrounded(mut image: Image, env: &Variables) -> Result<Image, CliError> {
    for (name, value) in env {
        image.env.entry(name.clone()).or_insert_with(|| value.clone());
    }
    if image.inside {
        let what = |why| CliError::usage(format!("image {}: {why}", image.reference));
        behaves(&image).map_err(what)?;
    }
    Ok(image)
}

/// The small server calls itself by the tag of its image, if nothing else is said.
pub(super) fn named(mut image: Image) -> Image {
    let tag = image.reference.split('@').next().unwrap_or_default();
    let tag = tag.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    image.env.entry("APP_VERSION".into()).or_insert(tag);
    image
}

/// Whether the small server understands its environment.
pub(super) fn behaves(image: &Image) -> Result<(), String> {
    Behaviour::read(&image.env).map(|_| ()).map_err(|error| chain(&error))
}

/// `NAME=VALUE`
pub(crate) fn pair(text: &str, flag: &str) -> Result<(String, String), CliError> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        CliError::usage(format!("{flag} {text}: there is no `=` in it"))
            .hint(format!("write {flag} NAME=VALUE"))
    })?;
    Ok((name.into(), value.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_server_takes_variables_and_other_programs_take_words() {
        let env = Variables::from([("RELEASE_EXIT".into(), "2".into())]);
        let image = surrounded(of_argument("a:1=bundled RELEASE_EXIT=1").unwrap(), &env).unwrap();
        assert_eq!((&*image.env["RELEASE_EXIT"], &*image.env["APP_VERSION"]), ("1", "1"));
        assert!(image.command.is_empty() && image.entrypoint[1] == "__machine");
        let image = of_argument("host:5000/a=inside").unwrap();
        assert!(image.inside && image.env["APP_VERSION"] == "a");
        let image = surrounded(of_argument("a:1=/bin/sleep  9").unwrap(), &env).unwrap();
        assert_eq!((&*image.command, image.env), (&["/bin/sleep".into(), "9".into()][..], env));
    }

    #[test]
    fn what_cannot_run_is_refused_before_anything_starts() {
        for text in ["a:1", "a:1=", "=inside", "a:1=bundled quickly", "a:1=inside LATENCY_MS=slow"]
        {
            let error = of_argument(text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{text}");
            assert!(error.to_string().contains("--image"), "{text}: {error}");
        }
    }
}
