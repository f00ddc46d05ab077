//! OpenWrt's own combined image: kernel and root file system behind a line of text that states their lengths.
//!
//! ```text
//! 0       "CI"
//! 2       length of the kernel, 8 hexadecimal digits
//! 10      length of the root file system, 8 hexadecimal digits
//! 18      MD5 of both, 32 hexadecimal digits, then zeros to 0x10000
//! 0x10000 kernel, filled with zeros to a multiple of 0x10000
//! ...     root file system, filled the same way
//! ```
//!
//! Source: OpenWrt's `scripts/combined-image.sh`; checked on images of ar71xx and ath25.

use md5::{Digest, Md5};

use crate::layer::{Check, Error, Format, Opened, Part, Role, text};

/// The format has no settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout;

const BLOCK: usize = 0x1_0000;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "combined-image"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (header, body) = image.split_at_checked(BLOCK)?;
        if !header.starts_with(b"CI") || header[50..].iter().any(|b| *b != 0) {
            return None;
        }
        let digits = |at: usize| {
            let field = header.get(at..at + 8)?;
            let plain = field.iter().all(u8::is_ascii_hexdigit);
            let number = u32::from_str_radix(std::str::from_utf8(field).ok()?, 16).ok()?;
            plain.then_some(number as usize)
        };
        let (kernel, rootfs) = (digits(2)?, digits(10)?);
        if kernel.checked_add(rootfs)? != body.len() {
            return None;
        }
        let md5 = hex(&Md5::digest(body));
        let check = Check {
            what: "MD5 of kernel and root file system",
            at: 18,
            stored: text(header, 18, 32),
            computed: md5,
        };
        // One part that holds both, on devices that look for the root file system themselves.
        let parts = if rootfs == 0 {
            vec![Part::at("image", BLOCK..image.len(), Role::Image)]
        } else {
            vec![
                Part::at("kernel", BLOCK..BLOCK + kernel, Role::Kernel),
                Part::at("rootfs", BLOCK + kernel..image.len(), Role::Image),
            ]
        };
        Some(Ok(Opened::new(Self, parts).check(check)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        let mut header = "CI".to_owned();
        for part in parts {
            let start = body.len();
            body.extend_from_slice(part);
            body.resize(start + part.len().next_multiple_of(BLOCK), 0);
            let len = body.len() - start;
            if u32::try_from(len).is_err() {
                return Err(Error::too_long("a part", len, u64::from(u32::MAX)));
            }
            header += &format!("{len:08x}");
        }
        if parts.len() == 1 {
            header += "00000000";
        }
        header += &hex(&Md5::digest(&body));
        let mut image = header.into_bytes();
        image.resize(BLOCK, 0);
        image.extend_from_slice(&body);
        Ok(image)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use md5::{Digest, Md5};

    use crate::layer::testing::assert_exact;

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let dir = tempfile::tempdir().unwrap();
            // The kernel part of a donor comes padded.
            std::fs::write(dir.path().join("kernel"), kernel).unwrap();
            std::fs::write(dir.path().join("rootfs"), rootfs).unwrap();
            let script = r#"
                set -e
                for f in kernel rootfs; do dd if=$f of=$f.pad bs=64k conv=sync 2>/dev/null; done
                cat kernel.pad rootfs.pad > body
                printf 'CI%08x%08x%s' $(stat -c %s kernel.pad) $(stat -c %s rootfs.pad) $(md5sum < body | cut -d' ' -f1) |
                    dd bs=64k conv=sync 2>/dev/null
                cat body
            "#;
            let output = Command::new("bash")
                .args(["-c", script])
                .current_dir(dir.path())
                .output();
            output.unwrap().stdout
        });
        assert_eq!(opened.container.kind(), "combined-image");
    }

    #[test]
    fn one_part_is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut body = crate::layer::testing::plain(kernel, rootfs, 0x1_0000);
            body.resize(body.len().next_multiple_of(0x1_0000), 0);
            let sum: String = Md5::digest(&body)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            let mut image = format!("CI{:08x}00000000{sum}", body.len()).into_bytes();
            image.resize(0x1_0000, 0);
            [image, body].concat()
        });
        assert_eq!(opened.container.layers().len(), 2);
    }
}
