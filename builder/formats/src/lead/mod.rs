//! The room of a boot loader before an image, as recovery images of some TP-Link devices have it.
//!
//! ```text
//! zeros, a multiple of 4 KiB ‖ image with a TP-Link header
//! ```

use crate::layer::{Error, Format, Opened, Part, Role};
use crate::tplink;

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
        if len == 0 || !len.is_multiple_of(4096) || !tplink::is_image(&image[len..]) {
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
