//! The display on a terminal: what is done stays above, what runs moves below.
//!
//! A process has one terminal, so there is one display at most, and whatever else is said while it is there is said above it.

use std::io::{Stderr, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use console::Term;
use nix::unistd::{getpgrp, tcgetpgrp};
use pipeline_core::{DecidedBy, Event, EventKind, Observer};

use super::board::Board;
use super::frame::{View, frame};
use super::plain::painted;
use super::screen::{Screen, Size};
use super::story::{Detail, Line, Story};

/// How often what moves is drawn.
const PACE: Duration = Duration::from_millis(120);

/// Whoever was not drawn for so long may have been laid aside; then whoever hears of that comes first.
const LONG: Duration = Duration::from_secs(1);

/// How a terminal is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) detail: Detail,
    pub(crate) colour: bool,
    /// See [`Screen`].
    pub(crate) reflows: bool,
}

/// What is on the terminal just now.
static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

struct Shown {
    screen: Screen<Stderr>,
    board: Board,
    story: Story,
    look: Look,
    asks: Asks,
    turn: usize,
    drawn: Instant,
}

/// Where a question is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Nothing is asked.
    No,
    /// Somebody is asked, and the cursor is behind the question.
    Here,
    /// Somebody is asked, and something was said since: the question is further up.
    Above,
}

/// Draws on standard error, for as long as it lives.
pub(crate) struct Live {
    /// Dropped with this value, which ends the drawing.
    _alive: Sender<()>,
}

impl Live {
    pub(crate) fn new(look: Look) -> Self {
        show(Shown::new(look));
        Self { _alive: turning() }
    }
}

impl Observer for Live {
    fn observe(&mut self, event: &Event) {
        if let Some(shown) = &mut *shown() {
            shown.observe(event);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(mut shown) = shown().take() {
            shown.draw(&[], &[]);
        }
    }
}

/// Failures only, said like anything else: nothing moves.
pub(crate) struct Hushed {
    story: Story,
    colour: bool,
}

impl Hushed {
    pub(crate) fn new(look: Look) -> Self {
        Self { story: Story::new(Detail::Quiet), colour: look.colour }
    }
}

impl Observer for Hushed {
    fn observe(&mut self, event: &Event) {
        for line in self.story.tell(event) {
            say(&painted(&line, self.colour));
        }
    }
}

/// What is waited for before there is a run, for as long as this lives.
pub(crate) struct Waiting {
    /// Is it what is shown, and not only a part of that?
    alone: Option<Sender<()>>,
}

impl Waiting {
    pub(crate) fn new(what: &str, look: Look) -> Self {
        let before = Some((what.to_owned(), Instant::now()));
        let mut shown = shown();
        if let Some(shown) = &mut *shown {
            shown.board.before = before;
            shown.refresh();
            return Self { alone: None };
        }
        let mut waiting = Shown::new(look);
        waiting.board.before = before;
        waiting.refresh();
        *shown = Some(waiting);
        Self { alone: Some(turning()) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut shown = shown();
        let Some(waiting) = shown.as_mut() else { return };
        // Somebody else's board has nothing before it.
        if waiting.board.before.take().is_some() {
            waiting.draw(&[], &[]);
            if self.alone.is_some() {
                *shown = None;
            }
        }
    }
}

/// A panic says what it has to say below what is printed, and not within what moves.
pub(crate) fn make_room_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // Held while it speaks. Whoever panics while drawing holds it already.
            let mut shown = SHOWN.try_lock();
            if let Ok(Some(shown)) = shown.as_deref_mut() {
                shown.draw(&[], &[]);
            }
            usual(panic);
        }));
    });
}

/// Says something on standard error: above what moves, where something does.
pub(crate) fn say(text: &str) {
    match &mut *shown() {
        Some(shown) => shown.print(text.lines().map(str::to_owned).collect()),
        // Nobody there to hear it is no reason to stop.
        None => drop(writeln!(std::io::stderr(), "{text}")),
    }
}

/// Asks something on standard error: the answer is typed behind it.
pub(crate) fn ask(question: &str) -> std::io::Result<()> {
    let mut shown = shown();
    if shown.as_ref().is_some_and(|it| it.board.before.is_some()) {
        // Nobody waits for anything else while somebody is asked.
        shown.take().into_iter().for_each(|mut it| it.draw(&[], &[]));
    }
    match &mut *shown {
        Some(shown) => {
            shown.draw(&[], &[]);
            shown.asks = Asks::Here;
            shown.screen.write(question)
        }
        None => write!(std::io::stderr(), "{question}").and_then(|()| std::io::stderr().flush()),
    }
}

/// Lets something else be written to the terminal: what moves comes back below it.
pub(crate) fn aside<T>(write: impl FnOnce() -> T) -> T {
    let mut shown = shown();
    if let Some(shown) = &mut *shown {
        shown.draw(&[], &[]);
    }
    write()
}

/// Somebody else has used the terminal: what they wrote is not drawn over.
pub(crate) fn forget() {
    if let Some(shown) = &mut *shown() {
        shown.screen.forget();
    }
}

/// Shows this instead of whatever was shown.
fn show(new: Shown) {
    let mut shown = shown();
    if let Some(old) = &mut *shown {
        old.draw(&[], &[]);
    }
    *shown = Some(new);
}

/// Draws what is shown again and again, until the other end is dropped.
fn turning() -> Sender<()> {
    let (alive, ended) = channel();
    thread::spawn(move || turn_until(&ended));
    alive
}

fn shown() -> MutexGuard<'static, Option<Shown>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shown {
    fn new(look: Look) -> Self {
        let screen = Screen::new(std::io::stderr(), look.reflows);
        let (board, story) = (Board::default(), Story::new(look.detail));
        Self { screen, board, story, look, asks: Asks::No, turn: 0, drawn: Instant::now() }
    }

    fn observe(&mut self, event: &Event) {
        self.board.follow(event, Instant::now());
        if matches!(event.kind, EventKind::Decided { by: DecidedBy::Person, .. }) {
            // They have ended the line of the question. Where nobody answered it is still open.
            self.asks = Asks::No;
        }
        let lines: Vec<Line> = self.story.tell(event);
        self.print(lines.iter().map(|line| painted(line, self.look.colour)).collect());
        match event.kind {
            EventKind::Asking { .. } => self.asks = Asks::Above,
            EventKind::Decided { .. } => self.asks = Asks::No,
            _ => {}
        }
    }

    /// Prints lines for good.
    fn print(&mut self, mut lines: Vec<String>) {
        if self.asks == Asks::Here && !lines.is_empty() {
            lines.insert(0, String::new());
            self.asks = Asks::Above;
        }
        let rows = self.rows();
        self.draw(&lines, &rows);
    }

    /// Draws what moves.
    fn refresh(&mut self) {
        if self.drawn.elapsed() > LONG {
            self.drawn = Instant::now();
            return;
        }
        self.turn += 1;
        let rows = self.rows();
        self.draw(&[], &rows);
    }

    fn rows(&self) -> Vec<String> {
        // What is typed behind a question must stay where it is.
        if self.asks != Asks::No {
            return Vec::new();
        }
        let view =
            View { now: Instant::now(), size: size(), names: self.story.names(), turn: self.turn };
        frame(&self.board, view).iter().map(|row| painted(row, self.look.colour)).collect()
    }

    fn draw(&mut self, above: &[String], rows: &[String]) {
        let mut rows = rows;
        if !in_foreground() {
            // Somebody else has the terminal: what is theirs is not drawn over.
            self.screen.forget();
            rows = &[];
        }
        // A terminal that has gone away must not stop a deploy.
        let _ = self.screen.draw(above, rows, size());
        self.drawn = Instant::now();
    }
}

/// How large the terminal is just now.
fn size() -> Size {
    let (rows, columns) = Term::stderr().size();
    Size { rows: rows.into(), columns: columns.into() }
}

/// Is the terminal ours just now? After `bg` it is the shell's.
fn in_foreground() -> bool {
    tcgetpgrp(std::io::stderr()).map_or(true, |ours| ours == getpgrp())
}

/// Draws, until whoever shows something is gone.
fn turn_until(ended: &Receiver<()>) {
    while ended.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
        if let Some(shown) = &mut *shown() {
            shown.refresh();
        }
    }
}
