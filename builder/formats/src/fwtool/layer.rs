//! The trailer as a format around an image.

use super::format::MAGIC;
use super::metadata::Metadata;
use super::read::{Chunk, split_leniently};
use super::write::append;
use crate::layer::{Check, Error, Format, Opened, Part, Role};

/// The format's name.
pub const KIND: &str = "fwtool trailer";

/// What stands behind an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The chunks, in their order.
    pub chunks: Vec<Chunk>,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let at = image.len().checked_sub(16)?;
        image[at..].starts_with(&MAGIC).then(|| open(image))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = parts.concat();
        for chunk in &self.chunks {
            append(&mut image, chunk)?;
        }
        Ok(image)
    }
}

fn open(file: &[u8]) -> Result<Opened<Layout>, Error> {
    let (split, crcs) = split_leniently(file)?;
    let image = Part::at("image", 0..split.image.len(), Role::Image);
    let chunks = split.chunks;
    let mut opened = Opened::new(Layout { chunks }, vec![image]);
    for crc in crcs {
        let check = Check::number(
            "CRC-32 of all before",
            crc.offset + 4,
            crc.stored,
            crc.computed,
        );
        opened = opened.check(check);
    }
    let texts: Vec<_> = opened.layout.chunks.iter().map(describe).collect();
    for (name, value) in texts.into_iter().flatten() {
        opened = opened.fact(name, value);
    }
    Ok(opened)
}

fn describe(chunk: &Chunk) -> Vec<(&'static str, String)> {
    let text = match chunk {
        Chunk::Signature(data) => return vec![("signature", format!("{} bytes", data.len()))],
        Chunk::Metadata { text, .. } => text,
    };
    match Metadata::parse(text) {
        Ok(metadata) => vec![("supported devices", metadata.device_ids().join(", "))],
        Err(error) => vec![("metadata", error.to_string())],
    }
}
