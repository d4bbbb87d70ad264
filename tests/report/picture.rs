//! A picture of a page, taken as somebody sees it: is there anything on it?

use serde_json::{Value, json};

use crate::browser::Browser;

/// What every PNG begins with, in Base64.
const PNG: &str = "iVBORw0KGgo";

/// What is in a PNG, told by the browser, which takes it apart again: its size, how many colours it has, which of them has
/// most of it, and how much of it that is.
const SEEN: &str = r"(async png => {
  const bytes = Uint8Array.from(atob(png), it => it.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' })), { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height).getContext('2d');
  canvas.drawImage(picture, 0, 0);
  const pixels = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer), colours = new Map();
  for (const it of pixels) colours.set(it, (colours.get(it) ?? 0) + 1);
  const [paper, most] = [...colours].reduce((a, b) => a[1] < b[1] ? b : a);
  const rgb = `rgb(${paper & 255}, ${paper >> 8 & 255}, ${paper >> 16 & 255})`;
  return { width, height, colours: colours.size, paper: rgb, share: most / pixels.length };
})";

/// Takes the whole page, down to its end.
async fn taken(browser: &mut Browser) -> Value {
    let metrics = browser.call("Page.getLayoutMetrics", json!({})).await;
    let size = &metrics["cssContentSize"];
    let clip =
        json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
    let asked = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
    let taken = browser.call("Page.captureScreenshot", asked).await;
    let png = taken["data"].as_str().expect("a picture");
    assert!(png.starts_with(PNG), "this is no PNG: {}", &png[..png.len().min(40)]);
    let seen = browser.ask(&format!("{SEEN}('{png}')")).await;
    assert_eq!(seen["height"], size["height"], "{seen}");
    seen
}

/// The page that is open, so wide, has something on its paper: lines, letters and charts have more than a few colours.
pub(crate) async fn is_drawn(browser: &mut Browser, width: u32, told: &str) {
    let seen = taken(browser).await;
    assert_eq!(seen["width"], width, "{told}: {seen}");
    let paper = browser.ask("getComputedStyle(document.body).backgroundColor").await;
    assert_eq!(seen["paper"], paper, "{told}: {seen}");
    let (colours, share) = (seen["colours"].as_u64(), seen["share"].as_f64());
    assert!(colours > Some(100) && share < Some(0.99), "{told}: there is next to nothing: {seen}");
}

/// An empty page would be told from one that is not.
pub(crate) async fn an_empty_page_is_not(browser: &mut Browser) {
    // At a desk: a phone takes a page that names no width for a wide one.
    browser.look("about:blank", 1280, "light").await;
    let seen = taken(browser).await;
    assert_eq!((&seen["colours"], &seen["width"]), (&json!(1), &json!(1280)), "{seen}");
}
