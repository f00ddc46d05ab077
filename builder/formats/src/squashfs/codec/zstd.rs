//! Zstandard frames, by the reference library.

use zstd::bulk;

/// The level readers assume when there is no options block.
pub(super) const DEFAULT_LEVEL: u32 = 15;

/// The library that compresses, with its version.
pub(super) fn version() -> String {
    format!("zstd {}", zstd::zstd_safe::version_string())
}

pub(super) fn compress(level: u32, block: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let level = i32::try_from(level).map_err(|error| error.to_string())?;
    let out = bulk::compress(block, level).map_err(|error| error.to_string())?;
    Ok((out.len() < block.len()).then_some(out))
}

pub(super) fn decompress(block: &[u8], out: &mut [u8]) -> Result<usize, String> {
    bulk::decompress_to_buffer(block, out).map_err(|error| error.to_string())
}
