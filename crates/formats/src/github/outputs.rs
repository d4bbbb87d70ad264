//! What later steps of a workflow can go by.

use super::summary::Told;

/// Lines for the file of `GITHUB_OUTPUT`. A value with several lines stays one value, whatever stands in it.
#[must_use]
pub fn outputs(told: &Told) -> String {
    let number = |it: Option<u64>| it.map(|it| it.to_string()).unwrap_or_default();
    let pairs = [
        ("outcome", told.outcome.clone().unwrap_or_default()),
        ("conclusion", told.conclusion.clone().unwrap_or_default()),
        ("version", told.version.clone().unwrap_or_default()),
        ("run", told.run.clone().unwrap_or_default()),
        ("image", told.image.clone().unwrap_or_default()),
        ("exit_code", told.exit_code.to_string()),
        ("duration_ms", number(told.duration_ms)),
    ];
    pairs.iter().map(|(name, value)| output(name, value)).collect()
}

fn output(name: &str, value: &str) -> String {
    let mut delimiter = "END_OF_VALUE".to_owned();
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_itself_and_begin_another() {
        let image = Some("a\nEND_OF_VALUE\noutcome=PASS".to_owned());
        let told = Told { image, exit_code: 30, duration_ms: Some(12_345), ..Told::default() };
        insta::assert_snapshot!(outputs(&told), @r"
        outcome<<END_OF_VALUE

        END_OF_VALUE
        conclusion<<END_OF_VALUE

        END_OF_VALUE
        version<<END_OF_VALUE

        END_OF_VALUE
        run<<END_OF_VALUE

        END_OF_VALUE
        image<<END_OF_VALUE_
        a
        END_OF_VALUE
        outcome=PASS
        END_OF_VALUE_
        exit_code<<END_OF_VALUE
        30
        END_OF_VALUE
        duration_ms<<END_OF_VALUE
        12345
        END_OF_VALUE
        ");
    }
}
