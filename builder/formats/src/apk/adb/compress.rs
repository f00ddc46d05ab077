//! The compression around a container.

use std::borrow::Cow;
use std::io::{Read, Write};

use crate::apk::Error;

/// How much a file may unpack to: the larger of `least` and `ratio` times its size, but never more than `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that any file may unpack to.
    pub least: u64,
    /// How many times its size a file may unpack to.
    pub ratio: u64,
    /// Bytes that no file may exceed.
    pub most: u64,
}

impl Limits {
    /// For the index of a feed. Alpine's largest has 25,000 packages and 10 MiB.
    pub const INDEX: Self = Self {
        least: 4 << 20,
        ratio: 100,
        most: 64 << 20,
    };
    /// For a package. Larger ones do not fit into any router's flash.
    pub const PACKAGE: Self = Self {
        least: 16 << 20,
        ratio: 200,
        most: 512 << 20,
    };

    fn of(self, packed: usize) -> u64 {
        let allowed = (packed as u64).saturating_mul(self.ratio);
        allowed.max(self.least).min(self.most)
    }
}

/// How a container is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Raw deflate, at zlib's default level: what apk-tools does unless told otherwise.
    Deflate,
    /// Zstandard at this level (1 to 22).
    Zstd(u8),
}

/// How a container is compressed, by its first bytes.
pub fn compression_of(file: &[u8]) -> Compression {
    match file {
        [b'A', b'D', b'B', b'd', ..] | [b'A', b'D', b'B', b'c', 1, ..] => Compression::Deflate,
        [b'A', b'D', b'B', b'c', 2, level, ..] => Compression::Zstd((*level).clamp(1, 22)),
        _ => Compression::None,
    }
}

/// The plain container in `file`.
///
/// # Errors
/// [`Error::NotAdb`], [`Error::Compression`], [`Error::Damaged`], [`Error::TooLarge`].
pub fn unpack(file: &[u8], limits: Limits) -> Result<Cow<'_, [u8]>, Error> {
    let limit = limits.of(file.len());
    let plain = match file {
        [b'A', b'D', b'B', b'.', ..] => return bounded(file, file.len(), limit),
        [b'A', b'D', b'B', b'd', data @ ..] => inflate(data, limit),
        [b'A', b'D', b'B', b'c', 0, _, data @ ..] => return bounded(data, file.len(), limit),
        [b'A', b'D', b'B', b'c', 1, _, data @ ..] => inflate(data, limit),
        [b'A', b'D', b'B', b'c', 2, _, data @ ..] => unzstd(data, limit),
        [b'A', b'D', b'B', b'c', method, _, ..] => return Err(Error::Compression(*method)),
        _ => return Err(Error::NotAdb),
    };
    let plain = plain.map_err(|error| Error::Damaged(error.to_string()))?;
    bounded(&plain, file.len(), limit)?;
    Ok(Cow::Owned(plain))
}

fn bounded(plain: &[u8], packed: usize, limit: u64) -> Result<Cow<'_, [u8]>, Error> {
    if plain.len() as u64 > limit {
        return Err(Error::TooLarge { packed, limit });
    }
    Ok(Cow::Borrowed(plain))
}

/// At most one byte more than `limit`, which tells that there is more.
fn inflate(data: &[u8], limit: u64) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    flate2::read::DeflateDecoder::new(data)
        .take(limit + 1)
        .read_to_end(&mut plain)?;
    Ok(plain)
}

/// As [`inflate`].
fn unzstd(data: &[u8], limit: u64) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    zstd::stream::read::Decoder::new(data)?
        .take(limit + 1)
        .read_to_end(&mut plain)?;
    Ok(plain)
}

/// `plain` compressed, with the magic that says how.
///
/// # Errors
/// [`Error::Damaged`] when the compressor fails, which it has no reason to.
pub fn pack(plain: &[u8], compression: Compression) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::Damaged(error.to_string());
    match compression {
        Compression::None => Ok(plain.to_vec()),
        Compression::Deflate => {
            let out = b"ADBd".to_vec();
            let mut encoder =
                flate2::write::DeflateEncoder::new(out, flate2::Compression::default());
            encoder.write_all(plain).map_err(failed)?;
            encoder.finish().map_err(failed)
        }
        Compression::Zstd(level) => {
            let mut out = b"ADBc\x02".to_vec();
            out.push(level);
            zstd::stream::copy_encode(plain, &mut out, i32::from(level)).map_err(failed)?;
            Ok(out)
        }
    }
}
