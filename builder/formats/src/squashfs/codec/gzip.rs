//! zlib streams, by libdeflate.

use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// The library that compresses. To be changed with its version in Cargo.toml when its output changes.
pub(super) const VERSION: &str = "libdeflate 1";

/// libdeflate's levels that spend about the time zlib's do: its 12 is the one that beats zlib's 9 in size.
fn level(zlib: u32) -> i32 {
    if zlib >= 9 { 12 } else { zlib as i32 }
}

/// Level, window of 32 KiB, no special strategies.
pub(super) fn options_block(level: u32) -> Vec<u8> {
    let mut out = level.to_le_bytes().to_vec();
    out.extend(15u16.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out
}

pub(super) fn compress(zlib_level: u32, block: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let level = CompressionLvl::new(level(zlib_level)).map_err(|error| format!("{error:?}"))?;
    let mut out = vec![0; block.len().saturating_sub(1)];
    match Compressor::new(level).zlib_compress(block, &mut out) {
        Ok(len) => {
            out.truncate(len);
            Ok(Some(out))
        }
        // Its only error: the output is longer than the buffer.
        Err(_) => Ok(None),
    }
}

pub(super) fn decompress(block: &[u8], out: &mut [u8]) -> Result<usize, String> {
    Decompressor::new()
        .zlib_decompress(block, out)
        .map_err(|error| error.to_string())
}
