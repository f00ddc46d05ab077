//! A trailer that splits off can be put back, and gives the same file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::fwtool;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(split) = fwtool::split(bytes) {
        let mut file = split.image.to_vec();
        for chunk in &split.chunks {
            if fwtool::append(&mut file, chunk).is_err() {
                return;
            }
        }
        assert_eq!(file.len(), bytes.len());
    }
});
