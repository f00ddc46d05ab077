//! Foreign bytes that somebody damaged, given to everything that reads some: whatever comes, nothing may panic, and what leads
//! to a file must not lead out of its folder.
//!
//! Formats that `openwrt-formats` reads have fuzz targets (`builder/formats/fuzz`); what is read here hangs on too many crates
//! to be compiled for that. More cases: `PROPTEST_CASES=100000 cargo nextest run --package clom --lib -E 'test(hostile)'`.

mod damage;

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use openwrt_formats::tree::{Meta, Tree};
use proptest::prelude::*;

use crate::fetch::Location;
use crate::lock::Lock;
use crate::obtain::path_in_mirror;
use crate::openwrt::profiles_json::Published;
use crate::openwrt::sums::Sums;
use crate::openwrt::{FeedLine, Place, Release};
use crate::packages::catalogue::{self, Catalogue, Index};
use crate::packages::install::does_something;
use crate::packages::software::Software;
use crate::packages::universe::{Manager, PackageId};
use crate::source::imagebuilder::ImageBuilder;
use crate::trust::{AnyKey, Keyring};
pub(crate) use damage::damaged;

const SUMS: &str = "1111111111111111111111111111111111111111111111111111111111111111 *packages/Packages.gz\n\
                    2222222222222222222222222222222222222222222222222222222222222222 *profiles.json\n";
const PROFILES: &str = r#"{"arch_packages":"mips_24kc","default_packages":["base-files","-ppp"],"metadata_version":1,"profiles":{
    "acme_r1":{"device_packages":["kmod-usb2"],"file_size_limits":{"image":7929856,"kernel":null},"images":[
    {"filesystem":"squashfs","name":"x-squashfs-sysupgrade.bin","sha256":"00","size":5,"type":"sysupgrade"}],
    "supported_devices":["acme,r1"],"titles":[{"model":"R1","vendor":"Acme"}]}},
    "source_date_epoch":1721081658,"target":"ath79/generic","version_code":"r1-1","version_number":"25.12.5"}"#;
const OPKG_FEEDS: &str = "# feeds\nsrc/gz base https://downloads.openwrt.org/releases/24.10.0/packages/mipsel_24kc/base\n\
                          src own file:///srv/feed\ndest root /\noption check_signature\narch all 1\n";
const APK_FEEDS: &str = "https://downloads.openwrt.org/releases/25.12.5/packages/mipsel_24kc/base/packages.adb\n\
                         @own /srv/feed/packages.adb\n# x\n";
const OPKG_INDEX: &str = "Package: babeld\nVersion: 1.13.1-r1\nDepends: libc, libubox (>= 2024), kernel (= 6.6.73~abc-r1)\nProvides: meshd\n\
     Conflicts: olsrd\nAlternatives: 100:/usr/bin/x:/usr/bin/babeld\nABIVersion: 2\nArchitecture: mipsel_24kc\nInstalled-Size: 100\n\
     Filename: babeld_1.13.1-r1_mipsel_24kc.ipk\nSize: 7\n\
     SHA256sum: 1111111111111111111111111111111111111111111111111111111111111111\nDescription:  Routes\n more\n\n";
const OPKG_STATUS: &str = "Package: babeld\nVersion: 1.9.1-2\nDepends: libc, librt\nStatus: install user installed\nArchitecture: mips_24kc\n\
     Conffiles:\n /etc/config/babeld 00112233445566778899aabbccddeeff\nInstalled-Time: 1721081658\n\n\
     Package: librt\nVersion: 1\nStatus: install ok installed\nArchitecture: all\nAuto-Installed: yes\n\n";
const APK_INSTALLED: &str = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:busybox\nV:1.37.0-r5\nA:aarch64_cortex-a53\nS:10\nI:20\nT:d\nU:\nL:GPL\n\
     t:1721081658\nk:100\nD:libc so:x=1 !old\np:busybox-any cmd:ls=1\nr:old<2\nq:1\ni:a b\ng:openwrt:cpe=x\n\
     F:bin\nM:0:0:1777\nR:busybox\na:0:0:755\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nP:libc\nV:1\n\n";
const USIGN_KEY: &str =
    "untrusted comment: x\nRWQBAQEBAQEBAQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n";
const LOCK: &str = "version = 1\n\n[[build]]\nsite = \"valley\"\ndevice = \"acme_r1\"\n\n[[feed]]\nplace = \"openwrt:releases/24.10.0/x/Packages.gz\"\n\
     sha256 = \"1111111111111111111111111111111111111111111111111111111111111111\"\nsize = 7\n";
const SCRIPT: &str = "#!/bin/sh\n[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0\n[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0\n\
     . ${IPKG_INSTROOT}/lib/functions.sh\nif [ -z \"$IPKG_INSTROOT\" ]; then\n  case \"$(uci get x)\" in a|b) rm -f /x ;; esac\nfi\ncat <<EOT\n$x\nEOT\nexit 0\n";
const URL: &str = "https://user:word@feed.example:8443/a/%2e%2e/b.ipk?x=1#y";

fn tree(files: &[(&str, &[u8])]) -> Tree {
    let mut tree = Tree::default();
    for (path, bytes) in files {
        tree.put_file(path, bytes.to_vec(), Meta::file(0o644))
            .unwrap();
    }
    tree
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Whether a path stays in the folder it is to be below.
fn stays(path: &str) -> bool {
    !path.starts_with('/')
        && path
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'))
}

/// All that is done with an index: its packages have places in their feed's folder, or none.
fn look(manager: Manager, index: Index) {
    const FOLDER: &str = "openwrt:releases/x/base";
    let mut catalogue = Catalogue::new(manager);
    catalogue.add("base", FOLDER.parse().unwrap(), index);
    for package in 0..=1 {
        let id = PackageId { feed: 0, package };
        if let Ok(place) = catalogue.place(id) {
            let place = place.to_string();
            let inside = place
                .strip_prefix(FOLDER)
                .and_then(|rest| rest.strip_prefix('/'));
            assert!(inside.is_some_and(stays), "{place}");
        }
        let _ = catalogue.sha256(id);
    }
}

proptest! {
    #[test]
    fn lists_of_hashes(bytes in damaged(SUMS)) {
        if let Ok(sums) = Sums::parse(&bytes) {
            prop_assert!(sums.names().all(|name| sums.get(name).is_some()));
        }
    }

    #[test]
    fn lists_of_devices(bytes in damaged(PROFILES)) {
        if let Ok(published) = Published::parse(&bytes) {
            for profile in published.profiles.values() {
                for kind in profile.kinds() {
                    prop_assert!(profile.image(kind).is_none_or(|image| image.kind == kind));
                }
            }
        }
    }

    #[test]
    fn lists_of_feeds(opkg in damaged(OPKG_FEEDS), apk in damaged(APK_FEEDS)) {
        let tree = tree(&[("etc/opkg/distfeeds.conf", &opkg), ("etc/apk/repositories.d/distfeeds.list", &apk)]);
        for manager in [Manager::Opkg, Manager::Apk] {
            for feed in FeedLine::of_tree(&tree, manager).into_iter().flatten() {
                let index = feed.place.join("index");
                prop_assert!(stays(path_in_mirror(&index).trim_end_matches('/')), "{index}");
            }
        }
    }

    #[test]
    fn addresses(bytes in damaged(URL)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(place) = text.parse::<Place>() {
            prop_assert!(stays(path_in_mirror(&place).trim_end_matches('/')), "{place}");
            let _ = (place.parent(), place.name());
        }
        if let Ok(location) = text.parse::<Location>() {
            let shown = reqwest::Url::parse(&location.to_string()).ok();
            let told = shown.is_some_and(|url| url.password().is_some());
            prop_assert!(location.url().is_none() || !told, "{location}");
        }
        let folder: Location = "https://feed.example/a".parse().unwrap();
        if let Ok(below) = folder.below(&text) {
            prop_assert!(below.to_string().starts_with("https://feed.example/a/"), "{below}");
        }
        if let Ok(release) = text.parse::<Release>() {
            prop_assert!(stays(&release.folder()), "{release}");
        }
    }

    #[test]
    fn indexes_of_opkg(text in damaged(OPKG_INDEX)) {
        if let Ok(index) = Index::read_pinned(Manager::Opkg, &gzip(&text)) {
            look(Manager::Opkg, index);
        }
    }

    #[test]
    fn indexes_that_are_packed(bytes in damaged(gzip(OPKG_INDEX.as_bytes()))) {
        let _ = catalogue::unpack(&bytes);
    }

    #[test]
    fn indexes_of_apk(name in damaged("babeld"), rule in damaged("${name}-${version}.apk")) {
        use openwrt_formats::apk::{self, PackageInfo};
        let name = String::from_utf8_lossy(&name).into_owned();
        let index = apk::Index {
            packages: vec![PackageInfo::new(name, "1.0-r1".parse().unwrap())],
            pkgname_spec: Some(String::from_utf8_lossy(&rule).into_owned()),
            ..apk::Index::default()
        };
        look(Manager::Apk, Index::Apk(index));
    }

    #[test]
    fn lists_of_installed_packages(opkg in damaged(OPKG_STATUS), apk in damaged(APK_INSTALLED), more in damaged("DISTRIB_ARCH='mips_24kc'\narch all 1\narch mips 10\nbusybox=1~2\n")) {
        for (path, list) in [("usr/lib/opkg/status", &opkg), ("lib/apk/db/installed", &apk)] {
            let tree = tree(&[(path, list), ("etc/openwrt_release", &more), ("etc/opkg.conf", &more), ("etc/apk/world", &more), ("etc/apk/arch", &more)]);
            if let Ok(software) = Software::of(&tree) {
                prop_assert!(software.is_some_and(|software| !software.architectures.is_empty()));
            }
            let _ = crate::image::software::of_tree(&tree).title();
        }
    }

    #[test]
    fn imagebuilders(config in damaged("CONFIG_TARGET_BOARD=\"ath79\"\nCONFIG_TARGET_SUBTARGET=\"generic\"\nCONFIG_TARGET_SQUASHFS_BLOCK_SIZE=1024\nCONFIG_TARGET_ROOTFS_PARTSIZE=104\nCONFIG_USE_APK=y\n"),
        info in damaged("Target: ath79/generic\nTarget-Arch: mips\nLinux-Version: 6.6.73\nDefault-Packages: base-files\n\nTarget-Profile: DEVICE_acme_r1\nTarget-Profile-Packages: -ppp\nTarget-Profile-Description:\nx\n@@\n"),
        versions in damaged("REVISION:=r1-1\nSOURCE_DATE_EPOCH:=1721081658\nLINUX_VERMAGIC:=0123456789abcdef0123456789abcdef\n"),
        device in damaged("acme_r1"),
    ) {
        let tree = tree(&[
            (".config", &config), (".targetinfo", &info), ("include/version.mk", &versions), ("include/kernel.mk", &versions),
            ("repositories", &info), ("build_dir/target-x/linux-ath79_generic/acme_r1-kernel.bin", b"x"),
        ]);
        if let Ok(builder) = ImageBuilder::read(&tree) {
            let _ = builder.kernel(&tree, &String::from_utf8_lossy(&device));
        }
    }

    #[test]
    fn keys_and_signatures(key in damaged(USIGN_KEY), signature in damaged("untrusted comment: y\nRWQBAQEBAQEBAQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")) {
        if let Ok(key) = AnyKey::parse(&key) {
            prop_assert!(!key.fingerprint().is_empty());
        }
        let ring = Keyring::shipped("2026-11-24".parse().unwrap());
        prop_assert!(ring.verify(b"message", &signature).is_err());
        prop_assert!(ring.read_apk(&signature).is_err());
    }

    #[test]
    fn locks(text in damaged(LOCK)) {
        let path = Path::new("clom.lock");
        if let Ok(lock) = Lock::parse(&String::from_utf8_lossy(&text), path) {
            prop_assert_eq!(Lock::parse(&lock.to_text(), path).unwrap(), lock);
        }
    }

    #[test]
    fn scripts(text in damaged(SCRIPT)) {
        let _ = does_something(&text);
    }
}
