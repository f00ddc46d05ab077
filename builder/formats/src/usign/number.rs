//! Key numbers.

use std::fmt;
use std::str::FromStr;

/// The eight bytes that name a key, written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyNumber(pub [u8; 8]);

impl fmt::Display for KeyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// Takes exactly 16 lowercase digits, as the files in `/etc/opkg/keys` are named; the error is the text.
impl FromStr for KeyNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match u64::from_str_radix(text, 16) {
            Ok(number) if text.len() == 16 && text.bytes().all(digit) => {
                Ok(Self(number.to_be_bytes()))
            }
            _ => Err(format!(
                "`{text}` is not a key number: 16 digits of 0-9 and a-f"
            )),
        }
    }
}
