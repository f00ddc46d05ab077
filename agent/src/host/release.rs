//! OpenWrt's own description of itself.

use serde::Serialize;

/// From `/etc/openwrt_release`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// `DISTRIB_DESCRIPTION`: name, version and revision.
    pub description: String,
    /// `DISTRIB_TARGET`: target and subtarget, such as `ath79/generic`.
    pub target: Option<String>,
}

impl Release {
    /// Reads the file's text: shell assignments, one a line. `None` without a description.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            text.lines()
                .filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))
                .map(|value| value.trim_matches(['\'', '"']).to_owned())
                .next_back()
                .filter(|value| !value.is_empty())
        };
        Some(Self {
            description: value("DISTRIB_DESCRIPTION")?,
            target: value("DISTRIB_TARGET"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openwrts_file() {
        let text = "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.4'\nDISTRIB_TARGET='ath79/tiny'\n\
            DISTRIB_DESCRIPTION=\"OpenWrt 24.10.4 r28959\"\nDISTRIB_TAINTS=''\n";
        assert_eq!(
            Release::parse(text),
            Some(Release {
                description: "OpenWrt 24.10.4 r28959".into(),
                target: Some("ath79/tiny".into()),
            })
        );
        assert_eq!(Release::parse("DISTRIB_DESCRIPTION=''\n"), None);
        assert_eq!(Release::parse(""), None);
    }
}
