//! Edimax' header (also Fon's and Planex'), a checksum behind the image, and perhaps overlay markers behind that.
//!
//! ```text
//! 0  sign (4): CSYS, RSDK
//! 4  address the image starts at
//! 8  address in flash
//! 12 model (4)
//! 16 length of all that follows up to the checksum, with it
//! 20 image
//! .. a zero, when the image's length is odd
//! .. minus the sum of the image's 16-bit words, a last odd byte left out (2)
//! ```
//!
//! Addresses, length, words and checksum are little endian, or all big endian. Source: firmware-utils' `mkedimaximg.c`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, be16, be32, le16, le32, put, text};
use crate::pad_rootfs::Tail;
use crate::rootfs;

/// How such an image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Sign, addresses and model.
    head: [u8; SIZE_AT],
    big_endian: bool,
    /// What follows the checksum.
    tail: Tail,
}

const SIZE_AT: usize = 16;
const HEADER_LEN: usize = 20;
const SUM_LEN: usize = 2;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "edimax-header"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let head = *image.first_chunk::<SIZE_AT>()?;
        let known = head.starts_with(b"CSYS") || head.starts_with(b"RSDK");
        if !known || !head[12..].iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let lengths = [
            (false, le32(image, SIZE_AT)?),
            (true, be32(image, SIZE_AT)?),
        ];
        let fitting: Vec<_> = lengths
            .into_iter()
            .map(|(big_endian, len)| (big_endian, len as usize))
            .filter(|(_, len)| len.is_multiple_of(2) && *len > SUM_LEN)
            .filter(|(_, len)| HEADER_LEN + len <= image.len())
            .collect();
        let opened = fitting
            .iter()
            .filter_map(|(big_endian, len)| open(image, head, *big_endian, *len).ok())
            .find(|opened| opened.checks.iter().all(Check::holds));
        if let Some(opened) = opened {
            return Some(Ok(opened));
        }
        match fitting.first() {
            Some((big_endian, len)) => Some(open(image, head, *big_endian, *len)),
            None => Some(Err(Error::damaged(
                SIZE_AT,
                "the Edimax header states a length that the file has not: it is cut off, or of a kind that is not supported",
            ))),
        }
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let len = body.len().next_multiple_of(2) + SUM_LEN;
        let size = u32::try_from(len)
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let sum = checksum(&body, self.big_endian);
        let mut image = vec![0; HEADER_LEN];
        put(&mut image, 0, &self.head);
        put(
            &mut image,
            SIZE_AT,
            &if self.big_endian {
                size.to_be_bytes()
            } else {
                size.to_le_bytes()
            },
        );
        image.extend(body);
        image.resize(HEADER_LEN + len - SUM_LEN, 0);
        image.extend(if self.big_endian {
            sum.to_be_bytes()
        } else {
            sum.to_le_bytes()
        });
        self.tail.append(&mut image)?;
        Ok(image)
    }
}

fn open(
    image: &[u8],
    head: [u8; SIZE_AT],
    big_endian: bool,
    len: usize,
) -> Result<Opened<Layout>, Error> {
    let total = HEADER_LEN + len;
    let sum_at = total - SUM_LEN;
    let padded = &image[HEADER_LEN..sum_at];
    let body = &padded[..unpadded(padded)];
    let rest = &image[total..];
    let before = total as u64;
    let tail = Tail::infer(before, rest, &Tail::usual(before, rest))?;
    let read = if big_endian { be16 } else { le16 };
    let stored = read(image, sum_at).unwrap_or_default();
    let part = Part::at("image", HEADER_LEN..HEADER_LEN + body.len(), Role::Image);
    let layout = Layout {
        head,
        big_endian,
        tail,
    };
    let order = if big_endian { "big" } else { "little" };
    Ok(Opened::new(layout, vec![part])
        .check(Check::number(
            "sum of the image's words",
            sum_at,
            stored,
            checksum(body, big_endian),
        ))
        .fact("model", text(&head, 12, 4))
        .fact("byte order", order))
}

/// The length without the zero that makes it even, which can be told when a root file system ends right before it.
fn unpadded(padded: &[u8]) -> usize {
    if padded.last() != Some(&0) {
        return padded.len();
    }
    let mut from = 0;
    // Several that end there would be one in the other.
    while let Ok((at, superblock)) = rootfs::find(padded, from) {
        let end = (at as u64).saturating_add(superblock.bytes_used);
        if end + 1 == padded.len() as u64 {
            return padded.len() - 1;
        }
        // Behind this one, which lies in the image.
        from = end as usize;
    }
    padded.len()
}

fn checksum(bytes: &[u8], big_endian: bool) -> u16 {
    let word = if big_endian {
        u16::from_be_bytes
    } else {
        u16::from_le_bytes
    };
    let (words, _) = bytes.as_chunks::<2>();
    words
        .iter()
        .fold(0u16, |sum, bytes| sum.wrapping_sub(word(*bytes)))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};
    use crate::pad_rootfs::Rule;

    fn edimax(body: &[u8], big_endian: bool) -> Vec<u8> {
        let number = |value: u32| {
            let mut bytes = value.to_be_bytes();
            if !big_endian {
                bytes.reverse();
            }
            bytes
        };
        let odd = body.len() % 2;
        let size = number((body.len() + odd + 2) as u32);
        let (start, flash) = (number(0x0110_0000), number(0x7_0000));
        let mut image = [&b"CSYS"[..], &start, &flash, b"RN68", &size, body].concat();
        image.resize(20 + body.len() + odd, 0);
        let whole = &body[..body.len() - odd];
        let (high, low) = if big_endian { (0, 1) } else { (1, 0) };
        let sum: u64 = whole
            .chunks(2)
            .map(|word| u64::from(word[high]) * 256 + u64::from(word[low]))
            .sum();
        let sum = ((65536 - sum % 65536) % 65536) as u16;
        image.extend(if big_endian {
            sum.to_be_bytes()
        } else {
            sum.to_le_bytes()
        });
        image
    }

    /// The root file system may have any length: the sample kernel is odd.
    #[test]
    fn markers_behind_are_exact() {
        for big_endian in [false, true] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut image = edimax(&plain(kernel, rootfs, 1), big_endian);
                image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
                image
            });
            let facts = &opened.container.layers()[0].facts;
            assert_eq!(facts[0].value, "RN68");
        }
    }

    #[test]
    fn even_images_are_exact() {
        assert_exact(|kernel, rootfs| {
            let mut image = edimax(&plain(kernel, rootfs, 2), false);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            image
        });
    }

    #[test]
    fn markers_inside_are_exact() {
        for big_endian in [false, true] {
            assert_exact(|kernel, rootfs| {
                let mut image = plain(kernel, rootfs, 1);
                image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
                edimax(&image, big_endian)
            });
        }
    }

    /// Worked out by hand: −(0x0201 + 0x0403) and −(0x0102 + 0x0304); the odd byte does not count.
    #[test]
    fn checksums_are_as_described() {
        assert_eq!(super::checksum(&[1, 2, 3, 4, 5], false), 0xF9FC);
        assert_eq!(super::checksum(&[1, 2, 3, 4, 5], true), 0xFBFA);
    }
}
