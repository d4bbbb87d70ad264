//! The templates, and the one place at which text becomes part of a page.

use std::borrow::Cow;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, escape_formatter};
use thiserror::Error;

use crate::inert::{escaped, inert};
use crate::page::Page;
use crate::view::View;

/// Why there is no page.
#[derive(Debug, Error)]
#[error("the page cannot be made, which is a bug in pipeline-report")]
pub struct ReportError(#[source] minijinja::Error);

const TEMPLATES: [(&str, &str); 6] = [
    ("page.html", include_str!("../templates/page.html")),
    ("macros.html", include_str!("../templates/macros.html")),
    ("environment.html", include_str!("../templates/environment.html")),
    ("run.html", include_str!("../templates/run.html")),
    ("runs.html", include_str!("../templates/runs.html")),
    ("style.css", include_str!("../templates/style.css")),
];

/// The page as HTML. `strike` takes out of a text what must never be seen; it is asked for every text there is.
pub fn html(
    page: &Page,
    strike: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static,
) -> Result<String, ReportError> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|name| {
        if name == "style.css" { AutoEscape::None } else { AutoEscape::Html }
    });
    templates.set_formatter(move |out, state, value| {
        match value.as_str().filter(|_| !value.is_safe()) {
            Some(text) => Ok(out.write_str(&escaped(&inert(&strike(text))))?),
            None => escape_formatter(out, state, value),
        }
    });
    for (name, text) in TEMPLATES {
        templates.add_template(name, text).map_err(ReportError)?;
    }
    let page = templates
        .get_template("page.html")
        .and_then(|it| it.render(context! { page => Value::from(Serde(View::of(page))) }));
    page.map_err(ReportError)
}
