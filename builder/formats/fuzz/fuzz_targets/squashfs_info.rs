//! The superblock and the compressor's options.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(info) = openwrt_formats::squashfs::info(bytes) {
        assert!(info.bytes_used <= bytes.len() as u64);
        let _ = info.options();
    }
});
