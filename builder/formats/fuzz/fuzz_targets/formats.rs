//! Every format of images, whichever of them takes the bytes for its own: parts lie inside the image, and can be put together again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::container::Layout;
use openwrt_formats::layer::Data;

fuzz_target!(|bytes: &[u8]| {
    for opened in Layout::open_every(bytes).flatten() {
        let parts: Vec<&[u8]> = opened
            .parts
            .iter()
            .map(|part| match &part.data {
                Data::At(range) => &bytes[range.clone()],
                Data::Unpacked(unpacked) => &unpacked[..],
            })
            .collect();
        let _ = opened.layout.kind();
        let _ = opened.layout.close(&parts);
    }
});
