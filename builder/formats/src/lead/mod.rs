//! Zeros before an image: the room of a boot loader, as recovery images of some TP-Link devices have it, or that of a
//! header the boot loader writes itself (OpenWrt's `pad-extra` before `append-kernel`).
//!
//! ```text
//! zeros, a multiple of 4 KiB ‖ image with a TP-Link header
//! zeros, fewer than 4 KiB    ‖ image with a uImage
//! ```

use crate::layer::{Error, Format, Opened, Part, Role};
use crate::{tplink, uimage};

/// How much room there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of zeros.
    pub len: usize,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "lead"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let len = image.iter().take_while(|b| **b == 0).count();
        let rest = &image[len..];
        let tplink = len.is_multiple_of(4096) && tplink::is_image(rest);
        // With the usual magic only: a header that could be anything is not looked for at any place.
        let uimage = len < 4096 && rest.starts_with(&uimage::MAGIC.to_be_bytes());
        if len == 0 || !(tplink || uimage) {
            return None;
        }
        let part = Part::at("image", len..image.len(), Role::Image);
        Some(Ok(Opened::new(Self { len }, vec![part])))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = vec![0; self.len];
        parts.iter().for_each(|part| image.extend_from_slice(part));
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};

    #[test]
    fn zeros_before_a_uimage() {
        let opened = assert_exact(|kernel, rootfs| {
            let head = [&[0; 16], kernel].concat();
            let mut image = plain(&head, rootfs, 0x1_0000);
            image.resize(image.len().next_multiple_of(0x1_0000), 0xFF);
            image.extend(b"\xDE\xAD\xC0\xDE");
            image
        });
        assert_eq!(opened.container.kind(), "lead");
    }
}
