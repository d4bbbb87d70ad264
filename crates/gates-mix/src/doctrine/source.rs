//! One file, read.

use elixir_syntax::{Code, Tree};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// `lib/**/*.ex`: what is released.
    Lib,
    /// `test/**/*_test.exs`
    Test,
    /// Other Elixir below `test`: helpers, fixtures.
    TestSupport,
    /// `*.heex`, `*.eex`, `*.leex`, `*.html`
    Template,
    /// `mix.exs`
    MixExs,
    /// `mix.lock`
    MixLock,
    /// `config/**/*.exs`
    Config,
    /// Other Elixir: scripts, migrations below `priv`.
    Script,
    /// `*.md`
    Markdown,
    /// `*.css`
    Style,
    /// Anything else.
    Other,
}

impl Role {
    /// Is it written in Elixir?
    #[must_use]
    pub fn is_elixir(self) -> bool {
        !matches!(self, Self::Template | Self::Markdown | Self::Style | Self::Other)
    }
}

/// The Elixir of a file.
#[derive(Debug)]
pub struct Elixir<'a> {
    /// Its syntax tree.
    pub tree: &'a Tree,
    /// What it defines and calls.
    pub code: Code<'a>,
}

/// A file that a pillar looks at.
#[derive(Debug)]
pub struct Source<'a> {
    /// Relative to the project, with `/`.
    pub path: &'a str,
    /// The application of an umbrella it belongs to.
    pub app: Option<&'a str>,
    /// What it is for.
    pub role: Role,
    /// All of it.
    pub bytes: &'a [u8],
    /// The same as text; empty for what is none.
    pub text: &'a str,
    /// Its Elixir.
    pub elixir: Option<Elixir<'a>>,
    /// The code in markup, at the places where it stands: of a template, or of the `~H` in Elixir.
    pub markup: Option<Elixir<'a>>,
}

impl<'a> Source<'a> {
    /// Is it code that is released?
    #[must_use]
    pub fn is_lib(&self) -> bool {
        self.role == Role::Lib
    }

    /// Its Elixir, if it is code that is released.
    #[must_use]
    pub fn lib(&self) -> Option<&Elixir<'a>> {
        if self.is_lib() { self.elixir.as_ref() } else { None }
    }

    /// The code in its markup, unless it is there for tests.
    #[must_use]
    pub fn released_markup(&self) -> Option<&Elixir<'a>> {
        let is_test = matches!(self.role, Role::Test | Role::TestSupport);
        self.markup.as_ref().filter(|_| !is_test)
    }

    /// A task of Mix: it runs on the machines of developers.
    #[must_use]
    pub fn is_mix_task(&self) -> bool {
        self.path.contains("lib/mix/tasks/")
    }

    /// A migration or seeds of a database.
    #[must_use]
    pub fn is_migration(&self) -> bool {
        self.path.contains("/migrations/") || self.file_name().starts_with("seeds")
    }

    /// The name of the file.
    #[must_use]
    pub fn file_name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}
