//! Belkin's header.
//!
//! ```text
//! 0  magic (4): RT18, GOLF, ...
//! 4  01, year − 2000, month, day
//! 8  hardware version, firmware version (3)
//! 12 CRC-32 of the image, big endian
//! 16 length of the image, big endian
//! 20 both again (8)
//! 28 5C 78 00 00
//! 32 image
//! ```
//!
//! Source: OpenWrt's `belkin-header` (ramips).

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put};

/// The first twelve bytes, which say what the image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    head: [u8; 12],
}

const HEADER_LEN: usize = 32;
const END: [u8; 4] = [0x5c, 0x78, 0, 0];

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "belkin-header"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (header, body) = image.split_first_chunk::<HEADER_LEN>()?;
        let len = u32::try_from(body.len()).ok()?;
        let ours = header[4] == 1
            && header[28..] == END
            && be32(header, 16) == Some(len)
            && header[12..20] == header[20..28];
        if !ours {
            return None;
        }
        let mut head = [0; 12];
        head.copy_from_slice(&header[..12]);
        let stored = be32(header, 12)?;
        let magic = String::from_utf8_lossy(&head[..4]).into_owned();
        let part = Part::at("image", HEADER_LEN..image.len(), Role::Image);
        let opened = Opened::new(Self { head }, vec![part])
            .check(Check::number(
                "CRC-32 of the image",
                12,
                stored,
                crc32fast::hash(body),
            ))
            .fact("magic", magic)
            .fact("version", format!("{}.{}.{}", head[9], head[10], head[11]));
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let mut header = [0; HEADER_LEN];
        put(&mut header, 0, &self.head);
        for at in [12, 20] {
            put(&mut header, at, &crc32fast::hash(&body).to_be_bytes());
            put(&mut header, at + 4, &len.to_be_bytes());
        }
        put(&mut header, 28, &END);
        Ok([&header[..], &body].concat())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::layer::testing::{assert_exact, plain};

    /// CRC and length as the recipe takes them: from the end of what gzip makes of the image.
    fn belkin(body: &[u8]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image");
        std::fs::write(&path, body).unwrap();
        let gzip = Command::new("gzip").arg("-c").arg(&path).output().unwrap();
        let end = &gzip.stdout[gzip.stdout.len() - 8..];
        let crc_len: Vec<u8> = end[..4]
            .iter()
            .rev()
            .chain(end[4..].iter().rev())
            .copied()
            .collect();
        let head = [b'R', b'T', b'1', b'8', 1, 25, 11, 3, 1, 9, 9, 9];
        [&head[..], &crc_len, &crc_len, b"\x5c\x78\0\0", body].concat()
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| belkin(&plain(kernel, rootfs, 0x2_0000)));
        assert_eq!(opened.container.layers()[0].facts[1].value, "9.9.9");
    }
}
