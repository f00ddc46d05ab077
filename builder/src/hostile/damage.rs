//! Good bytes made bad.

use std::fmt;
use std::ops::Deref;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What parsers stumble over.
const WORDS: [&str; 28] = [
    "",
    "\n",
    "\n\n",
    "\r\n",
    "\0",
    " ",
    "\t",
    ":",
    "=",
    "/",
    "..",
    "../",
    "//",
    "\\",
    "%2e",
    "-",
    "0",
    "-1",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "99999999999999999999",
    "é",
    "\u{1b}[31m",
    "\"",
    "'",
    "${name}",
    "#",
];

#[derive(Debug, Clone)]
enum Edit {
    /// Ends there.
    Cut(Index),
    /// A stretch is gone.
    Remove(Index, Index),
    /// A stretch stands elsewhere too.
    Repeat(Index, Index, Index),
    /// A word is put in, or in place of the word that was there.
    Word(Index, &'static str, bool),
    /// A byte is another.
    Byte(Index, u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        1 => at().prop_map(Edit::Cut),
        3 => (at(), at()).prop_map(|(from, to)| Edit::Remove(from, to)),
        3 => (at(), at(), at()).prop_map(|(from, to, at)| Edit::Repeat(from, to, at)),
        8 => (at(), select(&WORDS[..]), any::<bool>()).prop_map(|(at, word, instead)| Edit::Word(at, word, instead)),
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    let place = |index: &Index| index.index(bytes.len() + 1);
    let stretch = |from: &Index, to: &Index| {
        let (from, to) = (place(from), place(to));
        from.min(to)..from.max(to)
    };
    match edit {
        Edit::Cut(at) => bytes.truncate(place(at)),
        Edit::Remove(from, to) => drop(bytes.drain(stretch(from, to))),
        Edit::Repeat(from, to, at) => {
            let part = bytes[stretch(from, to)].to_vec();
            let at = place(at);
            bytes.splice(at..at, part);
        }
        Edit::Word(at, word, instead) => {
            let at = place(at);
            let rest = &bytes[at..];
            let word_end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
            let len = if *instead {
                word_end.unwrap_or(rest.len())
            } else {
                0
            };
            bytes.splice(at..at + len, word.bytes());
        }
        Edit::Byte(at, byte) => {
            let at = place(at);
            if let Some(there) = bytes.get_mut(at) {
                *there = *byte;
            }
        }
    }
}

/// Bytes that show themselves as text when a test fails.
#[derive(Clone)]
pub(crate) struct Damaged(Vec<u8>);

impl fmt::Debug for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Deref for Damaged {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

/// These bytes with some damage; now and then none, or others altogether.
pub(crate) fn damaged(good: impl AsRef<[u8]>) -> impl Strategy<Value = Damaged> {
    let good = good.as_ref().to_vec();
    let bytes = prop_oneof![
        12 => vec(edit(), 0..6).prop_map(move |edits| {
            let mut bytes = good.clone();
            edits.iter().for_each(|edit| apply(&mut bytes, edit));
            bytes
        }),
        1 => vec(any::<u8>(), 0..200),
    ];
    bytes.prop_map(Damaged)
}
