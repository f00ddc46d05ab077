//! An image that is proven is closed to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::container;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(opened) = container::prove(bytes.to_vec()) {
        let closed = opened.container.close(&opened.parts()).expect("it was closed before");
        assert!(closed == bytes);
    }
});
