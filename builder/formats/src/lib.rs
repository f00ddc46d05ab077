//! The file formats of OpenWrt firmware.
//!
//! Every module is a pure function from bytes to bytes: no files, sockets or clocks.
//! A module knows one format and nothing of devices, profiles or paths on the host.

pub mod tree;
pub mod uci;
