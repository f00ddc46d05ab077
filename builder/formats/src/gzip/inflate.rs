//! Unpacking a DEFLATE stream of unknown length.

use flate2::{Decompress, FlushDecompress, Status};

use crate::layer::Error;

/// The longest content that is unpacked: 1 GiB. Disk images have up to some hundred MiB.
pub(crate) const MAX_LEN: usize = 1 << 30;
/// How much room there is for more, at first.
const FIRST: usize = 64 << 10;

/// Unpacks the stream that `packed` begins with: its content, and its own length.
///
/// # Errors
/// When it is damaged or cut off, or its content is longer than `max`. Offsets in errors count from `at` on.
pub(crate) fn inflate(packed: &[u8], at: usize, max: usize) -> Result<(Vec<u8>, usize), Error> {
    let mut stream = Decompress::new(false);
    let mut content: Vec<u8> = Vec::new();
    loop {
        let used = stream.total_in() as usize;
        let room = content.len().clamp(FIRST, 16 << 20);
        content.reserve(room.min((max - content.len()).max(1)));
        let before = content.len();
        let status = stream.decompress_vec(&packed[used..], &mut content, FlushDecompress::None);
        let used = stream.total_in() as usize;
        match status {
            Err(error) => {
                return Err(Error::damaged(
                    at + used,
                    format!("the compressed data is damaged ({error})"),
                ));
            }
            _ if content.len() > max => {
                return Err(Error::Unsupported {
                    what: format!("a compressed file with more than {max} bytes in it"),
                    cure: "Take the device's sysupgrade image, or unpack the file yourself.",
                });
            }
            Ok(Status::StreamEnd) => {
                content.shrink_to_fit();
                return Ok((content, used));
            }
            Ok(_) if used == packed.len() && content.len() == before => {
                return Err(Error::Truncated {
                    what: "its compressed data",
                    need: (at + packed.len() + 1) as u64,
                    have: (at + packed.len()) as u64,
                });
            }
            Ok(_) => {}
        }
    }
}
