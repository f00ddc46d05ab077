//! The version of Linux in a text.

/// What stands before a version.
const MARKS: [&[u8]; 3] = [b"Linux version ", b"Linux-", b"Linux kernel "];

/// The version of Linux in a name such as `MIPS OpenWrt Linux-6.6.73`, or in a kernel's own banner.
pub fn linux_version(text: &[u8]) -> Option<String> {
    MARKS.iter().find_map(|mark| {
        text.windows(mark.len())
            .enumerate()
            .filter(|(_, window)| window == mark)
            .find_map(|(at, _)| version(&text[at + mark.len()..]))
    })
}

/// The version that `text` begins with: digits, a dot, and what belongs to it.
pub(super) fn version(text: &[u8]) -> Option<String> {
    let good = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_');
    let taken: Vec<u8> = text.iter().take(64).take_while(good).copied().collect();
    let text = String::from_utf8(taken).ok()?;
    let text = text.trim_end_matches(['.', '-', '_']);
    let (major, rest) = text.split_once('.')?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (number(major) && rest.starts_with(|c: char| c.is_ascii_digit())).then(|| text.to_owned())
}
