//! Opening an image with a TP-Link header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::tplink;

fuzz_target!(|bytes: &[u8]| {
    if let Some(Ok(opened)) = tplink::open(bytes) {
        let _ = opened.layout.close(&bytes[opened.kernel.clone()], &bytes[opened.rootfs.clone()]);
    }
});
