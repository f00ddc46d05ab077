//! UCI, OpenWrt's Unified Configuration Interface: the text of the files in `/etc/config`.
//!
//! ```text
//! config interface 'lan'
//!         option proto 'static'
//!         list dns '10.1.0.1'
//! ```
//!
//! [`parse`] accepts what libuci accepts (quotes, escapes, continued lines, several statements on a
//! line, short keywords) and a little more; [`Config`]'s `Display` writes what `uci commit` writes,
//! byte for byte. Comments are dropped, as libuci does.
//!
//! A [`Config`] holds only valid names and never an empty option: to libuci, an option set to the
//! empty string is an option that does not exist.

mod config;
mod edit;
mod error;
mod lex;
mod merge;
mod name;
mod parse;
mod path;
mod places;
mod section;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use config::Config;
pub use error::{EditError, Expected, ParseError, PathError};
pub use name::{NameKind, generated_id, is_valid_name, is_valid_package, is_valid_type};
pub use parse::{parse, parse_bytes, parse_packages, parse_with_places};
pub use path::{Path, SectionRef};
pub use places::Places;
pub use section::Section;
pub use value::Value;
pub use write::{export, quote};
