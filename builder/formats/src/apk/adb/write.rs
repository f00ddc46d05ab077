//! Writing containers, byte for byte as apk-tools does.

use std::collections::HashMap;

use super::file::{ALIGNMENT, DATA, MAGIC, SIGNATURE, VALUES};
use super::{Schema, Value};
use crate::apk::Error;

/// Writes a block of values. What was written before is pointed to again instead of written twice.
#[derive(Debug)]
pub struct Encoder {
    bytes: Vec<u8>,
    /// Where everything that can be pointed to again stands.
    known: HashMap<Vec<u8>, usize>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            bytes: vec![0; 8],
            known: HashMap::new(),
        }
    }
}

impl Encoder {
    /// A number.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn int(&mut self, number: u64) -> Result<Value, Error> {
        if number < 1 << 28 {
            return Ok(Value(1 << 28 | number as u32));
        }
        match u32::try_from(number) {
            Ok(number) => self.shared(2, 4, &number.to_le_bytes()),
            Err(_) => self.shared(3, 4, &number.to_le_bytes()),
        }
    }

    /// Bytes; nothing when there are none.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn blob(&mut self, blob: &[u8]) -> Result<Value, Error> {
        match with_length(blob)? {
            Some((kind, align, bytes)) => self.shared(kind, align, &bytes),
            None => Ok(Value::NULL),
        }
    }

    /// Bytes that nothing else will point to, so that they can be changed in the finished block ([`Encoder::place_of`]).
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn blob_alone(&mut self, blob: &[u8]) -> Result<Value, Error> {
        match with_length(blob)? {
            Some((kind, align, bytes)) => self.append(kind, align, &bytes),
            None => Ok(Value::NULL),
        }
    }

    /// An object or array of these values, the first for slot 1. Nothings at the end are left out; nothing when all are.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn object(&mut self, values: &[Value]) -> Result<Value, Error> {
        let used = values.iter().rposition(|value| !value.is_null());
        let Some(used) = used.and_then(|last| values.get(..=last)) else {
            return Ok(Value::NULL);
        };
        let count = u32::try_from(used.len() + 1).map_err(|_| Error::Full)?;
        let mut bytes = count.to_le_bytes().to_vec();
        bytes.extend(used.iter().flat_map(|value| value.0.to_le_bytes()));
        self.shared(14, 4, &bytes)
    }

    /// The whole block with this value as its root.
    pub fn finish(mut self, root: Value) -> Vec<u8> {
        if let Some(place) = self.bytes.get_mut(4..8) {
            place.copy_from_slice(&root.0.to_le_bytes());
        }
        self.bytes
    }

    /// Where the bytes of a short blob (at most 255) stand in the finished block.
    pub fn place_of(value: Value) -> usize {
        value.number() + 1
    }

    fn shared(&mut self, kind: u32, align: usize, bytes: &[u8]) -> Result<Value, Error> {
        if let Some(at) = self.known.get(bytes)
            && at.is_multiple_of(align)
        {
            return Ok(Value(kind << 28 | *at as u32));
        }
        let value = self.append(kind, align, bytes)?;
        self.known.insert(bytes.to_vec(), value.number());
        Ok(value)
    }

    fn append(&mut self, kind: u32, align: usize, bytes: &[u8]) -> Result<Value, Error> {
        let at = self.bytes.len().next_multiple_of(align);
        if at + bytes.len() >= 1 << 28 {
            return Err(Error::Full);
        }
        self.bytes.resize(at, 0);
        self.bytes.extend_from_slice(bytes);
        Ok(Value(kind << 28 | at as u32))
    }
}

/// The type of a blob, how its length is aligned, and the length with the bytes.
fn with_length(blob: &[u8]) -> Result<Option<(u32, usize, Vec<u8>)>, Error> {
    let len = u32::try_from(blob.len())
        .map_err(|_| Error::Full)?
        .to_le_bytes();
    let (kind, size) = match blob.len() {
        0 => return Ok(None),
        1..=0xff => (8, 1),
        0x100..=0xffff => (9, 2),
        _ => (10, 4),
    };
    let mut bytes = len[..size].to_vec();
    bytes.extend_from_slice(blob);
    Ok(Some((kind, size, bytes)))
}

/// A plain container of these blocks.
pub fn write(schema: Schema, values: &[u8], signatures: &[Vec<u8>], data: &[Vec<u8>]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(schema.0);
    block(&mut out, VALUES, values);
    for signature in signatures {
        block(&mut out, SIGNATURE, signature);
    }
    for data in data {
        block(&mut out, DATA, data);
    }
    out
}

fn block(out: &mut Vec<u8>, kind: u32, payload: &[u8]) {
    match u32::try_from(payload.len() + 4) {
        Ok(size) if size < 1 << 30 => out.extend((kind << 30 | size).to_le_bytes()),
        _ => {
            out.extend((3 << 30 | kind).to_le_bytes());
            out.extend([0; 4]);
            out.extend((payload.len() as u64 + 16).to_le_bytes());
        }
    }
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
}
