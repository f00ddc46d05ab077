//! ADB, the container of apk version 3.
//!
//! Source: apk-tools' `doc/apk-v3.5.scd`, `src/adb.h`, `src/adb.c`, `src/adb_comp.c`. All numbers are little-endian.
//!
//! ```text
//! file       "ADB." then schema u32, blocks        as it is
//!            "ADBd" then raw deflate               of a whole file as above
//!            "ADBc" then method u8, level u8, data of a whole file as above; method 0 none, 1 raw deflate, 2 zstd
//! schema     "indx" an index, "pckg" a package, "idb\0" installed packages
//!
//! block      u32     type << 30 | size    size counts this word, not the padding
//!            payload, then zeros up to a multiple of 8
//! block      u32     3 << 30 | type       when the size needs more than 30 bits
//!            u32     0
//!            u64     size                 counts these 16 bytes
//!            payload, then zeros up to a multiple of 8
//! types      0 values (one, the first), 1 signature (any number), 2 content of a file (any number)
//!
//! values     u8      0, what a reader must understand
//!            u8      0, version
//!            u16     0
//!            u32     the root value
//!            what values point to
//! value      u32     type << 28 | number; an offset is from the beginning of the block's payload
//!     0      nothing (0), true (1), false (2)
//!     1      the number itself
//!     2, 3   offset of a u32, of a u64
//!     8 9 a  offset of a u8, u16, u32 with the length, and that many bytes
//!     d, e   offset of slots, u32 each, the first being their number (itself counted): an array, an object
//! ```
//!
//! apk-tools writes most arrays with the type of objects, so the two are not told apart.

mod compress;
mod file;
mod sign;
mod value;
mod write;

pub use compress::{Compression, Limits, compression_of, pack, unpack};
pub use file::{File, Schema};
pub use sign::sign;
pub use value::{Database, Slots, Value};
pub use write::{Encoder, write};
