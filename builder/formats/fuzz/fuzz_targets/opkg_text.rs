//! Indexes, control files and status files: what reads is written as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::opkg::{Index, Package, Stanzas, Status, Version};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(stanzas) = Stanzas::parse(bytes) {
        assert_eq!(stanzas.to_bytes(), bytes);
    }
    if let Ok(index) = Index::parse(bytes) {
        let mut versions: Vec<Version> = index.packages.into_iter().map(|package| package.version).collect();
        versions.sort();
    }
    let _ = Package::from_control(bytes);
    if let Ok(status) = Status::parse(bytes) {
        let _ = status.installed();
    }
});
