use proptest::prelude::*;

use crate::apk::adb::{self, Compression, Database, File, Limits};
use crate::apk::{Error, Index, PackageInfo};

fn sample() -> Index {
    let mut busybox = PackageInfo::new("busybox", "1.37.0-r6".parse().unwrap());
    busybox.hashes = (0..32).collect();
    busybox.description = "The Swiss Army Knife\n".into();
    busybox.arch = "aarch64_cortex-a53".into();
    busybox.license = "GPL-2.0".into();
    busybox.origin = "feeds/base/utils/busybox".into();
    busybox.maintainer = "Felix Fietkau <nbd@nbd.name>".into();
    busybox.url = "http://busybox.net/".into();
    busybox.repo_commit = vec![0xab; 20];
    busybox.build_time = 1_760_000_000;
    busybox.installed_size = 428_601;
    busybox.file_size = 239_591;
    busybox.provider_priority = 100;
    busybox.depends = vec!["libc".parse().unwrap()];
    busybox.provides = vec!["sh-any".parse().unwrap(), "vi=1.37.0-r6".parse().unwrap()];
    busybox.replaces = vec!["coreutils<9".parse().unwrap()];
    busybox.install_if = vec!["a".parse().unwrap(), "b~2".parse().unwrap()];
    busybox.recommends = vec!["c>=3-r1".parse().unwrap()];
    busybox.layer = 1;
    busybox.tags = vec![
        "openwrt:cpe=cpe:/a:busybox:busybox".into(),
        "openwrt:abiversion=7".into(),
    ];
    let zlib = PackageInfo::new("zlib", "1.3.1-r1".parse().unwrap());
    Index {
        description: "feed".into(),
        packages: vec![busybox, zlib],
        pkgname_spec: Some("${arch}/${name:3}/${name}_${version}.${hash:8}.apk".into()),
    }
}

#[test]
fn every_field_is_the_same_again() {
    let index = sample();
    for compression in [
        Compression::None,
        Compression::Deflate,
        Compression::Zstd(9),
    ] {
        let file = index.write(&[], compression).unwrap();
        assert_eq!(Index::read_unverified(&file).unwrap(), index);
    }
    assert_eq!(index.packages[0].abi_version(), Some("7"));
    assert_eq!(index.packages[0].tag("openwrt:abi"), None);
}

#[test]
fn files_are_named_by_the_index() {
    let mut index = sample();
    let name = |index: &Index| index.file_name(&index.packages[0]);
    let expected = "aarch64_cortex-a53/bus/busybox_1.37.0-r6.00010203.apk";
    assert_eq!(name(&index).unwrap(), expected);
    index.pkgname_spec = None;
    assert_eq!(name(&index).unwrap(), "busybox-1.37.0-r6.apk");
    for bad in [
        "../${name}",
        "/${name}",
        "${name",
        "${arch2}",
        "${name:x}",
        "http://x/${name}",
        "a//b",
        "${name}?x",
    ] {
        index.pkgname_spec = Some(bad.into());
        assert!(name(&index).is_err(), "{bad}");
    }
    // Another field may not lead elsewhere either.
    index.pkgname_spec = Some("${arch}/${name}".into());
    index.packages[0].arch = "..".into();
    assert!(name(&index).is_err());
}

#[test]
fn packages_without_name_or_version_are_refused() {
    let mut index = sample();
    for name in ["", "../x", "-x", "x y", "x\n"] {
        index.packages[0].name = name.into();
        let file = index.write(&[], Compression::None).unwrap();
        let refused = Index::read_unverified(&file).unwrap_err();
        assert!(
            matches!(refused, Error::Field { field: "name", .. }),
            "{refused}"
        );
    }
}

/// A real index, of an OpenWrt 25.12 for aarch64_cortex-a53, with what apk-tools' `adbdump` says of it.
#[test]
fn a_real_index_reads() {
    let file = include_bytes!("packages-25.12.adb");
    let index = Index::read_unverified(file).unwrap();
    let named: Vec<_> = index
        .packages
        .iter()
        .map(|package| (&*package.name, package.version.as_str()))
        .collect();
    assert_eq!(named.len(), 6);
    assert_eq!(named[0], ("adguardhome", "0.107.76-r1"));
    let package = &index.packages[0];
    assert_eq!(package.hashes[..4], [0xff, 0xb3, 0x3c, 0x79]);
    assert_eq!(package.arch, "aarch64_cortex-a53");
    assert_eq!(package.license, "GPL-3.0-only");
    assert_eq!(
        package.origin,
        "feeds/packages/feeds/packages/net/adguardhome"
    );
    assert_eq!(
        (package.installed_size, package.file_size),
        (32_420_939, 10_826_270)
    );
    let depends: Vec<String> = package.depends.iter().map(ToString::to_string).collect();
    assert_eq!(depends.join(" "), "ca-bundle libc");
}

/// `apk mkndx` copies each package's own number of 20 bytes into the values before it replaces it by the hash; nothing points
/// to it then. Apart from these, what is read and written is as long as it was.
#[test]
fn a_real_index_is_written_as_long() {
    let file = include_bytes!("packages-25.12.adb");
    let plain = adb::unpack(file, Limits::INDEX).unwrap();
    let values = File::read(&plain).unwrap().values;
    let index = Index::read_values(&Database::new(values).unwrap()).unwrap();
    let again = index.write_values().unwrap();
    assert_eq!(
        Index::read_values(&Database::new(&again).unwrap()).unwrap(),
        index
    );
    let unused = 24 * index.packages.len();
    assert_eq!(again.len() + unused, values.len());
}

#[test]
fn damage_never_breaks_it() {
    let plain = sample().write(&[], Compression::None).unwrap();
    for len in 0..plain.len() {
        assert!(Index::read_unverified(&plain[..len]).is_err());
    }
    for at in 0..plain.len() {
        for value in [0, 1, 0x80, 0xff, plain[at] ^ 0x10] {
            let mut damaged = plain.clone();
            damaged[at] = value;
            let _ = Index::read_unverified(&damaged);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_changed_never_break_it(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut plain = sample().write(&[], Compression::None).unwrap();
        for (at, value) in changes {
            let at = at.index(plain.len());
            plain[at] = value;
        }
        let _ = Index::read_unverified(&plain);
    }
}
