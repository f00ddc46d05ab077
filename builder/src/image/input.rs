//! Reading an image file, or standard input.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use openwrt_formats::container::Slot;

use crate::failure::{Class, Failure, OrFail};

/// An image that was read.
#[derive(Debug, Clone)]
pub struct Image {
    /// What to call it: its path as given, or `standard input`.
    pub name: String,
    /// All of it.
    pub bytes: Bytes,
}

impl Image {
    /// Reads `path`, or standard input when it is `-`.
    ///
    /// # Errors
    /// When it cannot be read, or is empty.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        let (name, result) = if path == Path::new("-") {
            let result = std::io::stdin().lock().read_to_end(&mut bytes);
            ("standard input".to_owned(), result.map(|_| bytes))
        } else {
            (path.display().to_string(), fs::read(path))
        };
        let bytes = result
            .with_context(|| format!("cannot read {name}"))
            .or_fail(Class::Source)?;
        if bytes.is_empty() {
            let error = anyhow!("{name} is empty");
            return Err(Failure::new(Class::Source, error).help("download it again"));
        }
        Ok(Self {
            name,
            bytes: bytes.into(),
        })
    }

    /// Its parts, as far as the known formats go.
    pub fn survey(&self) -> Slot {
        Slot::survey(self.bytes.clone())
    }
}
