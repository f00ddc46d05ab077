//! Fields at fixed places of a header.

/// `N` bytes at `at`; `None` when there are not that many.
fn bytes<const N: usize>(image: &[u8], at: usize) -> Option<[u8; N]> {
    image.get(at..)?.first_chunk().copied()
}

/// A big-endian number of 16 bits at `at`.
pub fn be16(image: &[u8], at: usize) -> Option<u16> {
    bytes(image, at).map(u16::from_be_bytes)
}

/// A big-endian number of 32 bits at `at`.
pub fn be32(image: &[u8], at: usize) -> Option<u32> {
    bytes(image, at).map(u32::from_be_bytes)
}

/// A big-endian number of 64 bits at `at`.
pub fn be64(image: &[u8], at: usize) -> Option<u64> {
    bytes(image, at).map(u64::from_be_bytes)
}

/// A little-endian number of 16 bits at `at`.
pub fn le16(image: &[u8], at: usize) -> Option<u16> {
    bytes(image, at).map(u16::from_le_bytes)
}

/// A little-endian number of 32 bits at `at`.
pub fn le32(image: &[u8], at: usize) -> Option<u32> {
    bytes(image, at).map(u32::from_le_bytes)
}

/// A little-endian number of 64 bits at `at`.
pub fn le64(image: &[u8], at: usize) -> Option<u64> {
    bytes(image, at).map(u64::from_le_bytes)
}

/// Text padded with NULs, of at most `len` bytes at `at`; empty when there are fewer. Bytes that are no UTF-8 are replaced.
pub fn text(image: &[u8], at: usize, len: usize) -> String {
    let field = at.checked_add(len).and_then(|end| image.get(at..end));
    let text = field.unwrap_or_default().split(|b| *b == 0).next();
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

/// Overwrites what stands at `at` with `field`. Nothing happens when it does not fit, which a header that was opened cannot come to.
pub fn put(image: &mut [u8], at: usize, field: &[u8]) {
    if let Some(place) = image
        .get_mut(at..)
        .and_then(|rest| rest.get_mut(..field.len()))
    {
        place.copy_from_slice(field);
    }
}
