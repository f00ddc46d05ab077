//! What is wrong with profiles, shown with file, line, column and an excerpt.
//!
//! Several problems travel together, so that one run shows all of them. Drawn by `annotate-snippets`, as rustc does.

use std::collections::BTreeSet;
use std::fmt;
use std::io::IsTerminal;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::mask;
use super::source::{Origin, Place, SourceFile};
use crate::failure::{Class, Failure};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth mending, but the profile can be used.
    Warning,
    /// The profile cannot be used.
    Error,
}

/// A place that a [`Diagnostic`] points at.
#[derive(Debug, Clone)]
struct Label {
    place: Place,
    text: String,
    primary: bool,
}

/// One problem: what is wrong, where, and what to do about it.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    labels: Vec<Label>,
    help: Vec<String>,
    hidden: Vec<Place>,
}

impl Diagnostic {
    /// An error with this message: one line, lower case, no full stop.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message.into())
    }

    /// A warning with this message.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message.into())
    }

    fn new(severity: Severity, message: String) -> Self {
        Self {
            severity,
            message,
            labels: Vec::new(),
            help: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Points at the place that is wrong, with a short remark (may be empty).
    #[must_use]
    pub fn at(self, place: &Place, text: impl Into<String>) -> Self {
        self.label(place, text.into(), true)
    }

    /// Points at another place that helps to understand, such as the layer that set the value first.
    #[must_use]
    pub fn and(self, place: &Place, text: impl Into<String>) -> Self {
        self.label(place, text.into(), false)
    }

    fn label(mut self, place: &Place, text: String, primary: bool) -> Self {
        self.labels.push(Label {
            place: place.clone(),
            text,
            primary,
        });
        self
    }

    /// Adds what the user can do about it. Nothing is added for an empty text.
    #[must_use]
    pub fn help(mut self, cure: impl Into<String>) -> Self {
        let cure = cure.into();
        if !cure.is_empty() {
            self.help.push(cure);
        }
        self
    }

    /// Blots this place out in excerpts: it holds a secret.
    #[must_use]
    pub fn hide(mut self, place: &Place) -> Self {
        self.hidden.push(place.clone());
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place it points at first, if it has one.
    pub fn origin(&self) -> Option<Origin> {
        let primary = self.labels.iter().find(|label| label.primary);
        primary.or(self.labels.first()).map(|l| l.place.origin())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let files = self.files();
        let texts: Vec<String> = files.iter().map(|file| self.excerpt(file)).collect();
        let mut group = Group::with_title(level.primary_title(&self.message));
        for (file, text) in files.iter().zip(&texts) {
            let labels = self.labels.iter().filter(|label| same(label, file));
            let snippet = Snippet::source(text.as_str())
                .path(file.name())
                .annotations(labels.map(|label| {
                    let kind = match label.primary {
                        true => AnnotationKind::Primary,
                        false => AnnotationKind::Context,
                    };
                    let text = (!label.text.is_empty()).then_some(label.text.as_str());
                    kind.span(label.place.span()).label(text)
                }));
            group = group.element(snippet);
        }
        if files.is_empty() {
            // Without an excerpt there is nothing that the help could hang on.
            let alone = |title| renderer.render(&[Group::with_title(title)]);
            let help = self
                .help
                .iter()
                .map(|help| alone(Level::HELP.secondary_title(help)));
            let lines: Vec<String> = std::iter::once(renderer.render(&[group]))
                .chain(help)
                .collect();
            return lines.join("\n");
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }

    /// The files pointed at, the primary one first.
    fn files(&self) -> Vec<&Arc<SourceFile>> {
        let mut files: Vec<&Arc<SourceFile>> = Vec::new();
        for primary in [true, false] {
            for label in self.labels.iter().filter(|label| label.primary == primary) {
                if !files.iter().any(|file| same(label, file)) {
                    files.push(label.place.file());
                }
            }
        }
        files
    }

    /// The file's text without its secrets.
    fn excerpt(&self, file: &Arc<SourceFile>) -> String {
        let mut hidden: Vec<Range<usize>> = mask::secret_ranges(file.text());
        let here = self
            .hidden
            .iter()
            .filter(|place| place.file().name() == file.name());
        hidden.extend(here.map(Place::span));
        mask::blot(file.text(), &hidden)
    }

    /// For machines: `{severity, message, places: [{file, line, column, layer, text, primary}], help}`.
    pub fn to_json(&self) -> Value {
        let labels = self.labels.iter().map(|label| {
            let origin = label.place.origin();
            json!({
                "file": origin.file, "line": origin.line, "column": origin.column,
                "layer": origin.layer.to_string(), "text": label.text, "primary": label.primary,
            })
        });
        json!({
            "severity": match self.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "message": self.message,
            "places": labels.collect::<Vec<_>>(),
            "help": self.help,
        })
    }

    /// What makes two reports the same to a reader.
    fn identity(&self) -> (Severity, String, Option<String>) {
        let at = self.origin().map(|origin| origin.to_string());
        (self.severity, self.message.clone(), at)
    }
}

fn same(label: &Label, file: &Arc<SourceFile>) -> bool {
    label.place.file().name() == file.name()
}

/// Problems found together.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No problem yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.iter().any(|d| d.severity == Severity::Error)
    }

    /// Each in the order found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// `value` if no problem is an error, else all the problems. Warnings alone are dropped:
    /// take them out first where they are to be shown.
    ///
    /// # Errors
    /// When one of the problems is an error.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok(value)
        }
    }

    /// Each problem once, however many builds met it, in the order found.
    #[must_use]
    pub fn deduplicated(self) -> Self {
        let mut seen = BTreeSet::new();
        let first = |d: &Diagnostic| seen.insert(d.identity());
        Self(self.0.into_iter().filter(first).collect())
    }

    /// For machines: an array of what [`Diagnostic::to_json`] gives.
    pub fn to_json(&self) -> Value {
        Value::Array(self.0.iter().map(Diagnostic::to_json).collect())
    }

    /// All of them as text, with colours and line art if asked for.
    pub fn render(&self, colour: bool) -> String {
        let renderer = match colour {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        let drawn: Vec<String> = self.0.iter().map(|d| d.render(&renderer)).collect();
        drawn.join("\n\n")
    }

    /// All of them as text for standard error: coloured on a terminal, unless `NO_COLOR` is set.
    pub fn render_for_stderr(&self) -> String {
        self.render(colour_wanted(&std::io::stderr()))
    }
}

/// Whether this stream should get colours: a terminal that can show them, and `NO_COLOR` unset or empty.
pub(crate) fn colour_wanted(stream: &impl IsTerminal) -> bool {
    let off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !off && !dumb && stream.is_terminal()
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::new(Class::Profile, diagnostics)
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
