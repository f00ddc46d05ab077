//! Paths of keys in a profile: `networks.lan.address`, `files[0].mode`, `uci."my.file"`.

use std::fmt;

use super::value::quote;

/// One step of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of a table.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// The way from the root of a profile to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<Segment>);

impl KeyPath {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and a key more.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// This path and a list index more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The path without its last step; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// The last key on the path, past list indices.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
    }
}

impl From<Vec<Segment>> for KeyPath {
    fn from(segments: Vec<Segment>) -> Self {
        Self(segments)
    }
}

/// Reads what [`KeyPath`]'s `Display` writes. Any text is a path: what is no index or quoted key is a key.
impl From<&str> for KeyPath {
    fn from(text: &str) -> Self {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if let Some((index, after)) = index(rest) {
                segments.push(Segment::Index(index));
                rest = after;
            } else if let Some((key, after)) = quoted(rest) {
                segments.push(Segment::Key(key));
                rest = after;
            } else {
                let end = bare_end(rest);
                let (key, after) = rest.split_at(end);
                segments.push(Segment::Key(key.to_owned()));
                rest = after;
            }
        }
        Self(segments)
    }
}

impl From<&String> for KeyPath {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for KeyPath {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Self> for KeyPath {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

/// `[12]rest`
fn index(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((digits.parse().ok()?, rest))
}

/// `"a.b"rest`, escaped as in TOML.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    let ends = |(_, c): &(usize, char)| {
        let end = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        end
    };
    text.strip_prefix('"')?;
    let (end, _) = text.char_indices().skip(1).find(ends)?;
    let (key, rest) = text.split_at_checked(end + 1)?;
    Some((serde_json::from_str(key).ok()?, rest))
}

/// Where a bare key ends: at a dot, or at a `[` that opens an index. Never at 0, so that reading goes on.
fn bare_end(text: &str) -> usize {
    let ends = |(at, c): (usize, char)| match c {
        '.' => true,
        '[' => text.get(at..).and_then(index).is_some(),
        _ => false,
    };
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.char_indices()
        .skip(1)
        .find(|&at| ends(at))
        .map_or(text.len(), |(at, _)| at)
        .max(first)
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    write_key(f, key)?;
                }
            }
        }
        Ok(())
    }
}

/// A key as TOML writes it: bare if it can be, quoted otherwise.
pub(crate) fn write_key(f: &mut impl fmt::Write, key: &str) -> fmt::Result {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(bare) {
        return f.write_str(key);
    }
    f.write_str(&quote(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_keys_indices_and_quotes() {
        let path = KeyPath::from("files[3].a-b.\"x.y\".z");
        assert_eq!(
            path.segments(),
            [
                Segment::Key("files".into()),
                Segment::Index(3),
                Segment::Key("a-b".into()),
                Segment::Key("x.y".into()),
                Segment::Key("z".into()),
            ]
        );
        assert_eq!(path.to_string(), "files[3].a-b.\"x.y\".z");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".*") {
            let _ = KeyPath::from(text.as_str());
        }

        #[test]
        fn display_is_read_back(segments in proptest::collection::vec(
            prop_oneof![any::<usize>().prop_map(Segment::Index), ".*".prop_map(Segment::Key)], 0..6)
        ) {
            let path = KeyPath(segments);
            prop_assert_eq!(KeyPath::from(path.to_string()), path);
        }
    }
}
