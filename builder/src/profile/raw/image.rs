use schemars::JsonSchema;
use serde::Deserialize;

/// The squashfs compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawCompression {
    /// Smallest; what OpenWrt's kernels read.
    Xz,
    /// Quick.
    Gzip,
    /// In between; few router kernels read it.
    Zstd,
}

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawEffort {
    /// For trying things out.
    Fast,
    /// As OpenWrt does.
    Normal,
    /// Every byte counts.
    Best,
}

/// How the image is made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawImage {
    /// Time stamp of everything in the image, seconds since 1970: same epoch, same bytes.
    pub epoch: Option<i64>,
    /// Largest image: `"7936K"`, `"16M"`, or bytes. Default: the device's.
    pub size_limit: Option<String>,
    /// Squashfs compression. Default: as the source has it.
    pub compression: Option<RawCompression>,
    /// Squashfs block size: `"256K"`; a power of two from 4K to 1M. Default: as the source has it.
    pub block_size: Option<String>,
    /// Default: `normal`.
    pub effort: Option<RawEffort>,
}
