//! Putting an image together.

use std::borrow::Cow;

use super::slot::{Content, Slot};
use super::{Container, Error};

/// What goes into an image.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The kernel with its own headers; `None` for the one the image has.
    pub kernel: Option<&'a [u8]>,
    /// The squashfs, not padded.
    pub rootfs: &'a [u8],
}

impl Container {
    /// Puts an image together.
    ///
    /// # Errors
    /// When the parts are too long for the container.
    pub fn close(&self, parts: &Parts<'_>) -> Result<Vec<u8>, Error> {
        Ok(close(&self.root, parts)?.into_owned())
    }
}

fn close<'a>(slot: &'a Slot, parts: &Parts<'a>) -> Result<Cow<'a, [u8]>, Error> {
    let layer = match &slot.content {
        Content::Rootfs(_) => return Ok(parts.rootfs.into()),
        Content::Kernel => return Ok(parts.kernel.unwrap_or(&slot.bytes).into()),
        Content::Layer(layer) if slot.holds_rootfs() => layer,
        // Nothing in it changes.
        Content::Kept | Content::Layer(_) => return Ok((&slot.bytes[..]).into()),
    };
    let closed: Vec<_> = layer
        .slots
        .iter()
        .map(|slot| close(slot, parts))
        .collect::<Result<_, _>>()?;
    let closed: Vec<&[u8]> = closed.iter().map(|part| &part[..]).collect();
    let image = layer.layout.close(&closed).map_err(|error| Error::Layer {
        part: None,
        at: None,
        error,
    })?;
    Ok(image.into())
}
