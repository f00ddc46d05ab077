//! Packages, within limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::opkg::{Ipk, Limits};

fuzz_target!(|bytes: &[u8]| {
    let _ = Ipk::open(bytes, Limits { bytes: 8 << 20, entries: 1000 });
});
