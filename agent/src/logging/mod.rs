//! Logging to syslog, and to standard error when someone is watching.

mod syslog;
mod write;

pub use syslog::{LONGEST, message};
pub use write::{set_level, start};
