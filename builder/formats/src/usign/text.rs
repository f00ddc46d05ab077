//! The two lines that every file is.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{ED25519, Error, What};

/// How every file begins.
const PREFIX: &[u8] = b"untrusted comment: ";
/// The longest comment that signify reads.
pub(super) const MAX_COMMENT: usize = 1023 - PREFIX.len();

/// The comment, and the `N` bytes after the name of the algorithm. Both lines may end as they do on Windows; what is behind them
/// may be white space only.
pub(super) fn read<const N: usize>(
    file: &[u8],
    what: What,
) -> Result<(Vec<u8>, Zeroizing<[u8; N]>), Error> {
    let wrong = |why: &str| Error::Form {
        what,
        why: why.to_owned(),
    };
    let end = file.iter().position(|byte| *byte == b'\n');
    let (first, rest) = end
        .and_then(|end| file.split_at_checked(end))
        .ok_or_else(|| wrong("it has no line of base64 below a comment"))?;
    let comment = first
        .strip_prefix(PREFIX)
        .ok_or_else(|| wrong("it does not begin with `untrusted comment: `"))?;
    let comment = comment.strip_suffix(b"\r").unwrap_or(comment);
    if comment.len() > MAX_COMMENT {
        return Err(Error::Comment { max: MAX_COMMENT });
    }
    let base64 = rest.trim_ascii();
    if base64.is_empty() {
        return Err(wrong("it ends after the comment; is it cut short?"));
    }
    if base64.contains(&b'\n') {
        return Err(wrong("it goes on after the line of base64"));
    }
    // The longest is a secret key: 140 characters.
    let mut buffer = Zeroizing::new([0; 256]);
    if base64.len() > 256 {
        return Err(wrong("its second line is too long"));
    }
    let bytes = Base64::decode(base64, &mut buffer[..])
        .map_err(|_| wrong("its second line is not base64"))?;
    let Some(content) = bytes.strip_prefix(ED25519) else {
        return Err(wrong("it is of another algorithm than Ed25519"));
    };
    match content.try_into() {
        Ok(content) => Ok((comment.to_vec(), Zeroizing::new(content))),
        Err(_) => Err(match What::of_len(bytes.len()) {
            Some(found) if found != what => Error::Other { what, found },
            _ => wrong(&format!(
                "it holds {} bytes instead of {}; is it cut short?",
                bytes.len(),
                what.len()
            )),
        }),
    }
}

/// The file with this comment and these bytes after the name of the algorithm.
pub(super) fn write(comment: &[u8], content: &[u8]) -> Zeroizing<Vec<u8>> {
    let bytes = Zeroizing::new([ED25519, content].concat());
    let base64 = Zeroizing::new(Base64::encode_string(&bytes));
    Zeroizing::new([PREFIX, comment, b"\n", base64.as_bytes(), b"\n"].concat())
}

/// The comment as it is kept, if it fits.
pub(super) fn comment(text: impl Into<Vec<u8>>) -> Result<Vec<u8>, Error> {
    let text = text.into();
    match text.len() > MAX_COMMENT || text.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
        true => Err(Error::Comment { max: MAX_COMMENT }),
        false => Ok(text),
    }
}
