//! The file: what stands in it, and how it looks.

use std::path::Path;

use pipeline_tests::World;
use serde_json::{Value, json};

use crate::browser::{ALONE, Browser, program};
use crate::picture::{an_empty_page_is_not, is_drawn};
use crate::{three_runs, world};

const WIDTHS: [u32; 2] = [1280, 390];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Every text with too little contrast to the paper, by WCAG 2.1.
const FAINT: &str = r"(() => {
  const part = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
  const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(Number); return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b) };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = [];
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || at.closest('title, desc, style')) continue;
    const style = getComputedStyle(at), ink = light(at.closest('svg') ? style.fill : style.color);
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) faint.push(text + ' ' + ratio.toFixed(2));
  }
  return faint;
})()";

/// Everything that sticks out of the page, but for what may be moved by itself.
const STICKS_OUT: &str = r"[...document.querySelectorAll('main *, header *, footer *')]
  .filter(it => !it.closest('.scroll, .unseen, .narrow > *, .wide > *') && it.getBoundingClientRect().right > innerWidth + 0.5)
  .map(it => it.tagName + '.' + it.className)";

async fn fits(browser: &mut Browser, url: &str) {
    for (width, scheme) in WIDTHS.into_iter().flat_map(|it| SCHEMES.map(|scheme| (it, scheme))) {
        browser.look(url, width, scheme).await;
        let told = format!("{width} px, {scheme}");
        let wide = browser.ask("document.documentElement.scrollWidth - innerWidth").await;
        assert!(wide.as_f64().expect("a number") <= 0.0, "{told}: it scrolls sideways by {wide}");
        assert_eq!(browser.ask(STICKS_OUT).await, json!([]), "{told}");
        assert_eq!(browser.ask(FAINT).await, json!([]), "{told}");
        let dark = browser.ask("getComputedStyle(document.body).backgroundColor").await;
        assert_eq!(dark == json!("rgb(20, 23, 27)"), scheme == "dark", "{told}: {dark}");
        let seen = "[...document.querySelectorAll('figure svg')].filter(it => it.getBoundingClientRect().width > 0).map(it => it.classList[0])";
        let shape = if width < 500 { "narrow" } else { "wide" };
        let shapes = browser.ask(seen).await;
        let shapes = shapes.as_array().expect("a list");
        assert!(!shapes.is_empty() && shapes.iter().all(|it| it == shape), "{told}: {shapes:?}");
        is_drawn(browser, width, &told).await;
    }
}

#[tokio::test]
async fn a_report_of_real_runs_stands_up_to_a_browser() {
    let world = world().await;
    three_runs(&world).await;
    let ran = world.run(&["report", "--out", "report.html"]).await.expect(0);
    assert!(ran.stdout.starts_with("report.html: 3 runs, "), "{ran}");
    let again = world.run(&["report", "staging", "--out", "report.html", "--format", "json"]).await;
    let again = again.expect(0).json();
    assert_eq!((&again["runs"], &again["replaced"]), (&json!(3), &json!(true)));
    let one = world.run(&["report", "--run", "v2", "--out", "-"]).await.expect(0);
    assert!(
        one.stdout.starts_with("<!doctype html>") && one.stdout.contains("v2 to staging"),
        "{one}"
    );
    world.write("one.html", &one.stdout);

    let mut browser = Browser::start().await;
    let url = |name: &str| format!("file://{}", world.path().join(name).display());
    fits(&mut browser, &url("report.html")).await;
    has_it_all(&mut browser, has_ratios(&world).await).await;
    fits(&mut browser, &url("one.html")).await;
    taken_back(&mut browser).await;
    an_empty_page_is_not(&mut browser).await;
    // The page and nothing else was asked for, and nothing was complained of.
    let beyond: Vec<_> = browser.asked.iter().filter(|it| !it.starts_with("file://")).collect();
    assert!(beyond.is_empty() && browser.asked.len() == 8, "{:?}", browser.asked);
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    on_paper(world.path());
}

/// Was latency compared with that of another release? Only a machine that says that it was too busy may have nothing to compare.
async fn has_ratios(world: &World) -> bool {
    let mut told = String::new();
    for run in ["v1", "v2"] {
        told += &world.run(&["show", run, "--events", "-"]).await.expect(0).stdout;
    }
    let any = told.contains("\"ratio\":");
    assert!(any || told.contains("too busy to measure"), "nothing was compared: {told}");
    any
}

/// What the three runs were is there, in words and in pictures that say what they are.
async fn has_it_all(browser: &mut Browser, compared: bool) {
    let text = browser.ask("document.body.innerText").await.to_string();
    for part in [
        "Deploys to staging",
        "v3 was rejected: nothing was touched.",
        "Not enough history to say whether deploys are getting slower (1 of 20",
        "No deploy that users had has failed; 1 went back before any had it.",
        "How long deploys take",
        "Which phase fails most",
        "What users noticed",
        "Cold starts",
        "ROLLBACK",
        "notes refused in validate (1 finding).",
        // The gate's reader takes out what turns text around; the page shows it where nothing else did.
        "<script>document.title='pwned'</script> txt.exe",
        "mallory⟨U+202E⟩nimda<b> on ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let latency = "Latency against the release before";
    assert_eq!(text.contains(latency), compared, "{text}");
    assert_eq!(browser.ask("document.title").await, "Deploys to staging · pipeline");
    assert_eq!(browser.ask("document.scripts.length").await, 0);
    let tree = browser.call("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array().expect("a list");
    let of = |role: &'static str| {
        nodes.iter().filter(move |it| it["role"]["value"] == role && it["ignored"] != true)
    };
    for landmark in ["banner", "main", "contentinfo"] {
        assert_eq!(of(landmark).count(), 1, "{landmark}");
    }
    let named = |it: &Value| {
        let said = |key: &str| it[key]["value"].as_str().is_some_and(|it| !it.is_empty());
        said("name") && said("description")
    };
    let pictures: Vec<_> = of("img").chain(of("image")).collect();
    assert!(
        pictures.len() >= 5 + usize::from(compared) && pictures.iter().all(|it| named(it)),
        "{pictures:#?}"
    );
}

/// The one run that went back: both ways are on its timeline.
async fn taken_back(browser: &mut Browser) {
    let rows = browser
        .ask("[...document.querySelectorAll('#main .numbers tbody tr')].map(it => it.textContent)")
        .await;
    let rows: Vec<String> = serde_json::from_value(rows).expect("texts");
    for step in ["validate", "deploy", "verifysmokerefused", "restore"] {
        assert!(rows.iter().any(|it| it.contains(step)), "{step}: {rows:?}");
    }
    let waits =
        rows.iter().find(|it| it.contains("late")).expect("a gate that comes after another");
    assert!(waits.contains("passed"), "{waits}");
}

/// It prints, in the light, on pages.
fn on_paper(folder: &Path) {
    let pdf = folder.join("report.pdf");
    let home = tempfile::tempdir().expect("a temporary folder");
    let ran = std::process::Command::new(program())
        .args(ALONE)
        .arg(format!("--user-data-dir={}", home.path().display()))
        .arg("--no-pdf-header-footer")
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(format!("file://{}", folder.join("report.html").display()))
        .output()
        .expect("the browser starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let bytes = std::fs::read(&pdf).expect("a file");
    let text = String::from_utf8_lossy(&bytes);
    let pages = text.matches("/Type /Page\n").count().max(text.matches("/Type /Page ").count());
    assert!(text.starts_with("%PDF-") && pages >= 2, "{pages} pages in {} bytes", bytes.len());
}

#[tokio::test]
async fn what_cannot_be_reported_says_what_to_do() {
    let world = world().await;
    let none = world.run(&["report", "--out", "none.html"]).await.expect(0);
    assert!(none.stdout.starts_with("none.html: 0 runs"), "{none}");
    for (args, said) in [
        (vec!["report", "--out", "x.html", "--run", "v9"], "there is no run `v9`"),
        (vec!["report", "stagin", "--out", "x.html"], "did you mean `staging`?"),
        (vec!["report", "--out", "pipeline.toml/x.html"], "--out pipeline.toml/x.html: cannot be"),
        (vec!["report", "--out", "."], "--out .: cannot be written: it is a folder"),
        (vec!["report"], "--out <FILE>"),
        (vec!["report", "--out", "-", "--format", "json"], "both want standard output"),
        (vec!["serve", "--listen", "0.0.0.0:4600"], "ssh -L"),
    ] {
        let ran = world.run(&args).await.expect(2);
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(said), "{said}: {ran}");
    }
    assert!(!world.path().join("x.html").exists());
}
