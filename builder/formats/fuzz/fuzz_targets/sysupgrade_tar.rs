//! Opening a sysupgrade tarball.
#![no_main]

openwrt_formats_fuzz::format!(openwrt_formats::sysupgrade_tar::Layout);
