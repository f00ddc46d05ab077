//! What names may look like, and the names libuci makes up for sections that have none.

use std::fmt;

/// The kinds of names in a UCI file, which allow different characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A configuration file's name.
    Package,
    /// What a section is: `interface`, `wifi-iface`.
    Type,
    /// A section's own name.
    Section,
    /// An option's name.
    Option,
}

impl NameKind {
    /// Whether `name` is a valid name of this kind.
    pub fn accepts(self, name: &str) -> bool {
        match self {
            Self::Package => is_valid_package(name),
            Self::Type => is_valid_type(name),
            Self::Section | Self::Option => is_valid_name(name),
        }
    }

    /// The allowed characters, in words.
    pub fn allowed(self) -> &'static str {
        match self {
            Self::Package => "letters, digits, `_` and `-`",
            Self::Type => "printable ASCII characters without spaces",
            Self::Section | Self::Option => "letters, digits and `_`",
        }
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Package => "package name",
            Self::Type => "section type",
            Self::Section => "section name",
            Self::Option => "option name",
        })
    }
}

/// Whether libuci accepts this as the name of a section or option: `[A-Za-z0-9_]+`.
pub fn is_valid_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether libuci accepts this as the type of a section: printable ASCII without spaces.
pub fn is_valid_type(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether libuci accepts this in a `package` line: `[A-Za-z0-9_-]+`.
pub fn is_valid_package(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The name libuci makes up for the unnamed section at `position` (0 is the file's first section,
/// named ones are counted too): `cfg`, the position from 1 in hex, and 16 bits of Bernstein's hash of the type.
pub fn generated_id(position: usize, kind: &str) -> String {
    let hash = kind.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33).wrapping_add(u32::from(byte))
    });
    format!("cfg{:02x}{:04x}", position.saturating_add(1), hash & 0xffff)
}
