//! One pass over the files that are meant: each is read once and given to every pillar.

use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use elixir_syntax::{Code, Tree};
use globset::GlobSet;
use pipeline_core::Level;

use super::codebase::{Codebase, Scope};
use super::documented::Documented;
use super::error::DoctrineError;
use super::files::is_made;
use super::found::Found;
use super::git::Asker;
use super::levels::Levels;
use super::look::look;
use super::outline::Outline;
use super::pillar::Pillar;
use super::result::{PillarResult, Scanned, Status, Suppressed};
use super::rule::Violation;
use super::source::{Elixir, Role, Source};
use super::suppress::Suppressions;
use super::template::{code_of, code_of_sigils};

/// Larger files are not read: no text of people is so long.
const LARGEST: u64 = 4 << 20;
/// Trees are as deep as code is nested; a thread has room for it.
const STACK: usize = 32 << 20;

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
        let mut codebase = look(dir, scope)?;
        if let (true, Some(git), Some(asker)) = (self.deploying, &mut codebase.git, Asker::of(dir))
        {
            git.dirty = Some(asker.dirty()?);
        }
        let is_meant = |path: &str| !is_made(path) && !self.exclude.is_match(path);
        let meant: Vec<String> = codebase
            .meant()
            .map(|(path, _)| path)
            .filter(|it| is_meant(it))
            .map(ToOwned::to_owned)
            .collect();
        let staged = match (scope, Asker::of(dir)) {
            (Scope::Staged, Some(asker)) => Some(asker.staged(&meant)?),
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
        let files = meant.len();
        Ok(self.put_together(&codebase, &active, gathered, files))
    }

    /// Which pillars look, by index.
    fn active(&self, codebase: &Codebase) -> Vec<bool> {
        let asked = |it: &dyn Pillar| {
            self.only.is_empty() || self.only.iter().any(|code| code == it.code())
        };
        let looks = |it: &dyn Pillar| {
            asked(it)
                && self.levels.of_pillar(it).is_some()
                && it.not_applicable(codebase).is_none()
        };
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
    fn keep(&self, violation: Violation, marks: &Suppressions, gathered: &mut Gathered) {
        let Some(violation) = self.levels.apply(violation) else { return };
        match marks.covers(&violation) {
            Some(reason) if reason.is_some() || !self.reasons => {
                gathered.suppressed.push(Suppressed { violation, reason });
            }
            _ => gathered.violations.push(violation),
        }
    }

    fn put_together(
        &self,
        codebase: &Codebase,
        active: &[bool],
        gathered: Gathered,
        files: usize,
    ) -> Scanned {
        let Gathered { mut violations, suppressed, unread, lines, documented, took, .. } = gathered;
        let order =
            |it: &Violation| self.pillars.iter().position(|pillar| pillar.code() == it.pillar());
        violations.sort_by_cached_key(|it| {
            (order(it), it.path.clone(), it.line, it.column, it.rule.clone())
        });
        let pillars = self.pillars.iter().enumerate();
        let result = |(index, pillar): (usize, &Box<dyn Pillar>)| {
            let code = pillar.code();
            let of = |it: &&Violation| it.pillar() == code;
            let level = self.levels.of_pillar(pillar.as_ref());
            let blocks = level == Some(Level::Blocking);
            let fails =
                violations.iter().filter(of).any(|it| !blocks || it.level == Level::Blocking);
            let why = pillar.not_applicable(codebase);
            let status = match (active[index], &why) {
                (false, Some(_)) => Status::NotApplicable,
                (false, None) => Status::Skipped,
                (true, _) if fails => Status::Fail,
                (true, _) if !unread.is_empty() && blocks => Status::Error,
                (true, _) => Status::Pass,
            };
            PillarResult {
                code: code.to_owned(),
                name: pillar.name().to_owned(),
                level,
                status,
                why,
                violations: violations.iter().filter(of).count(),
                suppressed: suppressed.iter().filter(|it| it.violation.pillar() == code).count(),
                took: took[index],
            }
        };
        let pillars = pillars.map(result).collect();
        let tested = codebase.tested();
        Scanned { pillars, violations, suppressed, unread, files, lines, tested, documented }
    }
}

/// What is known after some files.
struct Gathered {
    violations: Vec<Violation>,
    suppressed: Vec<Suppressed>,
    unread: Vec<(String, Option<u32>, String)>,
    outlines: Vec<Outline>,
    lines: usize,
    documented: Documented,
    took: Vec<Duration>,
}

impl Gathered {
    fn of(pillars: usize) -> Self {
        Self {
            violations: Vec::new(),
            suppressed: Vec::new(),
            unread: Vec::new(),
            outlines: Vec::new(),
            lines: 0,
            documented: Documented::default(),
            took: vec![Duration::ZERO; pillars],
        }
    }

    fn join(&mut self, other: Self) {
        self.violations.extend(other.violations);
        self.suppressed.extend(other.suppressed);
        self.unread.extend(other.unread);
        self.outlines.extend(other.outlines);
        self.lines += other.lines;
        self.documented.join(other.documented);
        self.took.iter_mut().zip(other.took).for_each(|(sum, took)| *sum += took);
    }
}

struct Pass<'a> {
    doctrine: &'a Doctrine,
    codebase: &'a Codebase,
    active: &'a [bool],
    meant: &'a [String],
    staged: Option<Vec<Vec<u8>>>,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl Pass<'_> {
    fn run(&self) -> Result<Gathered, DoctrineError> {
        let all = Mutex::new(Gathered::of(self.active.len()));
        let next = AtomicUsize::new(0);
        let died = std::thread::scope(|threads| {
            let work = || {
                let mut own = Gathered::of(self.active.len());
                while let Some(path) =
                    self.meant.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !(self.stop)())
                {
                    self.file(path, &mut own);
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).join(own);
            };
            let spawn =
                |_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(threads, work);
            let started: Vec<_> = (0..self.threads()).map(spawn).collect();
            started.into_iter().any(|it| it.is_ok_and(|it| it.join().is_err()))
        });
        if died {
            let said = "a pillar panicked".to_owned();
            return Err(DoctrineError::Rules { place: "the doctrine".to_owned(), what: said });
        }
        if (self.stop)() {
            return Err(DoctrineError::Stopped);
        }
        Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn threads(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        processors.min(self.meant.len().div_ceil(16)).clamp(1, 16)
    }

    fn bytes(&self, path: &str) -> std::io::Result<Vec<u8>> {
        if let Some(staged) = &self.staged {
            let index = self.meant.binary_search_by(|it| it.as_str().cmp(path));
            return Ok(index.ok().and_then(|it| staged.get(it)).cloned().unwrap_or_default());
        }
        let file = self.codebase.dir.join(path);
        let meta = std::fs::symlink_metadata(&file)?;
        if !meta.is_file() || meta.len() > LARGEST { Ok(Vec::new()) } else { std::fs::read(file) }
    }

    fn file(&self, path: &str, gathered: &mut Gathered) {
        let bytes = match self.bytes(path) {
            Ok(bytes) => bytes,
            // Git still knows a file that was deleted.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                return gathered.unread.push((path.to_owned(), None, error.to_string()));
            }
        };
        let role = self.codebase.files.get(path).map_or(Role::Other, |it| it.role);
        let is_binary = bytes.iter().take(8 << 10).any(|it| *it == 0);
        let text = if is_binary { "" } else { std::str::from_utf8(&bytes).unwrap_or_default() };
        let is_elixir = path.ends_with(".ex") || path.ends_with(".exs") || role == Role::MixLock;
        let tree = is_elixir.then(|| Tree::parse(text));
        let markup = match &tree {
            Some(tree) => code_of_sigils(tree),
            None if role == Role::Template => Some(code_of(text, path.ends_with(".heex"))),
            None => None,
        };
        let markup = markup.map(Tree::parse);
        let elixir = |tree| Elixir { tree, code: Code::of(tree) };
        let source = Source {
            path,
            app: self.codebase.app_of(path),
            role,
            bytes: &bytes,
            text,
            elixir: tree.as_ref().map(elixir),
            markup: markup.as_ref().map(elixir),
        };
        self.source(&source, gathered);
    }

    fn source(&self, source: &Source, gathered: &mut Gathered) {
        let mut marks = None;
        for (index, pillar) in
            self.doctrine.pillars.iter().enumerate().filter(|(index, _)| self.active[*index])
        {
            let began = Instant::now();
            let mut found = Found::in_file(source);
            pillar.file(source, self.codebase, &mut found);
            gathered.took[index] += began.elapsed();
            for violation in found.into_violations() {
                let marks = marks.get_or_insert_with(|| Suppressions::of_source(source));
                self.doctrine.keep(violation, marks, gathered);
            }
        }
        let Some(elixir) = &source.elixir else { return };
        gathered.lines += elixir.tree.line_count();
        gathered.documented.join(Documented::of(source));
        if let Some(error) = elixir.tree.errors().first() {
            gathered.unread.push((source.path.to_owned(), Some(error.line), error.message.clone()));
        }
        gathered.outlines.extend(Outline::of(source));
    }
}
