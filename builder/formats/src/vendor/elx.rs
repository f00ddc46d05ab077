//! Elecom's and others' header with an MD5 before an image that is XORed with a fixed pattern.
//!
//! ```text
//! 0   00 00 00 00 00 00 00 03, zeros to 42
//! 42  hardware id (4), zeros to 62
//! 62  length of the image, big endian (4), zeros to 70
//! 70  MD5 of the plain image (16), zeros to 128
//! 128 image XOR 88 44 A2 D1 68 B4 5A 2D, repeated
//! ```
//!
//! Source: OpenWrt's `elx-header`, which uses this one pattern.

use md5::{Digest, Md5};

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put};

/// The hardware the image is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    hardware: [u8; 4],
}

const HEADER_LEN: usize = 128;
const MAGIC: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 3];
const PATTERN: [u8; 8] = [0x88, 0x44, 0xA2, 0xD1, 0x68, 0xB4, 0x5A, 0x2D];

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "elx-header"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (header, body) = image.split_first_chunk::<HEADER_LEN>()?;
        let mut hardware = [0; 4];
        hardware.copy_from_slice(&header[42..46]);
        let zeros = [8..42, 46..62, 66..70, 86..128];
        let ours = header.starts_with(&MAGIC)
            && be32(header, 62) == u32::try_from(body.len()).ok()
            && zeros
                .into_iter()
                .all(|range| header[range].iter().all(|b| *b == 0));
        if !ours {
            return None;
        }
        let plain = xor(body);
        let md5 = Md5::digest(&plain);
        let part = Part::unpacked("image", plain, Role::Image);
        let opened = Opened::new(Self { hardware }, vec![part])
            .check(Check::digest("MD5 of the image", 70, &header[70..86], &md5))
            .fact("hardware", format!("{:08x}", u32::from_be_bytes(hardware)));
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let plain = parts.concat();
        let len = u32::try_from(plain.len())
            .map_err(|_| Error::too_long("the image", plain.len(), u64::from(u32::MAX)))?;
        let mut header = [0; HEADER_LEN];
        put(&mut header, 0, &MAGIC);
        put(&mut header, 42, &self.hardware);
        put(&mut header, 62, &len.to_be_bytes());
        put(&mut header, 70, &Md5::digest(&plain));
        Ok([&header[..], &xor(&plain)].concat())
    }
}

fn xor(bytes: &[u8]) -> Vec<u8> {
    let pattern = PATTERN.iter().cycle();
    bytes.iter().zip(pattern).map(|(a, b)| a ^ b).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use crate::layer::testing::{assert_exact, plain};

    /// Python's struct and hashlib.
    fn elx(image: &[u8]) -> Vec<u8> {
        let script = r"
import sys, struct, hashlib
data = sys.stdin.buffer.read()
out = bytes.fromhex('0000000000000003').ljust(42, b'\0') + bytes.fromhex('0107000d').ljust(20, b'\0')
out += struct.pack('>I', len(data)).ljust(8, b'\0') + hashlib.md5(data).digest().ljust(58, b'\0')
key = bytes.fromhex('8844A2D168B45A2D')
sys.stdout.buffer.write(out + bytes(b ^ key[i % 8] for i, b in enumerate(data)))
";
        let mut child = Command::new("python3")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let image = image.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&image));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        output.stdout
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| elx(&plain(kernel, rootfs, 0x1_0000)));
        assert_eq!(opened.container.layers()[0].facts[0].value, "0107000d");
    }
}
