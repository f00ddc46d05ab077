//! Netgear's encrypted factory images.
//!
//! All numbers are big endian.
//!
//! ```text
//! 0   model (32), region (32), version (64), date (64), all padded with NULs
//! 192 hardware model (4), index of the model, number of hardware ids, number of models
//! 199 reserved (13)
//! 212 hardware ids and models, joined by “;” (200)
//! 412 reserved (100)
//! 512 encrpted_img (12)
//! 524 length of the encrypted image
//! 528 length of a block
//! 532 image: AES-256-CBC with the same key and vector for each block, the last one padded with zeros to 16 bytes
//! ..  CRC-32 of all before, begun with 0 and not inverted at the end
//! ```
//!
//! Key and vector are published in OpenWrt's recipe and the same for all devices. Source: OpenWrt's
//! `netgear-encrypted-factory.py`.

use aes::Aes256;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, text};
use crate::pad_rootfs::MARKER;

/// What the header says that does not depend on the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// All before the length.
    head: Vec<u8>,
    /// Length of a block in bytes, a multiple of 16.
    block: usize,
}

const KEY: [u8; 32] = *b"he9-4+M!)d6=m~we1,q2a3d1n&2*Z^%8";
const VECTOR: [u8; 16] = *b"J%1iQl8$=lm-;8AE";
const MAGIC: &[u8] = b"encrpted_img";
const MAGIC_AT: usize = 512;
const LENGTH_AT: usize = 524;
const HEADER_LEN: usize = 532;
const AES_BLOCK: usize = 16;
const CRC_LEN: usize = 4;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "netgear-encrypted-factory"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        image
            .get(MAGIC_AT..)?
            .starts_with(MAGIC)
            .then(|| open(image))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut body = parts.concat();
        // All blocks but the last are multiples already.
        body.resize(body.len().next_multiple_of(AES_BLOCK), 0);
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        body.chunks_mut(self.block.max(AES_BLOCK)).for_each(encrypt);
        let mut image = self.head.clone();
        image.extend(len.to_be_bytes());
        // It came from 32 bits.
        image.extend((self.block as u32).to_be_bytes());
        image.extend(body);
        let crc = crc(&image);
        image.extend(crc.to_be_bytes());
        Ok(image)
    }
}

fn open(image: &[u8]) -> Result<Opened<Layout>, Error> {
    let field = |at| be32(image, at).unwrap_or_default();
    let (len, block) = (field(LENGTH_AT) as usize, field(LENGTH_AT + 4) as usize);
    let need = (HEADER_LEN + CRC_LEN) as u64 + len as u64;
    let have = image.len() as u64;
    if need > have {
        let what = "the length in the header of the encrypted image";
        return Err(Error::Truncated { what, need, have });
    }
    if need < have || !len.is_multiple_of(AES_BLOCK) {
        let what = format!("the header says the encrypted image has {len} bytes, which cannot be");
        return Err(Error::damaged(LENGTH_AT, what));
    }
    if block == 0 || !block.is_multiple_of(AES_BLOCK) {
        let what = format!("blocks have {block} bytes, which is no multiple of 16");
        return Err(Error::damaged(LENGTH_AT + 4, what));
    }
    let end = HEADER_LEN + len;
    let mut body = image[HEADER_LEN..end].to_vec();
    body.chunks_mut(block).for_each(decrypt);
    body.truncate(unpadded(&body));
    let stored = field(end);
    let layout = Layout {
        head: image[..LENGTH_AT].to_vec(),
        block,
    };
    let part = Part::unpacked("image", body, Role::Image);
    Ok(Opened::new(layout, vec![part])
        .check(Check::number(
            "CRC-32 of all before",
            end,
            stored,
            crc(&image[..end]),
        ))
        .fact("model", text(image, 0, 32))
        .fact("region", text(image, 32, 32))
        .fact("version", text(image, 64, 64))
        .fact("hardware", text(image, 212, 200)))
}

/// The length without the padding to 16 bytes, which can be told from the image behind an overlay marker only. All other
/// images are multiples of 16 bytes.
fn unpadded(body: &[u8]) -> usize {
    let filled = body.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    if body.len() - filled < AES_BLOCK && body[..filled].ends_with(&MARKER) {
        filled
    } else {
        body.len()
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
    hasher.update(bytes);
    !hasher.finalize()
}

fn encrypt(block: &mut [u8]) {
    let mut cipher = cbc::Encryptor::<Aes256>::new(&KEY.into(), &VECTOR.into());
    for bytes in block.chunks_exact_mut(AES_BLOCK) {
        cipher.encrypt_block_mut(bytes.into());
    }
}

fn decrypt(block: &mut [u8]) {
    let mut cipher = cbc::Decryptor::<Aes256>::new(&KEY.into(), &VECTOR.into());
    for bytes in block.chunks_exact_mut(AES_BLOCK) {
        cipher.decrypt_block_mut(bytes.into());
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::layer::testing::{assert_exact, plain};
    use crate::pad_rootfs::Rule;

    const KEY_HEX: &str = "6865392d342b4d212964363d6d7e7765312c7132613364316e26322a5a5e2538";
    const VECTOR_HEX: &str = "4a253169516c38243d6c6d2d3b384145";

    /// With `openssl enc`, block by block.
    fn netgear(body: &[u8]) -> Vec<u8> {
        let mut image = Vec::new();
        let mut field = |text: &[u8], len| {
            let end = image.len() + len;
            image.extend_from_slice(text);
            image.resize(end, 0);
        };
        field(b"EX6250v2", 32);
        field(b"WW", 32);
        field(b"V1.0.0.0..r33051", 64);
        field(b"Thu Jan 1 00:00:00 1970", 64);
        field(b"\0\0\0\0\0\x02\x01", 20);
        field(b"1010000003240000_NETGEAR;B;EX6250v2", 200);
        field(b"", 100);
        field(b"encrpted_img", 12);
        let dir = tempfile::tempdir().unwrap();
        let mut encrypted = Vec::new();
        for block in body.chunks(0x2_0000) {
            let (plain, path) = (dir.path().join("plain"), dir.path().join("encrypted"));
            let mut padded = block.to_vec();
            padded.resize(padded.len().div_ceil(16) * 16, 0);
            std::fs::write(&plain, padded).unwrap();
            let result = Command::new("openssl")
                .args(["enc", "-aes-256-cbc", "-nosalt", "-nopad", "-K", KEY_HEX])
                .args(["-iv", VECTOR_HEX, "-in"])
                .arg(&plain)
                .arg("-out")
                .arg(&path)
                .output()
                .expect("openssl runs");
            assert!(result.status.success(), "{result:?}");
            encrypted.extend(std::fs::read(&path).unwrap());
        }
        image.extend((encrypted.len() as u32).to_be_bytes());
        image.extend(0x2_0000u32.to_be_bytes());
        image.extend(encrypted);
        // CRC-32 bit by bit, from 0.
        let crc = image.iter().fold(0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
            })
        });
        image.extend(crc.to_be_bytes());
        image
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 0x2_0000);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            netgear(&image)
        });
        assert_eq!(opened.container.layers()[0].facts[0].value, "EX6250v2");
    }

    #[test]
    fn the_key_is_the_recipes() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        assert_eq!(bytes(KEY_HEX), KEY);
        assert_eq!(bytes(VECTOR_HEX), VECTOR);
    }
}
