//! Buffalo's encryption of an image, or of the header of one.
//!
//! All numbers are big endian.
//!
//! ```text
//! start, NUL (6)
//! seed: 4F
//! length of the product (4), product with a NUL, encrypted with the seed
//! length of the version (4), version with a NUL, encrypted with the first byte of the encrypted product
//! length of the data (4), data, encrypted with the first byte of the encrypted version
//! checksum of the data (4)
//! zeros (1 to 4) to a multiple of 4 bytes
//! what is not encrypted; nothing, or all behind the first 152 bytes
//! ```
//!
//! Source: firmware-utils' `buffalo-enc.c` and `buffalo-lib.c`; OpenWrt's `buffalo-enc` and `buffalo-enc-tag`.

use super::buffalo_cipher::{apply, checksum};
use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, text};

/// How an image is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    magic: [u8; MAGIC_LEN],
    seed: u8,
    /// With their NULs.
    product: Vec<u8>,
    version: Vec<u8>,
    /// Whether the cipher's state is as long as what is encrypted.
    long: bool,
    /// How many bytes are encrypted; `None` for all.
    only: Option<usize>,
}

const MAGIC_LEN: usize = 6;
const MAX_PRODUCT: usize = 32;
const MAX_VERSION: usize = 8;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        match self.only {
            Some(_) => "buffalo-enc-tag",
            None => "buffalo-enc",
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let magic = *image.first_chunk::<MAGIC_LEN>()?;
        if magic != *b"start\0" && magic != *b"asar1\0" {
            return None;
        }
        let seed = *image.get(MAGIC_LEN)?;
        let (product, at) = field(image, MAGIC_LEN + 1, MAX_PRODUCT)?;
        let (version, at) = field(image, at, MAX_VERSION)?;
        Some(open(image, magic, seed, product, version, at))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut data = parts.concat();
        let rest = data.split_off(self.only.unwrap_or(data.len()).min(data.len()));
        let len = u32::try_from(data.len())
            .map_err(|_| Error::too_long("the image", data.len(), u64::from(u32::MAX)))?;
        let sum = checksum(len, &data);
        let mut image = self.magic.to_vec();
        image.push(self.seed);
        let mut seed = self.seed;
        for part in [&self.product[..], &self.version, &data] {
            // None is longer than 32 bits.
            image.extend((part.len() as u32).to_be_bytes());
            let start = image.len();
            image.extend_from_slice(part);
            apply(seed, self.long, &mut image[start..]);
            seed = image.get(start).copied().unwrap_or_default();
        }
        image.extend(sum.to_be_bytes());
        image.resize(padded(image.len()), 0);
        image.extend(rest);
        Ok(image)
    }
}

/// A length at `at`, that many bytes, and where they end.
fn field(image: &[u8], at: usize, max: usize) -> Option<(&[u8], usize)> {
    let len = be32(image, at)? as usize;
    if len == 0 || len > max {
        return None;
    }
    let start = at + 4;
    Some((image.get(start..start + len)?, start + len))
}

/// Where the padding behind `len` bytes ends.
fn padded(len: usize) -> usize {
    len + 4 - len % 4
}

fn open(
    image: &[u8],
    magic: [u8; MAGIC_LEN],
    seed: u8,
    product: &[u8],
    version: &[u8],
    at: usize,
) -> Result<Opened<Layout>, Error> {
    let have = image.len() as u64;
    let len = be32(image, at).unwrap_or_default();
    let (start, end) = (at + 4, (at + 4).saturating_add(len as usize));
    let behind = padded(end.saturating_add(4));
    if behind > image.len() {
        return Err(Error::Truncated {
            what: "the length in the header of the encrypted image",
            need: behind as u64,
            have,
        });
    }
    let stored = be32(image, end).unwrap_or_default();
    let decrypted = |long| {
        let mut data = image[start..end].to_vec();
        apply(version[0], long, &mut data);
        let sum = checksum(len, &data);
        (long, data, sum)
    };
    // Nothing says which it is but the checksum.
    let short = decrypted(false);
    let (long, mut data, computed) = if short.2 == stored {
        short
    } else {
        let long = decrypted(true);
        if long.2 == stored { long } else { short }
    };
    let name = |bytes: &[u8], seed| {
        let mut bytes = bytes.to_vec();
        apply(seed, long, &mut bytes);
        bytes
    };
    let layout = Layout {
        magic,
        seed,
        product: name(product, seed),
        version: name(version, product[0]),
        long,
        only: (behind < image.len()).then_some(data.len()),
    };
    data.extend_from_slice(&image[behind..]);
    let (product, version) = (layout.product.clone(), layout.version.clone());
    let part = Part::unpacked("image", data, Role::Image);
    let check = Check::number("checksum of the encrypted data", end, stored, computed);
    let mut opened = Opened::new(layout, vec![part]).check(check);
    for (name, value) in [("product", product), ("version", version)] {
        let value = text(&value, 0, value.len());
        if !value.is_empty() {
            opened = opened.fact(name, value);
        }
    }
    Ok(opened)
}

#[cfg(test)]
pub(super) mod tests {
    use crate::layer::testing::{assert_exact, plain};
    use crate::pad_rootfs::Rule;
    use crate::vendor::buffalo_cipher::tests::bitwise;

    /// The cipher as it is described, with numbers that cannot run over.
    fn cipher(seed: u8, long: bool, bytes: &[u8]) -> Vec<u8> {
        let n = if long { bytes.len() } else { 256 };
        let key = [seed, b'B', b'u', b'f', b'f', b'a', b'l', b'o'];
        let mut s: Vec<usize> = (0..n).map(|at| at % 256).collect();
        let mut k = 0;
        for at in 0..n {
            k = (k + usize::from(key[at % 8]) + s[at]) % n;
            s.swap(at, k);
        }
        let (mut i, mut j) = (0, 0);
        bytes
            .iter()
            .map(|byte| {
                i = (i + 1) % n % 256;
                j = (j + s[i]) % n % 256;
                s.swap(i, j);
                byte ^ s[(s[i] + s[j]) % n] as u8
            })
            .collect()
    }

    pub(in crate::vendor) fn enc(
        body: &[u8],
        product: &str,
        version: &str,
        long: bool,
        only: usize,
    ) -> Vec<u8> {
        let (data, rest) = body.split_at(only.min(body.len()));
        let mut image = b"start\0O".to_vec();
        let mut seed = b'O';
        let (product, version) = (format!("{product}\0"), format!("{version}\0"));
        for part in [product.as_bytes(), version.as_bytes(), data] {
            image.extend((part.len() as u32).to_be_bytes());
            let encrypted = cipher(seed, long, part);
            seed = encrypted[0];
            image.extend(encrypted);
        }
        image.extend(bitwise(data.len() as u32, data).to_be_bytes());
        image.push(0);
        while !image.len().is_multiple_of(4) {
            image.push(0);
        }
        image.extend(rest);
        image
    }

    pub(in crate::vendor) fn marked(kernel: &[u8], rootfs: &[u8]) -> Vec<u8> {
        let mut image = plain(kernel, rootfs, 0x1_0000);
        image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
        image
    }

    #[test]
    fn is_exact() {
        for long in [false, true] {
            let opened = assert_exact(|kernel, rootfs| {
                let image = marked(kernel, rootfs);
                enc(&image, "WZR-HP-AG300H", "1.99", long, usize::MAX)
            });
            let facts = &opened.container.layers()[0].facts;
            assert_eq!(facts[0].value, "WZR-HP-AG300H");
            assert_eq!(facts[1].value, "1.99");
        }
    }
}
