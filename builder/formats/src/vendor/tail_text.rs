//! A model's name behind an image, which some vendors' web pages ask for.
//!
//! ```text
//! image, ending in an overlay marker or padding ‖ text
//! ```
//!
//! Source: OpenWrt's `append-string` and `tailed-bin`.

use crate::layer::{Error, Format, Opened, Part, Role};
use crate::pad_rootfs::MARKER;

/// The text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    text: Vec<u8>,
}

/// How long such a text may be.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=64;
/// How many equal bytes before it are padding.
const PADDING: usize = 16;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "text-behind"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let is_text = |b: &&u8| b.is_ascii_graphic() || **b == b'\n';
        let len = image.iter().rev().take(65).take_while(is_text).count();
        let (before, text) = image.split_at(image.len() - len);
        let ended = [&MARKER[..], &[0xFF; PADDING], &[0; PADDING]];
        if !LENGTHS.contains(&len) || !ended.iter().any(|end| before.ends_with(end)) {
            return None;
        }
        let part = Part::at("image", 0..before.len(), Role::Image);
        let shown = String::from_utf8_lossy(text).into_owned();
        let layout = Self {
            text: text.to_vec(),
        };
        Some(Ok(Opened::new(layout, vec![part]).fact("text", shown)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        Ok([&parts.concat(), &self.text[..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 0x1_0000);
            image.extend(vec![
                0xFF;
                image.len().next_multiple_of(0x1_0000) - image.len()
            ]);
            image.extend(b"\xDE\xAD\xC0\xDE00AP135AR9558-RT-131129-00");
            image
        });
        assert_eq!(opened.container.kind(), "text-behind");
    }

    #[test]
    fn behind_zeros_is_exact() {
        assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 0x1_0000);
            image.resize(0x3c_0000, 0);
            image.extend(b"AP81-AR9130-RT-070614-00");
            image
        });
    }
}
