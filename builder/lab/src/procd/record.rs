//! What travels over procd's socket, and what `procd.sh` collects: records of fields.
//!
//! A record is the number of its fields in decimal, then the fields, each ended by a NUL byte. So a
//! field can hold any byte a command line can hold, and the shell writes one with
//! `printf '%s\0' "$#" "$@"`.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// One record.
pub(crate) type Record = Vec<OsString>;

/// Why bytes are not records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The bytes end inside a record.
    Truncated,
    /// A field count is no number, or larger than what follows could hold.
    Count,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the request ends inside a record",
            Self::Count => "a record's field count is wrong",
        })
    }
}

impl std::error::Error for Malformed {}

/// Splits bytes into records.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Record>, Malformed> {
    let Some(body) = bytes.strip_suffix(b"\0") else {
        return if bytes.is_empty() {
            Ok(Vec::new())
        } else {
            Err(Malformed::Truncated)
        };
    };
    let mut fields = body.split(|byte| *byte == 0);
    let mut records = Vec::new();
    while let Some(count) = fields.next() {
        let count: usize = std::str::from_utf8(count)
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|count| *count <= bytes.len())
            .ok_or(Malformed::Count)?;
        let record: Record = fields
            .by_ref()
            .take(count)
            .map(|field| OsString::from_vec(field.to_vec()))
            .collect();
        if record.len() != count {
            return Err(Malformed::Truncated);
        }
        records.push(record);
    }
    Ok(records)
}

/// Appends one record to `out`.
pub(crate) fn push<S: AsRef<std::ffi::OsStr>>(out: &mut Vec<u8>, fields: &[S]) {
    out.extend_from_slice(fields.len().to_string().as_bytes());
    out.push(0);
    for field in fields {
        out.extend_from_slice(field.as_ref().as_bytes());
        out.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_parsed_even_empty_fields_and_lines() {
        let mut bytes = Vec::new();
        push(&mut bytes, &["set"]);
        push(&mut bytes, &["param", "command", "", "a\nb", "it's"]);
        push::<&str>(&mut bytes, &[]);
        let records = parse(&bytes).unwrap();
        assert_eq!(records.len(), 3);
        assert_eq!(records[1], ["param", "command", "", "a\nb", "it's"]);
        assert!(records[2].is_empty());
        assert_eq!(parse(b""), Ok(Vec::new()));
    }

    #[test]
    fn refuses_what_is_cut_short_or_miscounted() {
        assert_eq!(parse(b"1\0set"), Err(Malformed::Truncated));
        assert_eq!(parse(b"3\0set\0"), Err(Malformed::Truncated));
        assert_eq!(parse(b"x\0set\0"), Err(Malformed::Count));
        assert_eq!(parse(b"99999999999\0a\0"), Err(Malformed::Count));
    }
}
