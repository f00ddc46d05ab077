//! pax records: what does not fit a header.

use std::collections::BTreeMap;

use super::sparse::{self, number};

/// Records with this prefix are extended attributes.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// The records before an entry, as far as they matter.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<u32>,
    pub(super) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) sparse: sparse::Records,
}

impl Pax {
    /// Parses records: each is its own length in decimal, a space, the key, `=`, the value and a newline.
    pub(super) fn parse(mut data: &[u8]) -> Result<Self, String> {
        let mut pax = Self::default();
        while !data.is_empty() {
            let malformed = || "a pax record is malformed".to_owned();
            let space = data
                .iter()
                .position(|byte| *byte == b' ')
                .ok_or_else(malformed)?;
            let (len, _) = data.split_at_checked(space).ok_or_else(malformed)?;
            let (record, rest) = usize::try_from(number(len)?)
                .ok()
                .and_then(|len| data.split_at_checked(len))
                .ok_or_else(malformed)?;
            let pair = record
                .get(space + 1..)
                .and_then(|pair| pair.strip_suffix(b"\n"))
                .ok_or_else(malformed)?;
            let equals = pair
                .iter()
                .position(|byte| *byte == b'=')
                .ok_or_else(malformed)?;
            let (key, value) = pair.split_at_checked(equals).ok_or_else(malformed)?;
            pax.add(key, value.get(1..).unwrap_or_default())?;
            data = rest;
        }
        Ok(pax)
    }

    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(number(value)?),
            b"uid" => self.uid = Some(number(value)?),
            b"gid" => self.gid = Some(number(value)?),
            b"mtime" => {
                // Seconds with an optional fraction; what is before 1970 counts as 1970.
                let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
                self.mtime = Some(if whole.starts_with(b"-") {
                    0
                } else {
                    u32::try_from(number(whole)?).unwrap_or(u32::MAX)
                });
            }
            _ => {
                if let Some(name) = key.strip_prefix(XATTR) {
                    self.xattrs.insert(name.to_vec(), value.to_vec());
                } else if let Some(name) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.add(name, value)?;
                }
            }
        }
        Ok(())
    }
}
