//! How the root file system is written.

use openwrt_formats::squashfs::{Compression, Effort, Options, Xz};

use crate::build::plan::SquashfsPlan;
use crate::failure::Failure;
use crate::profile::resolve::{self, Image};

/// Settings of a squashfs: the source's own, with the profile's wishes.
#[derive(Debug, Clone)]
pub struct Settings(Options);

impl Settings {
    pub(super) fn of(mut own: Options, image: &Image) -> Result<Self, Failure> {
        if let Some(block_size) = image.block_size {
            own.block_size = block_size;
        }
        match image.compression {
            None => {}
            Some(resolve::Compression::Gzip) => own.compression = Compression::Gzip { level: 9 },
            Some(resolve::Compression::Zstd) => own.compression = Compression::Zstd { level: 19 },
            Some(resolve::Compression::Xz) if matches!(own.compression, Compression::Xz(_)) => {}
            Some(resolve::Compression::Xz) => {
                own.compression = Compression::Xz(Xz::openwrt(Effort::default()));
            }
        }
        let effort = match image.effort {
            resolve::Effort::Fast => Effort::Fast,
            resolve::Effort::Normal => Effort::Standard,
            resolve::Effort::Best => Effort::Best,
        };
        Ok(Self(own.effort(effort)))
    }

    /// For the Plan.
    pub fn plan(&self) -> SquashfsPlan {
        let (compression, arm_filter, effort) = match &self.0.compression {
            Compression::Gzip { level } => ("gzip", false, format!("level {level}")),
            Compression::Zstd { level } => ("zstd", false, format!("level {level}")),
            Compression::Xz(xz) => {
                let effort = match xz.effort {
                    Effort::Fast => "fast",
                    Effort::Standard => "normal",
                    Effort::Best => "best",
                };
                ("xz", !xz.bcj.is_empty(), effort.to_owned())
            }
        };
        SquashfsPlan {
            compression: compression.to_owned(),
            block_size: self.0.block_size,
            arm_filter,
            effort,
        }
    }

    /// For the writer. `threads` decides no bytes; 0 means one for each core.
    pub fn options(&self, epoch: u32, threads: usize) -> Options {
        Options {
            mkfs_time: epoch,
            clamp_times: true,
            threads,
            ..self.0.clone()
        }
    }
}
