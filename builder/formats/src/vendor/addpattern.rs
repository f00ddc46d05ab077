//! Linksys' header with a pattern for the model, before a TRX.
//!
//! ```text
//! 0  pattern (8), padded with NULs: W54G, 310N, ...
//! 8  year − 1900 (last two digits), month, day
//! 11 version (3)
//! 14 U2ND
//! 18 hardware version, serial number, flags (2)
//! 22 marks of a second image: stable (2), try 1 (2), try 2 (2), try 3 (2), reserved (2)
//! 32 image
//! ```
//!
//! Nothing in it depends on the image. Source: firmware-utils' `addpattern.c`; OpenWrt's `linksys-bin` (bcm47xx, ipq806x).

use crate::layer::{Error, Format, Opened, Part, Role, text};

/// The header, which stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: [u8; HEADER_LEN],
}

const HEADER_LEN: usize = 32;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "linksys-bin"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let header = *image.first_chunk::<HEADER_LEN>()?;
        let [_, month, day] = [header[8], header[9], header[10]];
        let ours = header[14..18] == *b"U2ND"
            && header[0].is_ascii_alphanumeric()
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && image.len() > HEADER_LEN;
        if !ours {
            return None;
        }
        let part = Part::at("image", HEADER_LEN..image.len(), Role::Image);
        let opened = Opened::new(Self { header }, vec![part])
            .fact("pattern", text(&header, 0, 8))
            .fact(
                "version",
                format!("{}.{}.{}", header[11], header[12], header[13]),
            );
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        Ok([&self.header[..], &parts.concat()].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::assert_exact;
    use crate::trx::tests::with_loader;

    /// WRT54G on 14 November 2023, worked out by hand; `-4` sets the flags to 1F.
    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let header = b"W54G\0\0\0\0\x17\x0b\x0e\x04\x47\x01U2ND\0\0\x1f\0\0\0\0\0\0\0\0\0\0\0";
            assert_eq!(header.len(), 32);
            [&header[..], &with_loader(kernel, rootfs)].concat()
        });
        let layers = opened.container.layers();
        assert_eq!(layers[0].facts[1].value, "4.71.1");
        assert_eq!(opened.container.to_string(), "linksys-bin › trx");
    }
}
