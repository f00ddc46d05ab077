//! Signing containers that are there already: what `apk adbsign` does.

use super::{File, Limits, compression_of, pack, unpack, write};
use crate::apk::{Error, PrivateKey, Signature};

/// The same file, compressed in the same way, signed by `key` too. A signature that this key gave it before is replaced, those of others
/// stay.
///
/// # Errors
/// As [`unpack`] and [`File::read`]; [`Error::Signature`] when a signature in it is not understood.
pub fn sign(file: &[u8], key: &PrivateKey) -> Result<Vec<u8>, Error> {
    let plain = unpack(file, Limits::PACKAGE)?;
    let read = File::read(&plain)?;
    let mut signatures = Vec::new();
    for block in &read.signatures {
        if Signature::read(block)?.key != key.public().id() {
            signatures.push(block.to_vec());
        }
    }
    signatures.push(Signature::make(read.schema, read.values, key)?);
    let data: Vec<_> = read.data.iter().map(|block| block.to_vec()).collect();
    pack(
        &write(read.schema, read.values, &signatures, &data),
        compression_of(file),
    )
}
