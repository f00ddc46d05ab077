//! Opening a sysupgrade tarball.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::sysupgrade_tar;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(opened) = sysupgrade_tar::open(bytes) {
        assert!(opened.kernel.end <= bytes.len() && opened.rootfs.end <= bytes.len());
        let _ = opened.layout.close(&bytes[opened.kernel.clone()], &bytes[opened.rootfs.clone()]);
    }
});
