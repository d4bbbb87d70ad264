//! Tools that a project must have among its dependencies before `mix` knows their tasks.

/// A tool as it stands in `mix.exs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    task: &'static str,
    /// What people call it.
    pub(crate) tool: &'static str,
    /// What is in `mix.exs` where it is there.
    line: &'static str,
    /// The gate that is about nothing else.
    gate: Option<&'static str>,
}

const KNOWN: [Dependency; 5] = [
    Dependency {
        task: "credo",
        tool: "Credo",
        line: r#"{:credo, "~> 1.7", only: [:dev, :test], runtime: false}"#,
        gate: Some("credo"),
    },
    Dependency {
        task: "dialyzer",
        tool: "Dialyxir",
        line: r#"{:dialyxir, "~> 1.4", only: [:dev, :test], runtime: false}"#,
        gate: Some("dialyzer"),
    },
    Dependency {
        task: "sobelow",
        tool: "Sobelow",
        line: r#"{:sobelow, "~> 0.13", only: [:dev, :test], runtime: false}"#,
        gate: None,
    },
    Dependency {
        task: "deps.audit",
        tool: "mix_audit",
        line: r#"{:mix_audit, "~> 2.1", only: [:dev, :test], runtime: false}"#,
        gate: None,
    },
    Dependency {
        task: "doctor",
        tool: "Doctor",
        line: r#"{:doctor, "~> 0.22", only: :dev, runtime: false}"#,
        gate: None,
    },
];

impl Dependency {
    /// The tool that brings this task.
    pub(crate) fn with(task: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|it| it.task == task)
    }

    /// What to do without it: an imperative sentence.
    pub(crate) fn hint(&self) -> String {
        let add = format!("add `{}` to the dependencies in mix.exs", self.line);
        match self.gate {
            Some(gate) => format!("{add}, or say `enabled = false` under [gates.{gate}]"),
            None => add,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_the_line_that_adds_it() {
        let told = KNOWN.map(|it| format!("{}: {}", it.tool, it.hint())).join("\n");
        insta::assert_snapshot!(told, @r#"
        Credo: add `{:credo, "~> 1.7", only: [:dev, :test], runtime: false}` to the dependencies in mix.exs, or say `enabled = false` under [gates.credo]
        Dialyxir: add `{:dialyxir, "~> 1.4", only: [:dev, :test], runtime: false}` to the dependencies in mix.exs, or say `enabled = false` under [gates.dialyzer]
        Sobelow: add `{:sobelow, "~> 0.13", only: [:dev, :test], runtime: false}` to the dependencies in mix.exs
        mix_audit: add `{:mix_audit, "~> 2.1", only: [:dev, :test], runtime: false}` to the dependencies in mix.exs
        Doctor: add `{:doctor, "~> 0.22", only: :dev, runtime: false}` to the dependencies in mix.exs
        "#);
        assert_eq!(Dependency::with("deps.get"), None);
    }
}
