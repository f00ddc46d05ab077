//! The merged profile: a tree of values in which each knows its history.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::diagnostics::Diagnostic;
use super::mask::HIDDEN;
use super::path::{KeyPath, Segment, write_key};
use super::provenance::Change;
use super::source::{Origin, Place};
use super::value::Scalar;

/// A value of the merged profile.
#[derive(Debug, Clone)]
pub struct Node {
    pub(crate) content: Content,
    pub(crate) history: Vec<Change>,
    /// It may be a secret written down by mistake: it is not printed.
    pub(crate) hidden: bool,
    /// Set while decoding: this value was reported already and is left out of what is decoded.
    pub(crate) left_out: bool,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// A plain value.
    Scalar(Scalar),
    /// A list.
    List(List),
    /// A table.
    Table(IndexMap<String, Node>),
}

/// A list, and what was in it once.
#[derive(Debug, Clone, Default)]
pub struct List {
    pub(crate) items: Vec<Node>,
    /// Elements that a later layer took out; the last change of each says which.
    pub(crate) removed: Vec<Node>,
}

impl List {
    /// The elements.
    pub fn items(&self) -> &[Node] {
        &self.items
    }

    /// Elements that were taken out by `remove`; the last change of each says where.
    pub fn removed(&self) -> &[Node] {
        &self.removed
    }
}

impl Node {
    pub(crate) fn new(content: Content, change: Change) -> Self {
        Self {
            content,
            history: vec![change],
            hidden: false,
            left_out: false,
        }
    }

    /// What it holds.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What each layer did to it, the lowest layer first.
    pub fn history(&self) -> &[Change] {
        &self.history
    }

    /// Where the value that counts is written: the last change; `None` only for the root of an empty profile.
    pub fn place(&self) -> Option<&Place> {
        self.history.last().map(|change| &change.value)
    }

    /// Where the key of the value that counts is written.
    pub fn key_place(&self) -> Option<&Place> {
        self.history.last().map(|change| &change.key)
    }

    /// The value below this one at one step.
    pub fn child(&self, segment: &Segment) -> Option<&Self> {
        match (&self.content, segment) {
            (Content::Table(table), Segment::Key(key)) => table.get(key),
            (Content::List(list), Segment::Index(index)) => list.items.get(*index),
            _ => None,
        }
    }

    pub(crate) fn child_mut(&mut self, segment: &Segment) -> Option<&mut Self> {
        match (&mut self.content, segment) {
            (Content::Table(table), Segment::Key(key)) => table.get_mut(key),
            (Content::List(list), Segment::Index(index)) => list.items.get_mut(*index),
            _ => None,
        }
    }

    /// Text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(scalar) => scalar.as_str(),
            _ => None,
        }
    }

    /// The keys and values, if it is a table.
    pub fn as_table(&self) -> Option<&IndexMap<String, Self>> {
        match &self.content {
            Content::Table(table) => Some(table),
            _ => None,
        }
    }

    /// `a string`: what it is, for messages.
    pub fn type_name(&self) -> &'static str {
        match &self.content {
            Content::Scalar(scalar) => scalar.type_name(),
            Content::List(_) => "a list",
            Content::Table(_) => "a table",
        }
    }

    /// The value in TOML, on one line; what may be a secret is left out.
    pub fn to_inline(&self) -> String {
        let mut out = String::new();
        self.write_inline(&mut out);
        out
    }

    fn write_inline(&self, out: &mut String) {
        match &self.content {
            _ if self.hidden => out.push_str(HIDDEN),
            Content::Scalar(scalar) => {
                let _ = write!(out, "{scalar}");
            }
            Content::List(list) => {
                out.push('[');
                for (at, item) in list.items.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    item.write_inline(out);
                }
                out.push(']');
            }
            Content::Table(table) => {
                out.push_str(if table.is_empty() { "{" } else { "{ " });
                for (at, (key, value)) in table.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    let _ = write_key(out, key);
                    out.push_str(" = ");
                    value.write_inline(out);
                }
                out.push_str(if table.is_empty() { "}" } else { " }" });
            }
        }
    }
}

/// Whether two values are the same, whoever wrote them.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Scalar(a), Content::Scalar(b)) => a == b,
            (Content::List(a), Content::List(b)) => a.items == b.items,
            (Content::Table(a), Content::Table(b)) => a == b,
            _ => false,
        }
    }
}

/// All layers of a build laid over each other.
#[derive(Debug, Clone)]
pub struct Merged {
    pub(crate) root: Node,
}

impl Default for Merged {
    fn default() -> Self {
        Self {
            root: Node {
                content: Content::Table(IndexMap::new()),
                history: Vec::new(),
                hidden: false,
                left_out: false,
            },
        }
    }
}

impl Merged {
    /// The whole tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The value at a path, such as `networks.lan.address` or `files[0].mode`.
    pub fn get(&self, path: impl Into<KeyPath>) -> Option<&Node> {
        let path = path.into();
        let mut steps = path.segments().iter();
        steps.try_fold(&self.root, |node, step| node.child(step))
    }

    /// Where the value at a path is written; if there is none, where the nearest table above it is opened.
    pub fn place(&self, path: impl Into<KeyPath>) -> Option<&Place> {
        self.nearest(&path.into()).0.place()
    }

    /// File, line, column and layer of the value at a path; if there is none, of the nearest table above it.
    pub fn origin(&self, path: impl Into<KeyPath>) -> Option<Origin> {
        self.place(path).map(Place::origin)
    }

    /// An error that points at the value at a path. `help` says what to do and may be empty.
    ///
    /// If nothing is set at the path, it points at the nearest table above it and says which key is meant.
    pub fn error_at(
        &self,
        path: impl Into<KeyPath>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        self.pointed(Diagnostic::error(message), &path.into())
            .help(help)
    }

    /// Like [`error_at`](Self::error_at), for what is worth mending but can be built.
    pub fn warning_at(
        &self,
        path: impl Into<KeyPath>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        self.pointed(Diagnostic::warning(message), &path.into())
            .help(help)
    }

    fn pointed(&self, diagnostic: Diagnostic, path: &KeyPath) -> Diagnostic {
        let (node, missing) = self.nearest(path);
        let Some(change) = node.history.last() else {
            return diagnostic;
        };
        match missing {
            false => diagnostic.at(&change.value, ""),
            true => diagnostic.at(&change.key, format!("`{path}` would belong here")),
        }
    }

    /// The value at the path, or the nearest above it and `true`.
    fn nearest(&self, path: &KeyPath) -> (&Node, bool) {
        let mut node = &self.root;
        for step in path.segments() {
            match node.child(step) {
                Some(child) => node = child,
                None => return (node, true),
            }
        }
        (node, false)
    }
}
