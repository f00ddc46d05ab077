//! Taking the chunks off an image.

use thiserror::Error;

use super::format::{
    HEADER, MAX_METADATA, MAX_SIGNATURE, METADATA, SIGNATURE, TRAILER, Trailer, crc,
};

/// One chunk behind the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// What sysupgrade checks before it flashes.
    Metadata {
        /// The 8 bytes before the text; zeros in every image OpenWrt makes.
        header: [u8; 8],
        /// The JSON text exactly as it stands in the image, final newline included.
        text: String,
    },
    /// A ucert chain over the image and its metadata.
    Signature(Vec<u8>),
}

impl Chunk {
    /// A metadata chunk with this text, as OpenWrt writes it.
    pub fn metadata(text: impl Into<String>) -> Self {
        Self::Metadata {
            header: [0; 8],
            text: text.into(),
        }
    }
}

/// An image and the chunks behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<'a> {
    /// The image without its chunks.
    pub image: &'a [u8],
    /// The chunks in the order of the file; empty when there is no trailer.
    pub chunks: Vec<Chunk>,
}

/// Why a trailer could not be read. Offsets count from the start of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The CRC does not fit: the file was changed or damaged after the trailer was written.
    #[error(
        "the fwtool trailer at offset {offset} says CRC {stored:08x}, but the file before it has {computed:08x}: \
         the file is damaged; download it again and compare its sha256sum"
    )]
    Crc {
        /// Where the trailer is.
        offset: usize,
        /// The CRC in the trailer.
        stored: u32,
        /// The CRC of the bytes before it.
        computed: u32,
    },
    /// The size is larger than what is there or smaller than a chunk can be.
    #[error(
        "the fwtool trailer at offset {offset} says its chunk has {size} bytes, but {have} bytes are possible"
    )]
    Size {
        /// Where the trailer is.
        offset: usize,
        /// The size in the trailer.
        size: u32,
        /// The bytes from the start of the file to the end of the trailer.
        have: usize,
    },
    /// Larger than fwtool accepts.
    #[error("the {what} chunk at offset {offset} has {len} bytes; fwtool accepts {max}")]
    TooLong {
        /// `metadata` or `signature`.
        what: &'static str,
        /// Where its data begins.
        offset: usize,
        /// How long its data is.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A type that is neither signature nor metadata.
    #[error("the fwtool trailer at offset {offset} has the unknown type {kind}")]
    Kind {
        /// Where the trailer is.
        offset: usize,
        /// The type byte.
        kind: u8,
    },
    /// Bytes that should be zero are not, so the chunk could not be written back as it was.
    #[error("the fwtool trailer at offset {offset} has bytes set that should be zero")]
    Reserved {
        /// Where the trailer is.
        offset: usize,
    },
    /// The metadata is not UTF-8.
    #[error("the metadata at offset {offset} is not UTF-8 text")]
    NotText {
        /// Where the offending byte is.
        offset: usize,
    },
}

/// The CRC of one trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crc {
    pub(super) offset: usize,
    pub(super) stored: u32,
    pub(super) computed: u32,
}

/// More chunks than any image has: one of metadata, one of signature, twice where an image was signed again.
const MAX_CHUNKS: usize = 8;

/// Takes all chunks off the end of `file`. Without a trailer the whole file is the image.
///
/// # Errors
/// See [`Error`](enum@Error): damaged CRC, impossible sizes, unknown chunk types.
pub fn split(file: &[u8]) -> Result<Split<'_>, Error> {
    let (split, crcs) = split_leniently(file)?;
    // The last of the file was read first, and covers the others.
    match crcs.iter().rev().find(|crc| crc.stored != crc.computed) {
        Some(Crc {
            offset,
            stored,
            computed,
        }) => Err(Error::Crc {
            offset: *offset,
            stored: *stored,
            computed: *computed,
        }),
        None => Ok(split),
    }
}

/// The same, with the CRCs for the caller to judge.
pub(super) fn split_leniently(file: &[u8]) -> Result<(Split<'_>, Vec<Crc>), Error> {
    let mut image = file;
    let (mut chunks, mut crcs) = (Vec::new(), Vec::new());
    while chunks.len() < MAX_CHUNKS
        && let Some((rest, chunk, crc)) = last_chunk(image)?
    {
        image = rest;
        chunks.push(chunk);
        crcs.push(crc);
    }
    chunks.reverse();
    crcs.reverse();
    Ok((Split { image, chunks }, crcs))
}

/// What comes before a chunk, and the chunk.
type Last<'a> = (&'a [u8], Chunk, Crc);

/// The last chunk of `file`.
fn last_chunk(file: &[u8]) -> Result<Option<Last<'_>>, Error> {
    let Some((before, tail)) = file.split_last_chunk::<TRAILER>() else {
        return Ok(None);
    };
    let Some(trailer) = Trailer::parse(tail) else {
        return Ok(None);
    };
    let offset = before.len();
    if trailer.to_bytes() != *tail {
        return Err(Error::Reserved { offset });
    }
    let impossible = Error::Size {
        offset,
        size: trailer.size,
        have: file.len(),
    };
    let data_len = (trailer.size as usize).checked_sub(TRAILER);
    let Some((start, data_len)) =
        data_len.and_then(|len| Some((before.len().checked_sub(len)?, len)))
    else {
        return Err(impossible);
    };
    let (rest, data) = before.split_at(start);
    let sum = Crc {
        offset,
        stored: trailer.crc,
        computed: crc(before),
    };
    let limit = |what, max| {
        (data_len > max).then_some(Error::TooLong {
            what,
            offset: start,
            len: data_len,
            max,
        })
    };
    let chunk = match trailer.kind {
        SIGNATURE => {
            limit("signature", MAX_SIGNATURE).map_or(Ok(()), Err)?;
            Chunk::Signature(data.to_vec())
        }
        METADATA => {
            limit("metadata", MAX_METADATA).map_or(Ok(()), Err)?;
            let (header, text) = data.split_first_chunk::<HEADER>().ok_or(impossible)?;
            let text = std::str::from_utf8(text).map_err(|error| Error::NotText {
                offset: start + HEADER + error.valid_up_to(),
            })?;
            Chunk::Metadata {
                header: *header,
                text: text.to_owned(),
            }
        }
        kind => return Err(Error::Kind { offset, kind }),
    };
    Ok(Some((rest, chunk, sum)))
}
