//! Every colour can be read on the paper it stands on, in the light and in the dark (WCAG 2.1, 1.4.3 and 1.4.11).

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../templates/style.css");

/// The colours of each `:root { … }`: light, dark, print.
fn sheets() -> Vec<BTreeMap<&'static str, &'static str>> {
    let bodies = STYLE.split(":root {").skip(1).filter_map(|it| it.split('}').next());
    let colours = |body: &'static str| {
        body.split(';')
            .filter_map(|it| it.split_once(':'))
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, value)| name.starts_with("--") && value.starts_with('#'))
            .collect()
    };
    bodies.map(colours).collect()
}

fn luminance(colour: &str) -> f64 {
    let digits = colour.trim_start_matches('#');
    let wide = if digits.len() == 3 {
        digits.chars().flat_map(|it| [it, it]).collect()
    } else {
        digits.to_owned()
    };
    let part = |place: usize| {
        let value = f64::from(u8::from_str_radix(&wide[place..place + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn words_and_marks_can_be_read_in_the_light_in_the_dark_and_on_paper() {
    assert!((contrast("#fff", "#000000") - 21.0).abs() < 0.01);
    let sheets = sheets();
    assert_eq!(sheets.len(), 3);
    for sheet in sheets {
        let paper = sheet["--paper"];
        for word in ["--ink", "--soft", "--good", "--bad", "--warn", "--back", "--unsure", "--link"]
        {
            let contrast = contrast(sheet[word], paper);
            assert!(contrast >= 4.5, "{word} {} on {paper}: {contrast:.2}", sheet[word]);
        }
        for bar in ["--validate", "--build", "--deploy", "--verify", "--settle", "--restore"] {
            let contrast = contrast(sheet[bar], paper);
            assert!(contrast >= 3.0, "{bar} {} on {paper}: {contrast:.2}", sheet[bar]);
        }
    }
}
