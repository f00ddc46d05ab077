//! Why a file of apk could not be read or written.

use thiserror::Error;

use super::key::KeyId;

/// Why a file of apk could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The first bytes are not those of a container.
    #[error("this is no file of apk version 3: it does not begin with \"ADB\"")]
    NotAdb,
    /// A compression that is not known.
    #[error(
        "it is compressed by a method that is not known ({0}); known are deflate (1) and zstd (2)"
    )]
    Compression(u8),
    /// The compressed data does not hold.
    #[error("its compressed data is damaged: {0}; download it again")]
    Damaged(String),
    /// It would unpack to more than is allowed.
    #[error(
        "it unpacks to more than {limit} bytes, which is more than is taken from a file of {packed} bytes"
    )]
    TooLarge {
        /// The size of the file.
        packed: usize,
        /// What is allowed.
        limit: u64,
    },
    /// The file ends early.
    #[error("it ends within {what} at byte {at}: the file is cut short; download it again")]
    Truncated {
        /// In what.
        what: &'static str,
        /// Where, in the unpacked file.
        at: usize,
    },
    /// A block that may not be there.
    #[error("the block at byte {at} is of a kind ({kind}) that may not stand there")]
    Block {
        /// The block's type.
        kind: u32,
        /// Where, in the unpacked file.
        at: usize,
    },
    /// Another kind of content than was asked for.
    #[error("it holds {found}, not {wanted}")]
    Schema {
        /// What it holds.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// A newer version of the container.
    #[error("it is of version {0} of the container, and only version 0 is known")]
    Compatibility(u8),
    /// A value points outside, or is of the wrong type.
    #[error("its value {value:#010x} is no {wanted} within its {size} bytes: the file is damaged")]
    Value {
        /// The value's word.
        value: u32,
        /// What should be there.
        wanted: &'static str,
        /// The size of the block of values.
        size: usize,
    },
    /// Values are used so often that reading them all would take too much memory.
    #[error(
        "it uses the same values over and over, to {0} times its size and more, which no honest file does"
    )]
    Repetition(u64),
    /// A field that must be there is missing or not text.
    #[error("{owner} has no usable field \"{field}\"")]
    Field {
        /// Whose field.
        owner: String,
        /// The field's name.
        field: &'static str,
    },
    /// A text is no version.
    #[error("\"{0}\" is no version: they look like 1.2.3_rc1~abcdef-r4")]
    Version(String),
    /// A text is no dependency.
    #[error("\"{0}\" is no dependency: they look like name, name>=1.2-r1 or !name")]
    Dependency(String),
    /// No signature at all.
    #[error("it is not signed")]
    Unsigned,
    /// Signed, but by nobody we trust.
    #[error(
        "it is signed by {}, and none of these keys is trusted: if you trust its makers, add their key to the profile",
        key_list(.0)
    )]
    UnknownKey(Vec<KeyId>),
    /// A trusted key's signature does not fit.
    #[error(
        "the signature by key {0} does not fit it: it was changed after it was signed, or the signature is another file's"
    )]
    BadSignature(KeyId),
    /// A signature that is not understood.
    #[error("a signature in it is {0}")]
    Signature(String),
    /// No key.
    #[error("this is no key of apk: {0}")]
    Key(String),
    /// A path that leads outside or cannot be.
    #[error("its path \"{path}\" {problem}")]
    Path {
        /// The path, as the package has it.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file's content is not what the package says.
    #[error(
        "the content of its file \"{path}\" {problem}: the package is damaged; download it again"
    )]
    Content {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A block of content for no file, or out of order.
    #[error(
        "its block of content {0} belongs to no file, or does not come in the order of the files"
    )]
    StrayContent(usize),
    /// A user or group that is not known.
    #[error(
        "its path \"{path}\" belongs to the {kind} \"{name}\", which is not known: it must be in {file} before"
    )]
    Owner {
        /// The path.
        path: String,
        /// "user" or "group".
        kind: &'static str,
        /// The name.
        name: String,
        /// The file that lists them.
        file: &'static str,
    },
    /// The database of installed packages does not hold.
    #[error("line {line} of the database of installed packages {problem}")]
    Installed {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Too large to write.
    #[error("it would have more than 256 MiB of values, which the container cannot hold")]
    Full,
}

fn key_list(keys: &[KeyId]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("key {key}")).collect();
    keys.join(" and ")
}
