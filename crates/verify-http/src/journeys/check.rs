//! Refuses journeys that could never pass, or of which nobody could say what they do.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use thiserror::Error;

use super::body::Body;
use super::config::{Action, Journey, JourneyStep};
use super::template::{BadTemplate, Template};
use crate::expect::RuleError;

/// Why a journey cannot be made so. It names the journey, and the step by its number.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum JourneyError {
    /// Nothing would be walked, and that would pass.
    #[error("there is no journey; name one under [[verify.journeys]]")]
    NoJourneys,
    /// Two could not be told apart.
    #[error("two journeys are called `{0}`; rename one of them")]
    SameName(String),
    /// A journey to nowhere.
    #[error("the journey `{0}` has no steps; give it one, such as request = \"GET /\"")]
    NoSteps(String),
    /// A step that cannot be done.
    #[error("step {number} of the journey `{journey}`, {step}: {why}")]
    Step {
        /// The journey.
        journey: String,
        /// Which step, from 1.
        number: usize,
        /// Its title.
        step: String,
        /// What is wrong with it.
        why: BadStep,
    },
}

/// What is wrong with a step.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadStep {
    /// A placeholder that nothing fills in.
    #[error("nothing before it captures `{0}`, and it is no secret of the journey")]
    Unknown(String),
    /// A placeholder that is none.
    #[error(transparent)]
    Template(#[from] BadTemplate),
    /// A path that is none.
    #[error("its path does not begin with a slash")]
    Path,
    /// A header that cannot be sent.
    #[error("`{0}` is no name of a header, or its value cannot be sent")]
    Header(String),
    /// A header that the journey itself takes care of.
    #[error("the header `{0}` is the journey's own: cookies go from step to step by themselves")]
    OwnHeader(String),
    /// Time for nothing.
    #[error("`timeout` is zero; give it a duration, such as \"10s\"")]
    NoTime,
    /// A body that is not sent.
    #[error("a {0} request carries no body")]
    NoBody(Method),
    /// A rule that cannot be kept.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Refuses what could never pass, and what could never fail.
pub(super) fn check(journeys: &[Journey]) -> Result<(), JourneyError> {
    if journeys.is_empty() {
        return Err(JourneyError::NoJourneys);
    }
    for (number, journey) in journeys.iter().enumerate() {
        if journeys[..number].iter().any(|it| it.name == journey.name) {
            return Err(JourneyError::SameName(journey.name.clone()));
        }
        check_one(journey)?;
    }
    Ok(())
}

pub(super) fn check_one(journey: &Journey) -> Result<(), JourneyError> {
    if journey.steps.is_empty() {
        return Err(JourneyError::NoSteps(journey.name.clone()));
    }
    let mut known: BTreeSet<&str> = journey.secrets.keys().map(String::as_str).collect();
    for (number, step) in journey.steps.iter().enumerate() {
        check_step(step, &known).map_err(|why| JourneyError::Step {
            journey: journey.name.clone(),
            number: number + 1,
            step: step.title(),
            why,
        })?;
        known.extend(step.captures.iter().map(|it| it.name.as_str()));
    }
    Ok(())
}

fn check_step(step: &JourneyStep, known: &BTreeSet<&str>) -> Result<(), BadStep> {
    let templates = step.templates();
    if let Some(unknown) = templates.iter().flat_map(Template::names).find(|it| !known.contains(it))
    {
        return Err(BadStep::Unknown(unknown.to_owned()));
    }
    if step.timeout.is_zero() {
        return Err(BadStep::NoTime);
    }
    step.headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
    match &step.action {
        Action::Request { method, path, body } => {
            let bodiless = matches!(*method, Method::GET | Method::HEAD);
            if bodiless && !matches!(body, Body::None) {
                return Err(BadStep::NoBody(method.clone()));
            }
            check_path(path)?;
            Ok(step.expect.check()?)
        }
        Action::WebSocket { path, receive, .. } => {
            check_path(path)?;
            Ok(receive.iter().try_for_each(crate::expect::Expect::check)?)
        }
        Action::Live { page, socket, receive } => {
            check_path(page)?;
            check_path(socket)?;
            step.expect.check()?;
            Ok(receive.iter().try_for_each(crate::expect::Expect::check)?)
        }
    }
}

/// A path that begins with a placeholder is one when it is filled in.
fn check_path(path: &Template) -> Result<(), BadStep> {
    let written = path.to_string();
    if written.starts_with('/') || written.starts_with("{{") { Ok(()) } else { Err(BadStep::Path) }
}

fn check_header(name: &str, value: &Template) -> Result<(), BadStep> {
    let refused = || BadStep::Header(name.to_owned());
    let known = HeaderName::try_from(name).map_err(|_| refused())?;
    HeaderValue::try_from(value.to_string()).map_err(|_| refused())?;
    match known.as_str() {
        "cookie" | "host" | "content-length" => Err(BadStep::OwnHeader(known.to_string())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(step: JourneyStep) -> String {
        let steps = vec![JourneyStep::get(Template::literal("/")), step];
        check(&[Journey::new("sign in", steps)]).unwrap_err().to_string()
    }

    fn get(path: &str) -> JourneyStep {
        JourneyStep::get(path.parse().unwrap())
    }

    #[test]
    fn what_could_never_pass_is_refused_with_its_step() {
        insta::assert_snapshot!(refused(get("/users/{{id}}")),
            @"step 2 of the journey `sign in`, GET /users/{{id}}: nothing before it captures `id`, and it is no secret of the journey");
        insta::assert_snapshot!(refused(get("login")),
            @"step 2 of the journey `sign in`, GET login: its path does not begin with a slash");
        let mut step = get("/");
        step.timeout = std::time::Duration::ZERO;
        insta::assert_snapshot!(refused(step),
            @r#"step 2 of the journey `sign in`, GET /: `timeout` is zero; give it a duration, such as "10s""#);
        let mut step = get("/");
        step.headers.push(("cookie".into(), Template::literal("a=b")));
        insta::assert_snapshot!(refused(step),
            @"step 2 of the journey `sign in`, GET /: the header `cookie` is the journey's own: cookies go from step to step by themselves");
        let mut step = get("/");
        step.headers.push(("x y".into(), Template::literal("a")));
        insta::assert_snapshot!(refused(step),
            @"step 2 of the journey `sign in`, GET /: `x y` is no name of a header, or its value cannot be sent");
        let mut step = get("/");
        step.expect = crate::expect::Expect::status([101]);
        insta::assert_snapshot!(refused(step),
            @"step 2 of the journey `sign in`, GET /: `status` is 101; it must be from 200 to 599");
    }

    #[test]
    fn a_journey_needs_a_name_of_its_own_and_steps() {
        let journey = || Journey::new("sign in", vec![get("/")]);
        assert_eq!(check(&[journey()]), Ok(()));
        insta::assert_snapshot!(check(&[]).unwrap_err(),
            @"there is no journey; name one under [[verify.journeys]]");
        insta::assert_snapshot!(check(&[journey(), journey()]).unwrap_err(),
            @"two journeys are called `sign in`; rename one of them");
        insta::assert_snapshot!(check(&[Journey::new("sign in", vec![])]).unwrap_err(),
            @r#"the journey `sign in` has no steps; give it one, such as request = "GET /""#);
    }
}
