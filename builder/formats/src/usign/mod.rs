//! Keys and signatures of usign, which signs OpenWrt's opkg feeds and checksum files, and of OpenBSD's signify, whose files it shares.
//!
//! Each file is two lines of text: a comment that nothing vouches for, and base64 of
//!
//! ```text
//! public key    0  2 "Ed"    2  8 key number    10 32 Ed25519 public key                                        42 bytes
//! signature     0  2 "Ed"    2  8 key number    10 64 Ed25519 signature (R, S)                                  74 bytes
//! secret key    0  2 "Ed"    2  2 "BK"           4  4 rounds of bcrypt_pbkdf, big-endian; 0: not encrypted
//!               8 16 salt   24  8 first bytes of SHA-512 over the 64 bytes at 40, when not encrypted
//!              32  8 key number                 40 32 seed    72 32 Ed25519 public key                         104 bytes
//! ```
//!
//! The key number is random: it names a key, as in `/etc/opkg/keys/792d9d9b39f180dc`, and proves nothing. Source: usign's `main.c`.
//!
//! # Old versions of usign hash some files wrongly
//!
//! usign before August 2019 computes a wrong SHA-512 when 110 or 111 bytes are left for its last block. Ed25519 hashes 64 bytes and then
//! the file, so such a usign refuses every good signature of a file for whose size [`misread_by_old_usign`] is true, and the signatures
//! that it makes of such a file are good to nobody else. OpenWrt's build system therefore appends two empty lines to an index of such a
//! size before it signs it, and who signs for old routers should do so too: [`padding_for_old_usign`]. Nothing is done about it when a
//! signature is verified: what other Ed25519 programs refuse is refused, and the padding belongs to the signed bytes.

mod error;
mod number;
mod public;
mod secret;
mod signature;
mod text;

pub use error::{Error, What};
pub use number::KeyNumber;
pub use public::{Fingerprint, PublicKey};
pub use secret::SecretKey;
pub use signature::Signature;

/// The name of the algorithm, at the start of every file.
const ED25519: &[u8] = b"Ed";

/// Whether a usign from before August 2019 would refuse a good signature of a file of `size` bytes (see the module).
pub fn misread_by_old_usign(size: u64) -> bool {
    matches!((64 + size % 128) % 128, 110 | 111)
}

/// What to append to a text of `size` bytes before it is signed, so that a usign from before August 2019 reads it: two empty lines, or
/// nothing.
pub fn padding_for_old_usign(size: u64) -> &'static str {
    match misread_by_old_usign(size) {
        true => "\n\n",
        false => "",
    }
}

#[cfg(test)]
mod tests;
