//! Whom `clom` believes: the keys that may sign lists of files and feeds' indexes.
//!
//! A key is trusted because it is shipped with `clom` (OpenWrt's release builds), because the profile names it, or because the image
//! that a signed list vouches for has it in `/etc/opkg/keys` or `/etc/apk/keys`, as the router itself would believe it. Several keys can
//! be trusted at once, so that an old and a new one overlap while a community changes keys; a key may end at a date. A key that is
//! not known is an error in any case: there is no trust on first use.

mod keyring;
mod shipped;

pub use keyring::{AnyKey, Distrust, KeyFault, Keyring, Trusted};
