//! What the user sees while `clom` works: progress bars on a terminal, plain lines otherwise, JSON events for machines.
//!
//! All of it goes to standard error, except JSON events and a verb's result, which go to standard output.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Bars that redraw in place.
    Terminal,
    /// One line as each step begins and one as it ends.
    Plain,
    /// One JSON object a line on standard output.
    Json,
    /// Nothing but errors.
    Quiet,
}

/// Shows steps, their progress and remarks. Shared by reference between threads.
#[derive(Debug)]
pub struct Ui {
    mode: Mode,
    bars: MultiProgress,
    start: Instant,
    /// Held while a line is written, so that lines of two threads never mix.
    line: Mutex<()>,
}

impl Ui {
    /// A view of this mode.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            bars: MultiProgress::new(),
            start: Instant::now(),
            line: Mutex::new(()),
        }
    }

    /// JSON if asked for; else nothing if quiet; else bars when standard error is a terminal; else plain lines.
    pub fn choose(json: bool, quiet: bool) -> Self {
        Self::new(match (json, quiet) {
            (true, _) => Mode::Json,
            (_, true) => Mode::Quiet,
            _ if std::io::stderr().is_terminal() => Mode::Terminal,
            _ => Mode::Plain,
        })
    }

    /// How progress is shown.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Begins a step. `id` is a short stable word for machines (`agent`, `squashfs`), `text` is for people.
    pub fn step<'a>(&'a self, id: &'a str, text: &str) -> Step<'a> {
        let bar = match self.mode {
            Mode::Terminal => {
                let bar = self.bars.add(ProgressBar::new_spinner());
                bar.set_style(style("{spinner:.cyan} {msg} {elapsed:.dim}"));
                bar.set_message(text.to_owned());
                bar.enable_steady_tick(Duration::from_millis(100));
                bar
            }
            _ => ProgressBar::hidden(),
        };
        self.event("step-start", id, [("text", json!(text))]);
        if self.mode == Mode::Plain {
            self.say(&format!("{:>9}  {text}", "..."));
        }
        Step {
            ui: self,
            id,
            text: text.to_owned(),
            bar,
            start: Instant::now(),
            ended: false,
        }
    }

    /// A remark that stays on the screen.
    pub fn note(&self, text: &str) {
        self.event("note", "", [("text", json!(text))]);
        self.say(&format!("  {text}"));
    }

    /// Something the user should know and can mend.
    pub fn warn(&self, text: &str) {
        self.event("warning", "", [("text", json!(text))]);
        self.say(&format!("warning: {text}"));
    }

    /// A verb's own event for machines, with its fields; not shown to people.
    pub fn result(&self, event: &str, fields: Map<String, Value>) {
        self.event(
            event,
            "",
            fields
                .iter()
                .map(|(key, value)| (key.as_str(), value.clone())),
        );
    }

    fn say(&self, line: &str) {
        match self.mode {
            Mode::Terminal => {
                let _ = self.bars.println(line);
            }
            Mode::Plain => {
                let _one_at_a_time = self.line.lock();
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            }
            Mode::Json | Mode::Quiet => {}
        }
    }

    fn event<'f>(&self, event: &str, id: &str, fields: impl IntoIterator<Item = (&'f str, Value)>) {
        if self.mode != Mode::Json {
            return;
        }
        let mut object = Map::new();
        object.insert("event".into(), json!(event));
        if !id.is_empty() {
            object.insert("step".into(), json!(id));
        }
        object.insert("ms".into(), json!(self.start.elapsed().as_millis() as u64));
        object.extend(
            fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value)),
        );
        let _one_at_a_time = self.line.lock();
        let _ = writeln!(std::io::stdout().lock(), "{}", Value::Object(object));
    }
}

/// One step under way; dropped without [`Step::done`], it counts as failed.
#[derive(Debug)]
pub struct Step<'a> {
    ui: &'a Ui,
    id: &'a str,
    text: String,
    bar: ProgressBar,
    start: Instant,
    ended: bool,
}

impl Step<'_> {
    /// Turns the spinner into a bar that ends at `total` (bytes, blocks, crates: whatever is counted).
    pub fn total(&self, total: u64) {
        self.bar.set_length(total);
        self.bar.set_style(style(
            "{spinner:.cyan} {msg} {wide_bar:.cyan/dim} {pos}/{len} {eta:.dim}",
        ));
    }

    /// The same for bytes: shows how many there are, how fast they come, and when the last will.
    pub fn total_bytes(&self, total: u64) {
        if self.bar.length().is_none() {
            self.bar.set_style(style(
                "{spinner:.cyan} {msg} {wide_bar:.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec} {eta:.dim}",
            ));
        }
        self.bar.set_length(total);
    }

    /// Tells machines, and only them, how far it is. Not for every byte: a few times a second.
    pub fn tell(&self, position: u64, total: u64) {
        self.ui.event(
            "step-progress",
            self.id,
            [("at", json!(position)), ("total", json!(total))],
        );
    }

    /// How far it is.
    pub fn at(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// What it is doing now, shown behind the step's text.
    pub fn doing(&self, what: &str) {
        self.bar.set_message(format!("{}: {what}", self.text));
        self.ui
            .event("step-progress", self.id, [("text", json!(what))]);
    }

    /// It ended well, with a short outcome for people.
    pub fn done(mut self, outcome: &str) {
        self.ended = true;
        self.bar.finish_and_clear();
        let took = self.start.elapsed();
        self.ui.event(
            "step-done",
            self.id,
            [
                ("outcome", json!(outcome)),
                ("took_ms", json!(took.as_millis() as u64)),
            ],
        );
        self.ui
            .say(&format!("{:>9}  {}: {outcome}", seconds(took), self.text));
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.bar.finish_and_clear();
            self.ui.event("step-failed", self.id, []);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A duration for people: `0.21 s`, `3 min 20 s`.
fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.2} s", took.as_secs_f64()),
        s => format!("{} min {} s", s / 60, s % 60),
    }
}
