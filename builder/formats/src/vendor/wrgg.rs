//! The header of D-Link's access points, around a kernel or around a whole factory image.
//!
//! ```text
//! 0    signature[32]
//! 20h  20040220h, twice, little endian
//! 28h  version[16]    38h model[16]    48h zeros[16]    58h build number[16]
//! 68h  length of the data      6ch offset      big endian, or little endian for other devices
//! 70h  device name[32]
//! 90h  MD5 of offset, device name and data
//! a0h  data
//! ```
//!
//! Source of the format: firmware-utils' `mkwrggimg.c`.

use md5::{Digest, Md5};

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, le32, put, text};

const HEADER: usize = 0xa0;
const MAGIC: u32 = 0x2004_0220;
const LENGTH: usize = 0x68;
const DIGEST: usize = 0x90;

/// A header around an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: Vec<u8>,
    big_endian: bool,
}

/// The length that the header at the start of `image` states for its data, and whether it is big endian.
fn length(image: &[u8]) -> Option<(usize, bool)> {
    if [0x20, 0x24].map(|at| le32(image, at)) != [Some(MAGIC); 2] {
        return None;
    }
    let room = image.len().checked_sub(HEADER)?;
    let [big, little] = [be32, le32].map(|field| field(image, LENGTH).unwrap_or(0) as usize);
    // Both are possible only for data of 16 MiB and more.
    [(big, true), (little, false)]
        .into_iter()
        .find(|(len, _)| (1..=room).contains(len))
}

/// The length of the kernel that `image` begins with, with this header.
pub(crate) fn kernel_len(image: &[u8]) -> Option<u64> {
    let (len, _) = length(image)?;
    Some((HEADER + len) as u64)
}

fn digest(header: &[u8], data: &[u8]) -> Vec<u8> {
    let named = header.get(LENGTH + 4..DIGEST).unwrap_or_default();
    Md5::new()
        .chain_update(named)
        .chain_update(data)
        .finalize()
        .to_vec()
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "wrgg"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (len, big_endian) = length(image)?;
        // A kernel alone has this header in sysupgrade images.
        let (header, data) = image.split_at_checked(HEADER)?;
        if data.len() != len {
            return None;
        }
        let layout = Self {
            header: header.to_vec(),
            big_endian,
        };
        let part = Part::at("image", HEADER..image.len(), Role::Image);
        let check = Check::digest(
            "MD5 of device name and data",
            DIGEST,
            header.get(DIGEST..).unwrap_or_default(),
            &digest(header, data),
        );
        Some(Ok(Opened::new(layout, vec![part])
            .check(check)
            .fact("signature", text(image, 0, 32))
            .fact("version", text(image, 0x28, 16))
            .fact("model", text(image, 0x38, 16))))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let data = parts.concat();
        let len = u32::try_from(data.len())
            .map_err(|_| Error::too_long("the image", data.len(), u32::MAX.into()))?;
        let mut image = self.header.clone();
        let len = match self.big_endian {
            true => len.to_be_bytes(),
            false => len.to_le_bytes(),
        };
        put(&mut image, LENGTH, &len);
        let sum = digest(&image, &data);
        put(&mut image, DIGEST, &sum);
        image.extend(data);
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::layer::testing::assert_exact;
    use crate::pad_rootfs::Rule;

    /// As the layout text says, with md5sum.
    fn wrap(data: &[u8], big_endian: bool) -> Vec<u8> {
        let field = |text: &[u8], len: usize| {
            let mut field = text.to_vec();
            field.resize(len, 0);
            field
        };
        let word = |n: u32| match big_endian {
            true => n.to_be_bytes(),
            false => n.to_le_bytes(),
        };
        let named = [&word(0)[..], &field(b"/dev/mtdblock/1", 32)].concat();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        std::fs::write(&path, [&named, data].concat()).unwrap();
        let sum = Command::new("md5sum").arg(&path).output().unwrap().stdout;
        let sum = sum[..32]
            .chunks(2)
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap());
        [
            field(b"wapac18_dkbs_dap2660", 32),
            vec![0x20, 0x02, 0x04, 0x20, 0x20, 0x02, 0x04, 0x20],
            field(b"OpenWrt", 16),
            field(b"DAP-2660-A1", 16),
            vec![0; 16],
            field(b"r1", 16),
            word(data.len() as u32).to_vec(),
            named,
            sum.collect(),
            data.to_vec(),
        ]
        .concat()
    }

    /// `append-kernel | pad-offset | append-rootfs | wrgg-pad-rootfs | mkwrggimg`, the markers aligned with the header.
    #[test]
    fn factory_images_are_exact() {
        let marks = Rule::padjffs2(&[64]).unwrap();
        for big_endian in [true, false] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut data = kernel.to_vec();
                data.resize((192 << 10) - HEADER, 0);
                data.extend_from_slice(rootfs);
                data.extend(marks.padding(rootfs.len() as u64));
                wrap(&data, big_endian)
            });
            assert!(opened.container.to_string().starts_with("wrgg › plain"));
        }
    }

    /// `append-kernel | mkwrggimg | pad-to 64k | append-rootfs | wrgg-pad-rootfs`.
    #[test]
    fn sysupgrade_images_are_exact() {
        let marks = Rule::padjffs2(&[64]).unwrap();
        let image = |kernel: &[u8], rootfs: &[u8]| {
            let mut image = wrap(kernel, true);
            image.resize(image.len().next_multiple_of(64 << 10), 0);
            image.extend_from_slice(rootfs);
            image.extend(marks.padding(image.len() as u64));
            image
        };
        let kernel = crate::layer::testing::sample_kernel(70_000);
        let rootfs = |n| crate::layer::testing::sample_rootfs(n);
        let opened = crate::container::prove(image(&kernel, &rootfs(1))).unwrap();
        assert_eq!(opened.kernel.clone().unwrap(), wrap(&kernel, true));
        let parts = crate::container::Parts {
            kernel: None,
            rootfs: &rootfs(3),
        };
        assert!(opened.container.close(&parts).unwrap() == image(&kernel, &rootfs(3)));
    }
}
