//! Which OpenWrt a root file system is, and whether the profile suits it.

use openwrt_formats::tree::Tree;

use crate::profile::resolve::{NetworkStyle, Profile};

/// The first release that understands `config device` in `/etc/config/network`.
const DEVICE_STYLE_SINCE: u32 = 21;

/// The release named in `/etc/openwrt_release`: `23.05.4`, `SNAPSHOT`.
pub fn release(tree: &Tree) -> Option<String> {
    let text = tree.read("etc/openwrt_release")?;
    let text = String::from_utf8_lossy(&text);
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("DISTRIB_RELEASE="))?;
    Some(value.trim_matches(['\'', '"']).to_owned())
}

/// What does not suit, as a sentence for the user: the network configuration is of a shape that this release does not read.
pub fn unsuited(tree: &Tree, profile: &Profile) -> Option<String> {
    let release = release(tree)?;
    let year: u32 = release.split('.').next()?.parse().ok()?;
    let (style, word) = match year < DEVICE_STYLE_SINCE {
        true => (NetworkStyle::Ifname, "ifname"),
        false => (NetworkStyle::Device, "device"),
    };
    (profile.device.network_style != style && !profile.networks.is_empty()).then(|| {
        format!(
            "the source is OpenWrt {release}, which reads the other style of /etc/config/network: \
             set network_style = \"{word}\" in [device] of `{}`",
            profile.device.id
        )
    })
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    #[test]
    fn reads_the_release() {
        let mut tree = Tree::default();
        assert_eq!(release(&tree), None);
        let text = "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='19.07.10'\n";
        tree.put_file("etc/openwrt_release", text, Meta::file(0o644))
            .unwrap();
        assert_eq!(release(&tree).unwrap(), "19.07.10");
    }
}
