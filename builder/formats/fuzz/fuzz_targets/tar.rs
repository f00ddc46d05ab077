//! Archives as root file systems.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = openwrt_formats::tar::read(bytes);
});
