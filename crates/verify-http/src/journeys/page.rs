//! What a page of Phoenix says to the script that it loads. Pure.

use scraper::{ElementRef, Html, Selector};

/// The root of a `LiveView`, as it stands in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LiveRoot {
    pub(super) id: String,
    pub(super) session: String,
    pub(super) assigned: String,
}

/// The token against forged requests: that of the first form, else that of the page.
pub(super) fn csrf_token(page: &str) -> Option<String> {
    let html = Html::parse_document(page);
    let token = |css, attribute| {
        let found = first(&html, css)?.attr(attribute)?.to_owned();
        Some(found).filter(|it| !it.is_empty())
    };
    token("input[name=_csrf_token]", "value").or_else(|| token("meta[name=csrf-token]", "content"))
}

/// The main `LiveView` of a page, else its first that has no parent: `phoenix_live_view`, `static.ex`.
pub(super) fn live_root(page: &str) -> Option<LiveRoot> {
    let html = Html::parse_document(page);
    let root = first(&html, "[data-phx-session][data-phx-main]")
        .or_else(|| first(&html, "[data-phx-session]:not([data-phx-parent-id])"))?;
    let attribute = |name: &str| root.attr(name).unwrap_or_default().to_owned();
    Some(LiveRoot {
        id: attribute("id"),
        session: attribute("data-phx-session"),
        assigned: attribute("data-phx-static"),
    })
}

fn first<'h>(html: &'h Html, css: &str) -> Option<ElementRef<'h>> {
    html.select(&Selector::parse(css).ok()?).next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_token_of_a_form_goes_before_that_of_the_page() {
        let meta = r#"<head><meta name="csrf-token" content="of-the-page"></head>"#;
        let form =
            r#"<form><input type="hidden" name="_csrf_token" value="of-the-form&amp;"></form>"#;
        let token = |page: &str| csrf_token(page);
        assert_eq!(token(&format!("{meta}{form}")).as_deref(), Some("of-the-form&"));
        assert_eq!(token(meta).as_deref(), Some("of-the-page"));
        let empty = r#"<input name="_csrf_token" value="">"#;
        assert_eq!(token(empty), None);
        assert_eq!(token("<p>no form</p>"), None);
    }

    #[test]
    fn the_main_live_view_is_the_root() {
        let view = |id: &str, more: &str| {
            format!(
                r#"<div id="{id}" data-phx-session="s-{id}" data-phx-static="t-{id}"{more}></div>"#
            )
        };
        let child = view("child", r#" data-phx-parent-id="main""#);
        let id = |page: String| live_root(&page).map(|it| it.id);
        assert_eq!(
            id(format!("{child}{}{}", view("a", ""), view("b", " data-phx-main"))),
            Some("b".into())
        );
        assert_eq!(id(format!("{child}{}", view("a", ""))), Some("a".into()));
        assert_eq!(id(child), None);
        let root = live_root(&view("a", "")).unwrap();
        assert_eq!((root.session.as_str(), root.assigned.as_str()), ("s-a", "t-a"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_page(text in ".*") {
            let _ = (csrf_token(&text), live_root(&text));
        }
    }
}
