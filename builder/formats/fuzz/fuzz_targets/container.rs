//! Whatever the bytes are, they can be looked at; an image that is proven is closed to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::container::{self, Slot};

fuzz_target!(|bytes: &[u8]| {
    for slot in Slot::survey(bytes.to_vec().into()).walk() {
        if let Some(at) = slot.at {
            assert!(at as usize + slot.bytes.len() <= bytes.len());
        }
    }
    if let Ok(opened) = container::prove(bytes.to_vec()) {
        let closed = opened.container.close(&opened.parts()).expect("it was closed before");
        assert!(closed == bytes);
    }
});
