//! Values of a container.

use std::cell::Cell;

use crate::apk::Error;

/// How many times its size a block's values may amount to when all are read out. apk-tools writes a value that occurs often
/// only once, so a block may amount to more than its size; real indexes of feeds amount to less than 3 times theirs.
const REPETITION: u64 = 16;
/// What a block of any size may amount to, in bytes.
const LEAST_BUDGET: u64 = 1 << 20;
/// The size of a block's header; nothing that values point to begins before.
const HEADER: usize = 8;

/// A value as it stands in a slot: a type and a number or an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value(pub(super) u32);

impl Value {
    /// Nothing.
    pub const NULL: Self = Self(0);

    /// Whether it is nothing.
    pub fn is_null(self) -> bool {
        self == Self::NULL
    }

    pub(super) fn kind(self) -> u32 {
        self.0 >> 28
    }

    pub(super) fn number(self) -> usize {
        (self.0 & 0x0fff_ffff) as usize
    }
}

/// A block of values. Every value is checked when it is looked at; those that nobody looks at do not matter.
///
/// Objects are read by what is known of their fields, never by what the file says, so no chain of offsets is followed
/// further than the known fields nest, and circles lead nowhere.
#[derive(Debug)]
pub struct Database<'a> {
    bytes: &'a [u8],
    budget: Cell<u64>,
}

impl<'a> Database<'a> {
    /// The values in the payload of a block.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Compatibility`].
    pub fn new(block: &'a [u8]) -> Result<Self, Error> {
        match block.first() {
            Some(0) if block.len() >= HEADER => Ok(Self {
                bytes: block,
                budget: Cell::new((block.len() as u64 * REPETITION).max(LEAST_BUDGET)),
            }),
            Some(version) if block.len() >= HEADER => Err(Error::Compatibility(*version)),
            _ => Err(Error::Truncated {
                what: "the header of the values",
                at: block.len(),
            }),
        }
    }

    /// The value that leads to all others.
    pub fn root(&self) -> Value {
        let word = self.bytes.get(4..).and_then(<[u8]>::first_chunk);
        Value(word.map_or(0, |word| u32::from_le_bytes(*word)))
    }

    /// A number; `None` for nothing.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Repetition`].
    pub fn int(&self, value: Value) -> Result<Option<u64>, Error> {
        self.spend(4)?;
        let number = match value.kind() {
            0 if value.is_null() => return Ok(None),
            1 => Some(value.number() as u64),
            2 => self
                .at(value)
                .map(|word| u64::from(u32::from_le_bytes(*word))),
            3 => self.at(value).map(|word| u64::from_le_bytes(*word)),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(value, "number"))
    }

    /// Bytes; `None` for nothing.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Repetition`].
    pub fn blob(&self, value: Value) -> Result<Option<&'a [u8]>, Error> {
        let (header, len) = match value.kind() {
            0 if value.is_null() => return Ok(None),
            8 => (1, self.at(value).map(|len: &[u8; 1]| u32::from(len[0]))),
            9 => (
                2,
                self.at(value)
                    .map(|len| u32::from(u16::from_le_bytes(*len))),
            ),
            10 => (4, self.at(value).map(|len| u32::from_le_bytes(*len))),
            _ => (0, None),
        };
        let read = || {
            let start = value.number().checked_add(header)?;
            self.bytes.get(start..start.checked_add(len? as usize)?)
        };
        let blob = read().ok_or_else(|| self.wrong(value, "text"))?;
        self.spend(4 + blob.len() as u64)?;
        Ok(Some(blob))
    }

    /// The slots of an array or object; none for nothing.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Repetition`].
    pub fn slots(&self, value: Value) -> Result<Slots<'a>, Error> {
        if value.is_null() {
            return Ok(Slots { words: &[] });
        }
        let read = || {
            if !matches!(value.kind(), 13 | 14) {
                return None;
            }
            let count = u32::from_le_bytes(*self.at(value)?);
            let rest = self.bytes.get(value.number()..)?;
            let (words, _) = rest.as_chunks::<4>();
            words.get(1..count as usize)
        };
        let words = read().ok_or_else(|| self.wrong(value, "list"))?;
        self.spend(4 * words.len() as u64)?;
        Ok(Slots { words })
    }

    /// Takes note that `bytes` of memory more are used because of a value, and refuses when that is out of proportion.
    ///
    /// # Errors
    /// [`Error::Repetition`].
    pub fn spend(&self, bytes: u64) -> Result<(), Error> {
        let left = self.budget.get().checked_sub(bytes);
        self.budget.set(left.ok_or(Error::Repetition(REPETITION))?);
        Ok(())
    }

    /// The first `N` bytes of what the value points to.
    fn at<const N: usize>(&self, value: Value) -> Option<&'a [u8; N]> {
        let at = value.number();
        (at >= HEADER).then_some(())?;
        self.bytes.get(at..)?.first_chunk()
    }

    fn wrong(&self, value: Value, wanted: &'static str) -> Error {
        Error::Value {
            value: value.0,
            wanted,
            size: self.bytes.len(),
        }
    }
}

/// The slots of an array or object.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a> {
    words: &'a [[u8; 4]],
}

impl Slots<'_> {
    /// The value in a slot, from 1; nothing where there is none.
    pub fn get(&self, slot: usize) -> Value {
        let word = slot.checked_sub(1).and_then(|slot| self.words.get(slot));
        word.map_or(Value::NULL, |word| Value(u32::from_le_bytes(*word)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> {
        self.words
            .iter()
            .map(|word| Value(u32::from_le_bytes(*word)))
    }
}
