//! Senao's archive with an image and scripts around it.
//!
//! ```text
//! ./                              a directory
//! ./FWINFO-NAME-REVISION          empty
//! ./after-upgrade.sh              "#!/bin/sh", "fw_setenv rootfs_size 0x%08x", "fw_setenv rootfs_checksum MD5", lines
//! ./before-upgrade.sh
//! ./failsafe.bin                  empty
//! ./openwrt-NAME-root.squashfs    the image: kernel, root file system, padding
//! ./openwrt-NAME-uImage-lzma.bin  a loader
//! zeros to a multiple of 10240
//! ```
//!
//! It is a tar archive of the kind `ustar`, with headers of 512 bytes (name 0h, length 7ch and checksum 94h in octal digits). The
//! size that the script states is the image's, rounded down to 4096, and the MD5 is that of so many bytes of it.
//! OpenWrt compresses the archive with gzip.
//!
//! Source of the format: `Build/senao-tar-gz` in OpenWrt's `target/linux/ath79/image/common-senao.mk`; GNU tar.

#[cfg(test)]
mod tests;

use md5::{Digest, Md5};

use crate::layer::{Check, Error, Format, Opened, Part, Role, put, text};

const BLOCK: usize = 512;
/// What GNU tar fills an archive to.
const RECORD: usize = 20 * BLOCK;
/// What the script's numbers count in.
const PAGE: usize = 4096;
const SCRIPT: &str = "./after-upgrade.sh";
const SIZE: &[u8] = b"fw_setenv rootfs_size 0x";
const MD5: &[u8] = b"fw_setenv rootfs_checksum ";
/// The longest file: what its header's eleven octal digits can say.
const MAX_FILE: u64 = 0o77_777_777_777;

/// Where in the archive is what depends on the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The eight digits of the size.
    size_at: usize,
    /// The 32 digits of the MD5.
    md5_at: usize,
    /// The header of the image.
    header_at: usize,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "senao-tar"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        if image.get(257..262)? != b"ustar" || !image.len().is_multiple_of(RECORD) {
            return None;
        }
        let mut at = 0;
        let (mut script, mut file) = (None, None);
        while let Some(header) = image.get(at..at + BLOCK).filter(|h| h[0] != 0) {
            let name = text(header, 0, 100);
            let len = octal(header.get(124..135)?)?;
            let data = at + BLOCK..(at + BLOCK).checked_add(len)?;
            if name == SCRIPT {
                script = Some(data.clone());
            } else if name.starts_with("./openwrt-") && name.ends_with("-root.squashfs") {
                file = Some((at, data.clone()));
            }
            // A file that is cut off has no end.
            image.get(data.clone())?;
            at = data.end.checked_next_multiple_of(BLOCK)?;
        }
        let (script, (header_at, file)) = (script?, file?);
        let find = |what: &[u8], len: usize| {
            let bytes = image.get(script.clone())?;
            let found = bytes.windows(what.len()).position(|w| w == what)? + what.len();
            bytes.get(found..found + len)?;
            Some(script.start + found)
        };
        let layout = Self {
            size_at: find(SIZE, 8)?,
            md5_at: find(MD5, 32)?,
            header_at,
        };
        if script.start > header_at
            || filled(at) != image.len()
            || image[at..].iter().any(|b| *b != 0)
        {
            return Some(Err(Error::damaged(
                at,
                "the archive does not end as GNU tar ends it",
            )));
        }
        let (size, md5) = stated(&image[file.clone()]);
        let check = |what, at: usize, computed: String| Check {
            what,
            at: at as u64,
            stored: text(image, at, computed.len()),
            computed,
        };
        let size = check("length of the image in pages", layout.size_at, size);
        let md5 = check("MD5 of the image", layout.md5_at, md5);
        let parts = vec![
            Part::at("scripts", 0..file.start, Role::Kept),
            Part::at("image", file.clone(), Role::Image),
            Part::at(
                "loader",
                file.end.next_multiple_of(BLOCK).min(at)..at,
                Role::Kept,
            ),
        ];
        let name = text(image, header_at + 2, 98);
        Some(Ok(Opened::new(layout, parts)
            .check(size)
            .check(md5)
            .fact("image", name)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [before, image, after] = parts else {
            return Err(Error::damaged(0, "a Senao archive has an image in it"));
        };
        if image.len() as u64 > MAX_FILE {
            return Err(Error::too_long("the image", image.len(), MAX_FILE));
        }
        let (size, md5) = stated(image);
        let mut archive = before.to_vec();
        put(&mut archive, self.size_at, size.as_bytes());
        put(&mut archive, self.md5_at, md5.as_bytes());
        let len = format!("{:011o}", image.len());
        put(&mut archive, self.header_at + 124, len.as_bytes());
        put(&mut archive, self.header_at + 148, &[b' '; 8]);
        let header = archive.get(self.header_at..).unwrap_or_default();
        let sum: u32 = header.iter().take(BLOCK).map(|b| u32::from(*b)).sum();
        let sum = format!("{sum:06o}\0 ");
        put(&mut archive, self.header_at + 148, sum.as_bytes());
        archive.extend_from_slice(image);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        archive.extend_from_slice(after);
        archive.resize(filled(archive.len()), 0);
        Ok(archive)
    }
}

/// The length of an archive whose files have `len` bytes: two blocks of zeros end it.
fn filled(len: usize) -> usize {
    (len + 2 * BLOCK).next_multiple_of(RECORD)
}

/// The digits of size and MD5 that the script states of `image`.
fn stated(image: &[u8]) -> (String, String) {
    let len = image.len() / PAGE * PAGE;
    let sum = Md5::digest(&image[..len]);
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    (format!("{len:08x}"), sum)
}

fn octal(digits: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(digits).ok()?;
    usize::from_str_radix(digits, 8).ok()
}
