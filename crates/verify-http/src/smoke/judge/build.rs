//! Which build answered? What an application says of itself is compared with what was deployed.

use pipeline_core::{Context, Deployment, Phase, Side};

use super::Flaw;
use crate::config::{Echo, Echoed, SmokeCheck};
use crate::expect::clip;
use crate::redact::Secrets;
use crate::response::Response;

/// The fewest characters by which a commit is known.
const SHORT_REVISION: usize = 7;

/// The build that an answer should come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// From this one.
    This(String),
    /// From one that nobody here knows, and this is why. What the answer says is told, not compared.
    Any(&'static str),
    /// It should be known and is not: nobody can tell.
    Unknown(&'static str),
}

enum Agreement {
    Yes,
    No,
    CannotTell,
}

/// The build that must answer at a place, which is one instance or where users' requests go.
pub(crate) fn wanted(
    what: Echoed,
    one_instance: bool,
    deployment: &Deployment,
    cx: &Context,
) -> Wanted {
    let any = |side| deployment.instances.iter().any(|it| it.side == side && it.serving);
    let new = deployment.instances.iter().any(|it| it.side == Side::New);
    if new && !one_instance && any(Side::Old) {
        return Wanted::Any("old machines answer there, too");
    }
    let unlisted = deployment.instances.is_empty() && deployment.version == cx.release().version;
    if cx.phase() != Phase::Restore && (new || unlisted) {
        return released(what, deployment, cx);
    }
    // What runs is an old build, of which the target knows less. Its commit may even be that of the release which
    // was taken back: the same one deployed twice.
    let known = match what {
        Echoed::Version => Some(deployment.version.clone()),
        Echoed::Image => deployment.artifact.clone(),
        Echoed::Revision => None,
    };
    match known.filter(|it| !it.is_empty() && it != "unknown") {
        Some(known) => Wanted::This(known),
        None => Wanted::Any("the target does not say what the running build is"),
    }
}

fn released(what: Echoed, deployment: &Deployment, cx: &Context) -> Wanted {
    let known = match what {
        Echoed::Version => Some(cx.release().version.clone()),
        Echoed::Revision => cx.release().revision.clone(),
        Echoed::Image => {
            let built = cx.artifact().map(|it| it.reference.clone());
            built.or_else(|| deployment.artifact.clone())
        }
    };
    let unknown = match what {
        Echoed::Revision => "the commit of this release is not known; deploy from a git checkout",
        _ => "the release does not say what it is",
    };
    known.map_or(Wanted::Unknown(unknown), Wanted::This)
}

impl Wanted {
    /// What is wrong with what the answer says of its build.
    pub(super) fn flaw(
        &self,
        check: &SmokeCheck,
        response: &Response,
        secrets: &Secrets,
    ) -> Option<Flaw> {
        let echo = check.echo.as_ref()?;
        if let Self::Unknown(why) = self {
            return Some(Flaw::unclear(format!("which build answered cannot be told: {why}")));
        }
        let said = match said(echo, response) {
            Ok(said) => said,
            Err(why) => return Some(silent(echo, &why)),
        };
        let Self::This(wanted) = self else { return None };
        let (what, place) = (echo.what.name(), &echo.place);
        let shown = clip(&secrets.strike(&said));
        match agrees(echo.what, &said, wanted) {
            Agreement::Yes => None,
            Agreement::No => Some(Flaw::refused(format!(
                "another build answers: its {what} ({place}) is {shown}, wanted {wanted}"
            ))),
            Agreement::CannotTell => Some(Flaw::unclear(format!(
                "its {what} ({place}) is {shown}, which cannot be compared with {wanted}"
            ))),
        }
    }

    /// What the answer says of its build, where all is well with it.
    pub(super) fn told(
        &self,
        check: &SmokeCheck,
        response: &Response,
        secrets: &Secrets,
    ) -> Option<String> {
        if self.flaw(check, response, secrets).is_some() {
            return None;
        }
        let echo = check.echo.as_ref()?;
        let (what, said) = (echo.what.name(), said(echo, response).ok()?);
        let said = clip(&secrets.strike(&said));
        Some(match self {
            Self::Any(why) => format!(" from {what} {said} (not compared: {why})"),
            _ => format!(" from {what} {said}"),
        })
    }
}

/// The one thing that the answer says.
fn said(echo: &Echo, response: &Response) -> Result<String, String> {
    let all = echo.place.all(response).map_err(|error| error.to_string())?;
    let mut all = all.into_iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    let Some(first) = all.next() else { return Err(format!("{} is not there", echo.place)) };
    match all.find(|it| *it != first) {
        Some(other) => {
            Err(format!("{} is {} and {} at once", echo.place, clip(&first), clip(&other)))
        }
        None => Ok(first),
    }
}

fn silent(echo: &Echo, why: &str) -> Flaw {
    let what = echo.what.name();
    Flaw::unclear(format!(
        "it does not say its {what} ({why}), so which build answered cannot be told; let the application say it, or \
         leave `echoes` out"
    ))
}

fn agrees(what: Echoed, said: &str, wanted: &str) -> Agreement {
    match what {
        Echoed::Version => (said.trim_start_matches('v') == wanted.trim_start_matches('v')).into(),
        Echoed::Revision => {
            let (said, wanted) = (said.to_ascii_lowercase(), wanted.to_ascii_lowercase());
            let (short, long) =
                if said.len() < wanted.len() { (said, wanted) } else { (wanted, said) };
            (short == long || short.len() >= SHORT_REVISION && long.starts_with(&short)).into()
        }
        Echoed::Image => same_image(said, wanted),
    }
}

/// A digest is an image; a tag can be moved, but is all that some know.
fn same_image(said: &str, wanted: &str) -> Agreement {
    if said == wanted {
        return Agreement::Yes;
    }
    let parts = |image: &str| match image.split_once('@') {
        Some((name, digest)) => (name.to_owned(), Some(digest.to_owned())),
        None if image.starts_with("sha256:") => (String::new(), Some(image.to_owned())),
        None => (image.to_owned(), None),
    };
    let tagged = |name: &str| name.rsplit('/').next().is_some_and(|it| it.contains(':'));
    match (parts(said), parts(wanted)) {
        ((_, Some(said)), (_, Some(wanted))) => (said == wanted).into(),
        ((said, _), (wanted, _)) if tagged(&said) && tagged(&wanted) => (said == wanted).into(),
        _ => Agreement::CannotTell,
    }
}

impl From<bool> for Agreement {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(what: Echoed, said: &str, wanted: &str) -> &'static str {
        match agrees(what, said, wanted) {
            Agreement::Yes => "yes",
            Agreement::No => "no",
            Agreement::CannotTell => "cannot tell",
        }
    }

    #[test]
    fn builds_are_compared_as_people_write_them() {
        let digest = |c: &str| format!("sha256:{}", c.repeat(64));
        let table = [
            (Echoed::Version, "546", "v546".to_owned(), "yes"),
            (Echoed::Version, "v545", "v546".to_owned(), "no"),
            (Echoed::Revision, "3AB1C2D", "3ab1c2d4e5".to_owned(), "yes"),
            (Echoed::Revision, "3ab1c2d4e5", "3ab1c2d".to_owned(), "yes"),
            (Echoed::Revision, "3ab1", "3ab1c2d4e5".to_owned(), "no"),
            (Echoed::Revision, "9fd1c2e", "3ab1c2d4e5".to_owned(), "no"),
            (Echoed::Image, "r/shop:a", "r/shop:a".to_owned(), "yes"),
            (Echoed::Image, "r/shop:a", "r/shop:b".to_owned(), "no"),
            (Echoed::Image, "r/shop:a", format!("r/shop:a@{}", digest("1")), "yes"),
            (Echoed::Image, "r/shop:a", format!("r/shop@{}", digest("1")), "cannot tell"),
            (
                Echoed::Image,
                "localhost:5000/shop",
                format!("r/shop@{}", digest("1")),
                "cannot tell",
            ),
        ];
        for (what, said, wanted, answer) in table {
            assert_eq!(compared(what, said, &wanted), answer, "{said} and {wanted}");
        }
        let (one, two) = (format!("r/shop:a@{}", digest("1")), format!("r/shop:a@{}", digest("2")));
        assert_eq!(compared(Echoed::Image, &one, &two), "no");
        assert_eq!(compared(Echoed::Image, &digest("1"), &one), "yes");
    }
}
