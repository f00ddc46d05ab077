//! gzip as a format around an image.

use libdeflater::{CompressionLvl, Compressor};

use super::deflate::deflate;
use super::{Header, MAX_LEN, Program, inflate};
use crate::layer::{Check, Error, Format, Opened, Part, Role, le32};

/// Length of what stands behind the stream.
const FOOTER: usize = 8;
/// libdeflate's level, its highest.
const LIBDEFLATE_LEVEL: i32 = 12;

/// A header, and with it the program that is to be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The header, which stays as it is.
    pub header: Header,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "gzip"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let header = Header::parse(image)?;
        let start = header.bytes.len();
        let (content, len) = match inflate(&image[start..], start, MAX_LEN) {
            Ok(unpacked) => unpacked,
            Err(error) => return Some(Err(error)),
        };
        let end = start + len;
        let need = end + FOOTER;
        if image.len() < need {
            return Some(Err(Error::Truncated {
                what: "its gzip stream",
                need: need as u64,
                have: image.len() as u64,
            }));
        }
        // A compressed kernel with something behind it, perhaps.
        if image.len() > need {
            return None;
        }
        Some(Ok(opened(header, image, end, content)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let content = parts.concat();
        let stream = match self.header.program() {
            Program::Gzip(effort) => deflate(&content, effort),
            Program::Libdeflate => libdeflate(&content)?,
        };
        let mut image = self.header.bytes.clone();
        image.extend(stream);
        image.extend(crc32fast::hash(&content).to_le_bytes());
        image.extend((content.len() as u32).to_le_bytes());
        Ok(image)
    }
}

fn opened(header: Header, image: &[u8], end: usize, content: Vec<u8>) -> Opened<Layout> {
    let stored = |at: usize| le32(image, at).unwrap_or_default();
    let crc = Check::number(
        "CRC-32 of the content",
        end,
        stored(end),
        crc32fast::hash(&content),
    );
    let len = Check::number(
        "length of the content",
        end + 4,
        stored(end + 4),
        content.len() as u32,
    );
    let unpacked_len = content.len();
    // No image has gzip in gzip, and a file made to fill the memory may.
    let role = match Header::parse(&content) {
        Some(_) => Role::Kept,
        None => Role::Image,
    };
    let part = Part::unpacked("content", content, role);
    let (name, time) = (header.name.clone(), header.time);
    let mut opened = Opened::new(Layout { header }, vec![part])
        .check(crc)
        .check(len)
        .fact("unpacked length", format!("{unpacked_len} bytes"));
    if let Some(name) = name {
        opened = opened.fact("file name", name);
    }
    if time != 0 {
        opened = opened.fact("time", time);
    }
    opened
}

fn libdeflate(content: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |what: String| Error::damaged(0, format!("libdeflate failed: {what}"));
    let level = CompressionLvl::new(LIBDEFLATE_LEVEL).map_err(|e| failed(format!("{e:?}")))?;
    let mut compressor = Compressor::new(level);
    let mut stream = vec![0; compressor.deflate_compress_bound(content.len())];
    let len = compressor
        .deflate_compress(content, &mut stream)
        .map_err(|e| failed(format!("{e:?}")))?;
    stream.truncate(len);
    Ok(stream)
}
