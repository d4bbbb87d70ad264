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

/// Every token of a page, each of which speaks for its visitor: Phoenix masks them anew for every page.
pub(super) fn tokens(page: &str) -> Vec<String> {
    const PLACES: [(&str, &str); 4] = [
        ("input[name=_csrf_token]", "value"),
        ("meta[name=csrf-token]", "content"),
        ("[data-phx-session]", "data-phx-session"),
        ("[data-phx-static]", "data-phx-static"),
    ];
    let html = Html::parse_document(page);
    let of = |(css, attribute): (&str, &str)| -> Vec<String> {
        let Ok(selector) = Selector::parse(css) else { return Vec::new() };
        html.select(&selector).filter_map(|it| it.attr(attribute)).map(str::to_owned).collect()
    };
    PLACES.into_iter().flat_map(of).collect()
}

/// What a person reads on a page.
pub(super) fn visible(page: &str) -> String {
    let html = Html::parse_document(page);
    let unseen =
        |it: ElementRef<'_>| matches!(it.value().name(), "head" | "script" | "style" | "template");
    let texts = html.tree.nodes().filter_map(|node| {
        let seen = !node.ancestors().filter_map(ElementRef::wrap).any(unseen);
        node.value().as_text().filter(|_| seen)
    });
    let words: Vec<&str> = texts.flat_map(|it| it.split_whitespace()).collect();
    words.join(" ")
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

    #[test]
    fn every_token_is_found_and_none_is_read_by_a_person() {
        let page = r#"<head><title>Shop</title><meta name="csrf-token" content="a"></head>
            <body><form><input name="_csrf_token" value="b"><label>Name</label></form>
            <div data-phx-session="c" data-phx-static="d"><p>Invalid  name
            or <b>password</b></p></div><div data-phx-session="e"></div>
            <script>let secret = 1</script><style>p {}</style></body>"#;
        let mut tokens = tokens(page);
        tokens.sort_unstable();
        assert_eq!(tokens, ["a", "b", "c", "d", "e"]);
        assert_eq!(visible(page), "Name Invalid name or password");
        assert_eq!(visible("just text"), "just text");
    }

    proptest! {
        #[test]
        fn any_text_is_a_page(text in ".*") {
            let _ = (csrf_token(&text), live_root(&text), tokens(&text), visible(&text));
        }
    }
}
