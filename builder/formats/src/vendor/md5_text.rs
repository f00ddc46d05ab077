//! An MD5 in hexadecimal digits behind an image, and often a text behind that: Elecom's WRC-GS routers and others of the same makers.
//!
//! ```text
//! image ‖ MD5(image ‖ salt) as 32 lower-case digits ‖ [newline] ‖ [text]
//! ```
//!
//! Sources: OpenWrt's `elecom-wrc-gs-factory`, `append-md5sum-ascii-salted` and `append-string`.

use md5::{Digest, Md5};

use crate::layer::{Error, Format, Opened, Part, Role};

/// What stands behind the MD5, and what was added to the image before it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    salt: &'static [u8],
    behind: Vec<u8>,
}

/// The salts that OpenWrt's recipes use.
const SALTS: [&[u8]; 2] = [b"", b"ffff"];
/// Length of the digits.
const DIGITS: usize = 32;
/// The longest text looked for behind the digits.
const MAX_TEXT: usize = 64;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "md5-text"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (at, salt) = find(image)?;
        let behind = image[at + DIGITS..].to_vec();
        let text = String::from_utf8_lossy(&behind).trim().to_owned();
        let part = Part::at("image", 0..at, Role::Image);
        let opened = Opened::new(Self { salt, behind }, vec![part]);
        Some(Ok(opened.fact("text behind", text)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = parts.concat();
        let digest = digits(Md5::new().chain_update(&image), self.salt);
        image.extend_from_slice(&digest);
        image.extend_from_slice(&self.behind);
        Ok(image)
    }
}

/// Where the digits are, if any in the right place are the MD5 of what stands before them. A wrong MD5 cannot be told from a text.
fn find(image: &[u8]) -> Option<(usize, &'static [u8])> {
    let is_digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let is_text = |b: &u8| b.is_ascii_graphic() || *b == b'\n';
    let text = image.iter().rev().take_while(|b| is_text(b)).count();
    let first = image.len() - text.min(DIGITS + MAX_TEXT);
    let last = image.len().checked_sub(DIGITS)?;
    let mut hash = Md5::new();
    let mut hashed = 0;
    for at in first..=last {
        let stored = &image[at..at + DIGITS];
        if !stored.iter().all(is_digit) {
            continue;
        }
        hash.update(&image[hashed..at]);
        hashed = at;
        let fits = |salt: &&[u8]| digits(hash.clone(), salt) == stored;
        if let Some(salt) = SALTS.into_iter().find(fits) {
            return Some((at, salt));
        }
    }
    None
}

fn digits(hash: Md5, salt: &[u8]) -> Vec<u8> {
    let digest = hash.chain_update(salt).finalize();
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
    digest
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(*b)])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use crate::layer::testing::{assert_exact, plain};

    fn md5sum(bytes: &[u8]) -> Vec<u8> {
        let mut child = Command::new("md5sum")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap().stdout[..32].to_vec()
    }

    #[test]
    fn elecom_factory() {
        for end in ["MT7621_ELECOM_WRC-2533GST2", "\n"] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut header = b"ELECOM WRC-2533GST2 v0.00".to_vec();
                header.resize(32, 0);
                let image = plain(kernel, rootfs, 1);
                let sum = md5sum(&image);
                [header, image, sum, end.into()].concat()
            });
            let kinds: Vec<_> = opened
                .container
                .layers()
                .iter()
                .map(|l| l.layout.kind())
                .collect();
            assert_eq!(kinds, ["elecom-wrc-gs-factory", "md5-text", "plain"]);
        }
    }

    #[test]
    fn salted_with_a_model() {
        assert_exact(|kernel, rootfs| {
            let image = plain(kernel, rootfs, 1);
            let sum = md5sum(&[&image[..], b"ffff"].concat());
            [&image[..], &sum, b"MT76XMT7621-RP-PR2475-NA"].concat()
        });
    }
}
