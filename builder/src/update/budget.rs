//! What a build will weigh, as far as it can be told before it is built.

use std::fmt;

/// What a build will weigh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// The kernel and the root file system of the source's image, bytes; `None` when the source is no image.
    pub image: Option<u64>,
    /// The compressed files of the packages that come, bytes.
    pub come: u64,
    /// The packages that come.
    pub new: Vec<String>,
    /// The packages that go.
    pub gone: Vec<String>,
    /// The largest image that fits, bytes, if it is known.
    pub limit: Option<u64>,
}

/// `valley on acme_r1: 3 packages come (about 212 KiB), 1 goes (ppp); 7000 KiB before, about 7212 KiB then, limit 7936 KiB`
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |bytes: u64| bytes.div_ceil(1024);
        write!(f, "{} on {}: ", self.site, self.device)?;
        match (self.new.len(), self.gone.len()) {
            (0, 0) => f.write_str("the packages stay as they are")?,
            (1, _) => write!(f, "1 package comes (about {} KiB)", kib(self.come))?,
            (0, _) => f.write_str("no package comes")?,
            (new, _) => write!(f, "{new} packages come (about {} KiB)", kib(self.come))?,
        }
        match self.gone.as_slice() {
            [] => {}
            [one] => write!(f, ", 1 goes ({one})")?,
            all => write!(f, ", {} go ({})", all.len(), all.join(", "))?,
        }
        if let Some(image) = self.image {
            write!(
                f,
                "; {} KiB before, about {} KiB then",
                kib(image),
                kib(image + self.come)
            )?;
        }
        match self.limit {
            Some(limit) => write!(f, ", limit {} KiB", kib(limit)),
            None => Ok(()),
        }
    }
}

impl Budget {
    /// Whether the image will hardly fit: packages' files and the root file system are compressed alike, so their sizes add up roughly.
    pub fn is_tight(&self) -> bool {
        match (self.image, self.limit) {
            (Some(image), Some(limit)) => image + self.come > limit,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_fits() {
        let mut budget = Budget {
            site: "valley".into(),
            device: "acme_r1".into(),
            image: Some(7000 << 10),
            come: 212 << 10,
            new: vec!["a".into(), "b".into(), "c".into()],
            gone: vec!["ppp".into()],
            limit: Some(7936 << 10),
        };
        assert_eq!(
            budget.to_string(),
            "valley on acme_r1: 3 packages come (about 212 KiB), 1 goes (ppp); 7000 KiB before, about 7212 KiB then, limit 7936 KiB"
        );
        assert!(!budget.is_tight());
        budget.come = 1 << 20;
        assert!(budget.is_tight());
    }
}
