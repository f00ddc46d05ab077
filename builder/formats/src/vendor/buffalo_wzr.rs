//! Buffalo's text before a TRX of the WZR-900DHP.
//!
//! ```text
//! <product>_<version>_<minor version>_<region>_<platform>, newline
//! filelen=<length of the image>, newline
//! image
//! ```
//!
//! Source: OpenWrt's `buffalo-wzr-header` (bcm53xx).

use crate::layer::{Error, Format, Opened, Part, Role};

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    line: String,
}

const LENGTH: &str = "filelen=";
/// The longest first line looked for.
const MAX_LINE: usize = 80;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "buffalo-wzr-header"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let mut lines = image.splitn(3, |b| *b == b'\n');
        let line = lines.next().filter(|line| line.len() <= MAX_LINE)?;
        let length = lines.next().filter(|line| line.len() <= MAX_LINE)?;
        let body = lines.next()?;
        let (line, length) = (str::from_utf8(line).ok()?, str::from_utf8(length).ok()?);
        let stated: usize = length.strip_prefix(LENGTH)?.parse().ok()?;
        if stated != body.len() || line.matches('_').count() != 4 {
            return None;
        }
        let start = image.len() - body.len();
        let part = Part::at("image", start..image.len(), Role::Image);
        let line = line.to_owned();
        let opened = Opened::new(Self { line: line.clone() }, vec![part]);
        Some(Ok(opened.fact("product", line)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let text = format!("{}\n{LENGTH}{}\n", self.line, body.len());
        Ok([text.as_bytes(), &body].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::assert_exact;
    use crate::trx::tests::with_loader;

    #[test]
    fn is_exact() {
        assert_exact(|kernel, rootfs| {
            let trx = with_loader(kernel, rootfs);
            let mut image = b"WZR-900DHP_9.99_9.99_EU_bcm\nfilelen=".to_vec();
            image.extend(trx.len().to_string().bytes());
            image.push(b'\n');
            image.extend(trx);
            image
        });
    }
}
