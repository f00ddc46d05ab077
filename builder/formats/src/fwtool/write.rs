//! Putting chunks behind an image.

use super::format::{
    HEADER, MAX_METADATA, MAX_SIGNATURE, METADATA, SIGNATURE, TRAILER, Trailer, crc,
};
use super::read::{Chunk, Error};

/// Appends `chunk` with its trailer to `image`, which holds everything that comes before it in the file.
///
/// # Errors
/// [`Error::TooLong`] when fwtool would not accept a chunk of this length.
pub fn append(image: &mut Vec<u8>, chunk: &Chunk) -> Result<(), Error> {
    let offset = image.len();
    let (kind, what, len, max) = match chunk {
        Chunk::Metadata { text, .. } => (METADATA, "metadata", HEADER + text.len(), MAX_METADATA),
        Chunk::Signature(data) => (SIGNATURE, "signature", data.len(), MAX_SIGNATURE),
    };
    if len > max {
        return Err(Error::TooLong {
            what,
            offset,
            len,
            max,
        });
    }
    match chunk {
        Chunk::Metadata { header, text } => {
            image.extend_from_slice(header);
            image.extend_from_slice(text.as_bytes());
        }
        Chunk::Signature(data) => image.extend_from_slice(data),
    }
    let trailer = Trailer {
        crc: crc(image),
        kind,
        // At most 30 KiB + 16, checked above.
        size: (len + TRAILER) as u32,
    };
    image.extend_from_slice(&trailer.to_bytes());
    Ok(())
}
