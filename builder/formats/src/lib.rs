//! The file formats of OpenWrt firmware.
//!
//! Every module is a pure function from bytes to bytes: no files, sockets or clocks.
//! A module knows one format and nothing of devices, profiles or paths on the host.

#[cfg(feature = "packages")]
pub mod apk;
#[cfg(feature = "container")]
pub mod container;
#[cfg(feature = "container")]
pub mod disk;
#[cfg(feature = "container")]
pub mod filesystem;
#[cfg(feature = "container")]
pub mod fit;
#[cfg(feature = "fwtool")]
pub mod fwtool;
#[cfg(any(feature = "container", feature = "packages"))]
pub mod gzip;
#[cfg(feature = "container")]
pub mod kernel;
#[cfg(feature = "container")]
pub mod layer;
#[cfg(feature = "container")]
pub mod lead;
#[cfg(feature = "packages")]
pub mod opkg;
#[cfg(feature = "container")]
pub mod pad_rootfs;
#[cfg(feature = "container")]
pub mod plain;
#[cfg(feature = "container")]
pub mod rootfs;
#[cfg(feature = "container")]
pub mod safeloader;
#[cfg(feature = "container")]
pub mod senao_tar;
#[cfg(feature = "container")]
pub mod sniff;
#[cfg(feature = "squashfs")]
pub mod squashfs;
#[cfg(feature = "container")]
pub mod sysupgrade_tar;
#[cfg(feature = "tar")]
pub mod tar;
#[cfg(feature = "container")]
pub mod tplink;
pub mod tree;
#[cfg(feature = "container")]
pub mod trx;
#[cfg(feature = "container")]
pub mod ubi;
pub mod uci;
#[cfg(feature = "container")]
pub mod uimage;
#[cfg(feature = "usign")]
pub mod usign;
#[cfg(feature = "container")]
pub mod vendor;
#[cfg(feature = "container")]
pub mod zip;
