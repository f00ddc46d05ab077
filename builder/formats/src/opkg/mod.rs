//! What opkg reads and writes: feeds' `Packages` indexes, `.ipk` packages, and the `status` file of what is installed. OpenWrt up to 24.10.
//!
//! All text is stanzas of fields, as Debian's:
//!
//! ```text
//! Package: 6rd
//! Version: 9-2
//! Depends: libc, kmod-sit (>= 4.4), foo | bar
//! Description:  Provides support for 6rd tunnels in /etc/config/network.
//!  A line that begins with white space belongs to the field above.
//!
//! Package: ...
//! ```
//!
//! Source: opkg-lede's `libopkg/{pkg_parse,pkg_depends,pkg}.c`, OpenWrt's `scripts/ipkg-make-index.sh` and `package/Makefile`.

mod alternative;
mod error;
mod index;
mod ipk;
mod package;
mod relation;
mod stanza;
mod status;
mod version;
mod write;

pub use alternative::Alternative;
pub use error::Error;
pub use index::Index;
pub use ipk::{Ipk, IpkError, Limits};
pub use package::Package;
pub use relation::{Dependency, Operator, Relation};
pub use stanza::{Field, Stanza, Stanzas};
pub use status::{Conffile, Entry, Status};
pub use version::Version;
pub use write::{WriteError, write_ipk};

#[cfg(test)]
mod tests;
