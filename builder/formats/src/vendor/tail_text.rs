//! A model's name behind an image, which some vendors' web pages ask for.
//!
//! ```text
//! image, ending in an overlay marker or padding ‖ [zeros, up to a fixed length of all] ‖ text
//! ```
//!
//! Source: OpenWrt's `append-string` and `tailed-bin`, and `pad-offset` before them.

use crate::layer::{Error, Format, Opened, Part, Role};
use crate::pad_rootfs::MARKER;

/// The text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    text: Vec<u8>,
    /// The length of all of it, when zeros fill it up to that.
    total: Option<usize>,
}

/// Fixed lengths are those of flash partitions, multiples of this.
const BLOCK: usize = 0x1_0000;

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
        let zeros = before.iter().rev().take_while(|b| **b == 0).count();
        let marked = &before[..before.len() - zeros];
        let filled = image.len().is_multiple_of(BLOCK) && zeros > 0 && marked.ends_with(&MARKER);
        let end = if filled { marked.len() } else { before.len() };
        let part = Part::at("image", 0..end, Role::Image);
        let shown = String::from_utf8_lossy(text).into_owned();
        let layout = Self {
            text: text.to_vec(),
            total: filled.then_some(image.len()),
        };
        Some(Ok(Opened::new(layout, vec![part]).fact("text", shown)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = parts.concat();
        if let Some(total) = self.total {
            let room = total.saturating_sub(self.text.len());
            if image.len() > room {
                return Err(Error::too_long("the image", image.len(), room as u64));
            }
            image.resize(room, 0);
        }
        image.extend_from_slice(&self.text);
        Ok(image)
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

    /// `pad-rootfs | pad-offset 15936k 26 | append-string`.
    #[test]
    fn at_the_end_of_a_partition_is_exact() {
        assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 0x1_0000);
            image.resize(image.len().next_multiple_of(0x1_0000), 0xFF);
            image.extend(b"\xDE\xAD\xC0\xDE");
            let text = b"00DB120AR9344-RT-101214-00";
            image.resize((3968 << 10) - text.len(), 0);
            image.extend(text);
            image
        });
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
