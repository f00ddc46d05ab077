//! `sha256sums`: the hashes of all files of a target, signed by `sha256sums.sig`.
//!
//! Lines `HEX *NAME` as `sha256sum --binary` writes them; OpenWrt's `rules.mk` sorts them by name.

use std::collections::BTreeMap;

use thiserror::Error;

/// The hashes of a target's files by name (below the target's folder).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, [u8; 32]>);

/// Why a list of hashes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SumsError {
    /// A line is not a hash and a name.
    #[error("line {0} of sha256sums is not a SHA-256 hash, a blank, `*` and a name")]
    Line(usize),
    /// A name is there twice with different hashes.
    #[error("line {line} of sha256sums gives {name} a second, different hash")]
    Twice {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
}

impl Sums {
    /// Reads the list.
    ///
    /// # Errors
    /// When a line is not as it should be.
    pub fn parse(text: &[u8]) -> Result<Self, SumsError> {
        let mut sums = BTreeMap::new();
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            if line.is_empty() {
                continue;
            }
            let (name, sum) = read(line).ok_or(SumsError::Line(number))?;
            if sums
                .insert(name.to_owned(), sum)
                .is_some_and(|old| old != sum)
            {
                return Err(SumsError::Twice {
                    line: number,
                    name: name.to_owned(),
                });
            }
        }
        Ok(Self(sums))
    }

    /// The SHA-256 of a file.
    pub fn get(&self, name: &str) -> Option<[u8; 32]> {
        self.0.get(name).copied()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn read(line: &[u8]) -> Option<(&str, [u8; 32])> {
    let line = std::str::from_utf8(line).ok()?;
    let (hash, name) = line.split_once(' ')?;
    let name = name.strip_prefix(['*', ' '])?;
    let mut sum = [0; 32];
    hex::decode_to_slice(hash, &mut sum).ok()?;
    (!name.is_empty()).then_some((name, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_sha256sum_writes_and_nothing_else() {
        let a = "11".repeat(32);
        let b = "22".repeat(32);
        let sums = Sums::parse(format!("{a} *kmods/x\n{b} *y.bin\n").as_bytes()).unwrap();
        assert_eq!(sums.get("y.bin"), Some([0x22; 32]));
        assert_eq!(sums.names().collect::<Vec<_>>(), ["kmods/x", "y.bin"]);
        assert_eq!(
            Sums::parse(format!("{a} *x\n{a}\n").as_bytes()),
            Err(SumsError::Line(2))
        );
        assert_eq!(Sums::parse(b"<html>\n"), Err(SumsError::Line(1)));
        let twice = Sums::parse(format!("{a} *x\n{b} *x\n").as_bytes()).unwrap_err();
        assert!(twice.to_string().contains("second, different"), "{twice}");
    }
}
