//! Reading and checking a header.

use thiserror::Error;

use super::format::{HEADER_LEN, Header, MAGIC};

/// Why a uImage is damaged. Offsets count from the start of the bytes that were given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Fewer than 64 bytes, or less data than the header says.
    #[error("the uImage says it has {need} bytes with its header, but only {have} are there")]
    Short {
        /// Header plus data.
        need: u64,
        /// What there is.
        have: u64,
    },
    /// The header's CRC does not fit.
    #[error("the uImage header says CRC {stored:08x}, but has {computed:08x}")]
    HeaderCrc {
        /// In the header.
        stored: u32,
        /// Of the header.
        computed: u32,
    },
    /// The data's CRC does not fit.
    #[error(
        "the uImage header says its {size} bytes of data have CRC {stored:08x}, but they have {computed:08x}"
    )]
    DataCrc {
        /// Length of the data.
        size: u32,
        /// In the header.
        stored: u32,
        /// Of the data.
        computed: u32,
    },
}

/// Whether `bytes` begin with a uImage: the usual magic, or any magic with a header CRC that fits.
pub fn looks_like(bytes: &[u8]) -> bool {
    bytes.first_chunk::<HEADER_LEN>().is_some_and(|header| {
        let header = Header::decode(header);
        header.magic == MAGIC || header.header_crc == header.computed_crc()
    })
}

/// The header at the start of `bytes` and the data behind it, both CRCs checked.
///
/// # Errors
/// See [`Error`](enum@Error).
pub fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), Error> {
    let have = bytes.len() as u64;
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        let need = HEADER_LEN as u64;
        return Err(Error::Short { need, have });
    };
    let header = Header::decode(header);
    let computed = header.computed_crc();
    if computed != header.header_crc {
        return Err(Error::HeaderCrc {
            stored: header.header_crc,
            computed,
        });
    }
    let Some(data) = rest.get(..header.size as usize) else {
        let need = HEADER_LEN as u64 + u64::from(header.size);
        return Err(Error::Short { need, have });
    };
    let computed = crc32fast::hash(data);
    if computed != header.data_crc {
        return Err(Error::DataCrc {
            size: header.size,
            stored: header.data_crc,
            computed,
        });
    }
    Ok((header, data))
}
