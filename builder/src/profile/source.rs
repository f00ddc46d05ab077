//! Profile files and places in them: which file, which bytes, which line and column, which layer.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a layer describes. Later kinds win over earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The defaults that `clom` brings.
    Builtin,
    /// A network of people: its mesh, its services, its keys.
    Community,
    /// A part of a community: a town, a valley, a house.
    Site,
    /// A model of router.
    Device,
    /// One router at its place.
    Node,
}

impl Kind {
    /// The kinds that are read from files, in the order in which they are laid over each other.
    pub const FILES: [Self; 4] = [Self::Community, Self::Site, Self::Device, Self::Node];

    /// `site`: as it is written in commands and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Builtin => "built-in",
            Self::Community => "community",
            Self::Site => "site",
            Self::Device => "device",
            Self::Node => "node",
        }
    }

    /// `sites`: the folder of a library that holds files of this kind.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Builtin => "built-in",
            Self::Community => "communities",
            Self::Site => "sites",
            Self::Device => "devices",
            Self::Node => "nodes",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Names a layer: its kind and its name in the library.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId {
    /// What it describes.
    pub kind: Kind,
    /// Its name; for a node `site/name`.
    pub name: String,
}

impl LayerId {
    /// The layer of this kind and name.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
        }
    }
}

/// `site valley`, `built-in defaults`.
impl fmt::Display for LayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// The text of one layer and where it came from.
#[derive(Debug)]
pub struct SourceFile {
    /// Which layer it is.
    layer: LayerId,
    /// The file on disk; `None` for the built-in defaults and what the command line sets.
    path: Option<PathBuf>,
    /// How messages call it: the path as short as it can be, or `<built-in defaults>`.
    name: String,
    text: Arc<str>,
    /// Byte offset of the start of each line.
    lines: Vec<usize>,
}

impl SourceFile {
    /// A layer read from a file. Messages name the file relative to the working directory if it lies below.
    pub fn on_disk(layer: LayerId, path: &Path, text: impl Into<Arc<str>>) -> Arc<Self> {
        let name = shown(path).display().to_string();
        Self::build(layer, Some(path.to_owned()), name, text.into())
    }

    /// A layer that is no file, called `name` in messages.
    pub fn in_memory(layer: LayerId, name: &str, text: impl Into<Arc<str>>) -> Arc<Self> {
        Self::build(layer, None, name.to_owned(), text.into())
    }

    fn build(layer: LayerId, path: Option<PathBuf>, name: String, text: Arc<str>) -> Arc<Self> {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Arc::new(Self {
            layer,
            path,
            name,
            text,
            lines,
        })
    }

    /// Which layer it is.
    pub fn layer(&self) -> &LayerId {
        &self.layer
    }

    /// The file on disk, if it is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column (both from 1, the column in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        (line, before.chars().count() + 1)
    }
}

/// The path as messages show it: relative to the working directory if it lies below.
pub(crate) fn shown(path: &Path) -> &Path {
    std::env::current_dir()
        .ok()
        .and_then(|cwd| path.strip_prefix(cwd).ok())
        .filter(|short| !short.as_os_str().is_empty())
        .unwrap_or(path)
}

/// A run of bytes in a layer's text.
#[derive(Debug, Clone)]
pub struct Place {
    file: Arc<SourceFile>,
    span: Range<usize>,
}

impl Place {
    /// The bytes `span` of `file`; a span beyond the end or inside a character is cut to what is there.
    pub fn new(file: &Arc<SourceFile>, span: Range<usize>) -> Self {
        let text = file.text();
        let cut = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = cut(span.start);
        Self {
            span: start..cut(span.end).max(start),
            file: Arc::clone(file),
        }
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// Byte offsets of its start and end.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// File, line and column of its start, and the layer.
    pub fn origin(&self) -> Origin {
        let (line, column) = self.file.line_column(self.span.start);
        Origin {
            file: self.file.name().to_owned(),
            path: self.file.path().map(Path::to_owned),
            line,
            column,
            layer: self.file.layer().clone(),
        }
    }
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file as messages name it.
    pub file: String,
    /// The file on disk; `None` for the built-in defaults and the command line.
    pub path: Option<PathBuf>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The layer.
    pub layer: LayerId,
}

impl Origin {
    /// The folder that paths written here are relative to; `None` for the built-in defaults and the command line.
    pub fn directory(&self) -> Option<&Path> {
        self.path.as_deref().and_then(Path::parent)
    }
}

/// `sites/valley.toml:3:1`
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
