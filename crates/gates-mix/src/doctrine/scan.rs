//! One pass over the files that are meant: each is read once and given to every pillar.

use std::path::Path;
use std::time::Instant;

use globset::GlobSet;
use pipeline_core::Level;

use super::codebase::{Codebase, Scope};
use super::error::DoctrineError;
use super::files::is_made;
use super::found::Found;
use super::git::Asker;
use super::levels::Levels;
use super::look::look;
use super::pass::{Gathered, Pass};
use super::pillar::Pillar;
use super::result::{PillarResult, Scanned, Status, Suppressed};
use super::rule::Violation;
use super::suppress::Suppressions;

/// Pillars, and what a team decided about them.
pub struct Doctrine {
    pub(super) pillars: Vec<Box<dyn Pillar>>,
    pub(super) levels: Levels,
    pub(super) only: Vec<String>,
    pub(super) exclude: GlobSet,
    pub(super) reasons: bool,
    pub(super) deploying: bool,
}

impl std::fmt::Debug for Doctrine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes: Vec<_> = self.pillars.iter().map(|it| it.code()).collect();
        f.debug_struct("Doctrine").field("pillars", &codes).finish_non_exhaustive()
    }
}

impl Doctrine {
    /// These pillars.
    #[must_use]
    pub fn new(pillars: Vec<Box<dyn Pillar>>) -> Self {
        Self {
            pillars,
            levels: Levels::default(),
            only: Vec::new(),
            exclude: GlobSet::empty(),
            reasons: false,
            deploying: false,
        }
    }

    /// What the team decided about rules and pillars.
    #[must_use]
    pub fn levels(mut self, levels: Levels) -> Self {
        self.levels = levels;
        self
    }

    /// Files that no pillar looks at, as globs relative to the project.
    #[must_use]
    pub fn exclude(mut self, exclude: GlobSet) -> Self {
        self.exclude = exclude;
        self
    }

    /// Suppresses only where the comment says why.
    #[must_use]
    pub fn demand_reasons(mut self, demand: bool) -> Self {
        self.reasons = demand;
        self
    }

    /// Says that what is looked at is about to be deployed: then everything has to be committed.
    #[must_use]
    pub fn deploying(mut self, deploying: bool) -> Self {
        self.deploying = deploying;
        self
    }

    /// Only these pillars, by code; all if there are none.
    pub fn only(mut self, codes: &[String]) -> Result<Self, DoctrineError> {
        let known = || self.pillars.iter().map(|it| it.code());
        if let Some(code) = codes.iter().find(|code| !known().any(|it| it == *code)) {
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(DoctrineError::UnknownPillar { code: code.clone(), known });
        }
        self.only = codes.to_vec();
        Ok(self)
    }

    /// Looks at the project in `dir`. It blocks the thread it is called on, and uses as many more as there are processors.
    pub fn scan(
        &self,
        dir: &Path,
        scope: &Scope,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Scanned, DoctrineError> {
        let mut codebase = std::thread::scope(|threads| {
            threads.spawn(|| {
                self.pillars
                    .iter()
                    .filter(|it| self.is_asked(it.as_ref()))
                    .for_each(|it| it.prepare());
            });
            look(dir, scope)
        })?;
        if let (true, Some(git)) = (self.deploying, &mut codebase.git) {
            git.dirty = Some(Asker::of(dir).dirty()?);
        }
        let is_meant = |path: &str| !is_made(path) && !self.exclude.is_match(path);
        let meant: Vec<String> = codebase
            .meant()
            .map(|(path, _)| path)
            .filter(|it| is_meant(it))
            .map(ToOwned::to_owned)
            .collect();
        let staged = match scope {
            Scope::Staged => Some(Asker::of(dir).staged(&meant)?),
            _ => None,
        };
        let active = self.active(&codebase);
        let pass = Pass {
            doctrine: self,
            codebase: &codebase,
            active: &active,
            meant: &meant,
            staged,
            stop,
        };
        let mut gathered = pass.run()?;
        codebase.outlines = std::mem::take(&mut gathered.outlines);
        codebase.outlines.sort_by(|one, other| one.path.cmp(&other.path));
        self.project(&codebase, &active, &mut gathered);
        gathered.files = meant.len();
        gathered.active = active;
        Ok(self.put_together(&codebase, gathered))
    }

    /// Is it asked for, and not off?
    fn is_asked(&self, pillar: &dyn Pillar) -> bool {
        let named = self.only.is_empty() || self.only.iter().any(|code| code == pillar.code());
        named && self.levels.of_pillar(pillar).is_some()
    }

    /// Which pillars look, by index.
    fn active(&self, codebase: &Codebase) -> Vec<bool> {
        let looks = |it: &dyn Pillar| self.is_asked(it) && it.not_applicable(codebase).is_none();
        self.pillars.iter().map(|it| looks(it.as_ref())).collect()
    }

    fn project(&self, codebase: &Codebase, active: &[bool], gathered: &mut Gathered) {
        for (index, pillar) in self.pillars.iter().enumerate().filter(|(index, _)| active[*index]) {
            let began = Instant::now();
            let mut found = Found::in_project();
            pillar.project(codebase, &mut found);
            gathered.took[index] += began.elapsed();
            for violation in found.into_violations() {
                let text = std::fs::read_to_string(codebase.dir.join(&violation.path));
                let marks = Suppressions::of(text.as_deref().unwrap_or_default(), &violation.path);
                self.keep(violation, &marks, gathered);
            }
        }
    }

    /// A violation as it was decided: suppressed, kept, or off.
    pub(super) fn keep(&self, violation: Violation, marks: &Suppressions, gathered: &mut Gathered) {
        let Some(violation) = self.levels.apply(violation) else { return };
        match marks.covers(&violation) {
            Some(mark) if mark.reason.is_some() || !self.reasons => {
                gathered.suppressed.push(Suppressed { violation, reason: mark.reason.clone() });
            }
            _ => gathered.violations.push(violation),
        }
    }

    fn put_together(&self, codebase: &Codebase, mut gathered: Gathered) -> Scanned {
        let order =
            |it: &Violation| self.pillars.iter().position(|pillar| pillar.code() == it.pillar());
        let key =
            |it: &Violation| (order(it), it.path.clone(), it.line, it.column, it.rule.clone());
        gathered.violations.sort_by_cached_key(key);
        let pillars = (0..self.pillars.len()).map(|it| self.result(it, codebase, &gathered));
        Scanned {
            pillars: pillars.chain([PillarResult::conceptual()]).collect(),
            tested: codebase.tested(),
            violations: gathered.violations,
            suppressed: gathered.suppressed,
            unread: gathered.unread,
            files: gathered.files,
            lines: gathered.lines,
            documented: gathered.documented,
        }
    }

    /// How one pillar stands.
    fn result(&self, index: usize, codebase: &Codebase, gathered: &Gathered) -> PillarResult {
        let pillar = self.pillars[index].as_ref();
        let of = |it: &&Violation| it.pillar() == pillar.code();
        let level = self.levels.of_pillar(pillar);
        let blocks = level == Some(Level::Blocking);
        let violations: Vec<_> = gathered.violations.iter().filter(of).collect();
        let fails = violations.iter().any(|it| !blocks || it.level == Level::Blocking);
        let why = pillar.not_applicable(codebase);
        let status = match (gathered.active[index], &why) {
            (false, Some(_)) => Status::NotApplicable,
            (false, None) => Status::Skipped,
            (true, _) if fails => Status::Fail,
            (true, _) if blocks && !gathered.unread.is_empty() => Status::Error,
            (true, _) => Status::Pass,
        };
        PillarResult {
            code: pillar.code().to_owned(),
            name: pillar.name().to_owned(),
            level,
            status,
            why,
            violations: violations.len(),
            suppressed: gathered.suppressed.iter().filter(|it| of(&&it.violation)).count(),
            took: gathered.took[index],
        }
    }
}
