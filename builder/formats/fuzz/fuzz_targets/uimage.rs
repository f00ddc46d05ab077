//! U-Boot's legacy header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::uimage;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((header, data)) = uimage::parse(bytes) {
        assert_eq!(header.to_bytes()[..], bytes[..header.to_bytes().len()]);
        assert!(data.len() <= bytes.len());
    }
});
