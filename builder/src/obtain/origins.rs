//! Where files come from: OpenWrt's mirrors and feeds' own servers, or one offline mirror that has everything.

use crate::openwrt::{Place, place};
use crate::profile::resolve::OpenWrt;

/// Begins the path of what is not OpenWrt's in an offline mirror.
const ELSEWHERE: &str = "elsewhere";

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// OpenWrt's files from these mirrors in turn, others from where they are.
    Servers(Vec<String>),
    /// All from an offline mirror that `clom mirror` made: a folder, or the address where it is served.
    Mirror(String),
}

impl Origins {
    /// The offline mirror if there is one, else the servers of the release, else OpenWrt's own.
    pub fn of(mirror: Option<&str>, openwrt: Option<&OpenWrt>) -> Self {
        match (mirror, openwrt) {
            (Some(mirror), _) => Self::Mirror(mirror.to_owned()),
            (None, Some(openwrt)) => Self::Servers(openwrt.mirrors.clone()),
            (None, None) => Self::Servers(vec![place::DOWNLOADS.to_owned()]),
        }
    }

    /// The addresses of a file, to be tried in this order.
    pub fn addresses(&self, place: &Place) -> Vec<String> {
        match self {
            Self::Servers(mirrors) => place.addresses(mirrors),
            Self::Mirror(base) => {
                let base = base.trim_end_matches('/');
                let mut all = vec![format!("{base}/{}", path_in_mirror(place))];
                // A folder that came with the profiles may have another path here than where the mirror was made.
                if let Place::File(path) = place {
                    all.push(path.display().to_string());
                }
                all
            }
        }
    }
}

/// Where a file lies in an offline mirror: OpenWrt's as on its own server, so that the mirror serves routers too; others below `elsewhere/`, by host
/// and path.
pub fn path_in_mirror(place: &Place) -> String {
    let tame = |text: &str| -> String {
        let parts = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != "." && *part != "..");
        let letters = |part: &str| -> String {
            let good = |letter: char| letter.is_ascii_alphanumeric() || "._+-~=@,".contains(letter);
            part.chars()
                .map(|letter| if good(letter) { letter } else { '_' })
                .collect()
        };
        parts.map(letters).collect::<Vec<_>>().join("/")
    };
    match place {
        Place::OpenWrt(path) => path.clone(),
        Place::Url(url) => {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            format!("{ELSEWHERE}/{}", tame(rest))
        }
        Place::File(path) => format!("{ELSEWHERE}/local/{}", tame(&path.to_string_lossy())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_path_in_a_mirror() {
        let path = |text: &str| path_in_mirror(&text.parse().unwrap());
        assert_eq!(
            path("openwrt:releases/24.10.1/x.bin"),
            "releases/24.10.1/x.bin"
        );
        assert_eq!(
            path("https://feed.example:8443/a/b c.ipk"),
            "elsewhere/feed.example_8443/a/b_c.ipk"
        );
        assert_eq!(path("/srv/feed/../a.apk"), "elsewhere/local/srv/feed/a.apk");
        let mirror = Origins::Mirror("/media/stick/".into());
        assert_eq!(
            mirror.addresses(&"openwrt:a/b".parse().unwrap()),
            ["/media/stick/a/b"]
        );
        let servers =
            Origins::Servers(vec!["https://a.example".into(), "https://b.example".into()]);
        assert_eq!(servers.addresses(&"openwrt:x".parse().unwrap()).len(), 2);
        assert_eq!(
            servers.addresses(&"https://c.example/y".parse().unwrap()),
            ["https://c.example/y"]
        );
    }
}
