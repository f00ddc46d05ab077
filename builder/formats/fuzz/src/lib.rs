//! What the targets share.

pub use libfuzzer_sys;
pub use openwrt_formats;

/// A target for one format of images: its parts lie inside the image, and putting them together gives as many bytes or an error.
#[macro_export]
macro_rules! format {
    ($layout:ty) => {
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            use $crate::openwrt_formats::layer::{Data, Format};
            let Some(Ok(opened)) = <$layout as Format>::open(bytes) else {
                return;
            };
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
        });
    };
}
