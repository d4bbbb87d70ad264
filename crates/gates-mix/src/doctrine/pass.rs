//! Reads the files that are meant, in several threads, and gives each to every pillar.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use elixir_syntax::{Code, Tree};

use super::codebase::Codebase;
use super::documented::Documented;
use super::error::DoctrineError;
use super::found::Found;
use super::outline::Outline;
use super::result::Suppressed;
use super::rule::Violation;
use super::scan::Doctrine;
use super::source::{Elixir, Role, Source};
use super::suppress::Suppressions;
use super::template::{code_of, code_of_sigils};

/// Larger files are not read: no text of people is so long.
const LARGEST: u64 = 4 << 20;
/// Trees are as deep as code is nested; a thread has room for it.
const STACK: usize = 32 << 20;

/// What is known after some files.
pub(super) struct Gathered {
    pub(super) violations: Vec<Violation>,
    pub(super) suppressed: Vec<Suppressed>,
    pub(super) unread: Vec<(String, Option<u32>, String)>,
    pub(super) outlines: Vec<Outline>,
    /// Which pillars look, by index.
    pub(super) active: Vec<bool>,
    pub(super) files: usize,
    pub(super) documented: Documented,
    pub(super) lines: usize,
    pub(super) took: Vec<Duration>,
}

impl Gathered {
    fn of(pillars: usize) -> Self {
        Self {
            violations: Vec::new(),
            suppressed: Vec::new(),
            unread: Vec::new(),
            outlines: Vec::new(),
            active: Vec::new(),
            files: 0,
            documented: Documented::default(),
            lines: 0,
            took: vec![Duration::ZERO; pillars],
        }
    }

    fn join(&mut self, other: Self) {
        self.violations.extend(other.violations);
        self.suppressed.extend(other.suppressed);
        self.unread.extend(other.unread);
        self.outlines.extend(other.outlines);
        self.documented.join(other.documented);
        self.lines += other.lines;
        self.took.iter_mut().zip(other.took).for_each(|(sum, took)| *sum += took);
    }
}

pub(super) struct Pass<'a> {
    pub(super) doctrine: &'a Doctrine,
    pub(super) codebase: &'a Codebase,
    pub(super) active: &'a [bool],
    pub(super) meant: &'a [String],
    pub(super) staged: Option<Vec<Vec<u8>>>,
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

impl Pass<'_> {
    /// Looks at all files that are meant.
    pub(super) fn run(&self) -> Result<Gathered, DoctrineError> {
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
            let ended = |it: std::io::Result<ScopedJoinHandle<'_, ()>>| {
                it.map_err(|why| format!("the system gives no thread: {why}"))?
                    .join()
                    .map_err(|_| "a pillar panicked".to_owned())
            };
            // Each is waited for: what one of them did not look at, nobody did.
            started.into_iter().map(ended).filter_map(Result::err).last()
        });
        if let Some(what) = died {
            return Err(DoctrineError::Died { what });
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
        let is_code = self.codebase.files.get(path).is_some_and(|it| is_asked_of(it.role));
        if meta.is_file() && meta.len() > LARGEST && is_code {
            return Err(std::io::Error::other("it is larger than 4 MiB"));
        }
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
        self.bytes_of(path, &bytes, gathered);
    }

    fn bytes_of(&self, path: &str, bytes: &[u8], gathered: &mut Gathered) {
        let role = self.codebase.files.get(path).map_or(Role::Other, |it| it.role);
        let is_binary = bytes.iter().take(8 << 10).any(|it| *it == 0);
        let text = if is_binary { None } else { std::str::from_utf8(bytes).ok() };
        if text.is_none() && is_asked_of(role) {
            gathered.unread.push((path.to_owned(), None, "it is no text in UTF-8".to_owned()));
        }
        let text = text.unwrap_or_default();
        let tree = role.is_elixir().then(|| Tree::parse(text));
        let markup = match &tree {
            Some(tree) => code_of_sigils(tree),
            None if role == Role::Template => Some(code_of(text, is_heex(path))),
            None => None,
        };
        let markup = markup.map(Tree::parse);
        let elixir = |tree| Elixir { tree, code: Code::of(tree) };
        let source = Source {
            path,
            app: self.codebase.app_of(path),
            role,
            bytes,
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
        gathered.documented.join(Documented::of(source));
        gathered.lines += elixir.tree.line_count();
        let counts = is_asked_of(source.role);
        if let Some(error) = elixir.tree.errors().first().filter(|_| counts) {
            gathered.unread.push((source.path.to_owned(), Some(error.line), error.message.clone()));
        }
        gathered.outlines.extend(Outline::of(source));
    }
}

/// What is released, and what is asked for, has to be read; a fixture may be broken on purpose.
fn is_asked_of(role: Role) -> bool {
    matches!(role, Role::Lib | Role::MixExs | Role::MixLock)
}

/// In `.heex`, braces are code as well.
fn is_heex(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ending == "heex")
}
