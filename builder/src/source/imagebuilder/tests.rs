//! An ImageBuilder in small, as a folder and as an archive.
#![allow(clippy::unwrap_used)]

use openwrt_formats::tree::{Meta, Tree};

use super::*;

const FILES: [(&str, &str); 12] = [
    (
        ".config",
        "# CONFIG_X is not set\nCONFIG_TARGET_BOARD=\"ramips\"\nCONFIG_TARGET_SUBTARGET=\"mt7621\"\nCONFIG_USE_APK=y\nCONFIG_TARGET_SQUASHFS_BLOCK_SIZE=1024\nCONFIG_TARGET_ROOTFS_PARTSIZE=104\nCONFIG_VERSION_NUMBER=\"25.12.0\"\n",
    ),
    (
        ".targetinfo",
        "Target: ath79/generic\nTarget-Arch-Packages: mips_24kc\nTarget-Profile: DEVICE_other\n@@\n\n\nTarget: ramips/mt7621\nTarget-Arch: mipsel\nTarget-Arch-Packages: mipsel_24kc\nTarget-Features: squashfs usb\nLinux-Version: 6.12.94\nTarget-Description:\nTarget: not/this\n@@\nDefault-Packages: base-files dropbear\n\nTarget-Profile: DEVICE_acme_r1\nTarget-Profile-Name: Acme R1\nTarget-Profile-Packages: kmod-usb3 -ppp\nTarget-Profile-SupportedDevices: acme,r1 r1\nTarget-Profile-Description:\nBuild firmware images for Acme R1\n@@\n\nTarget-Profile: DEVICE_acme_r2\nTarget-Profile-Name: Acme R2\nTarget-Profile-Default: n\n@@\n\nTarget-Profile: DEVICE_acme_r1\nTarget-Profile-Name: Emca R1\nTarget-Profile-Packages: kmod-usb3 -ppp\n@@\n",
    ),
    (
        "include/version.mk",
        "# x\nREVISION:=r32933-4ccb782af7\nSOURCE_DATE_EPOCH:=1721081658\n",
    ),
    (
        "include/kernel.mk",
        "LINUX_VERMAGIC:=$(strip $(shell cat x))\nLINUX_VERMAGIC:=$(if $(LINUX_VERMAGIC),$(LINUX_VERMAGIC),0123456789abcdef0123456789abcdef)\n",
    ),
    (
        "repositories",
        "# feeds\nhttps://example.org/base/packages.adb\n",
    ),
    ("keys/release.pem", "key"),
    ("packages/README", "x"),
    ("packages/kernel-6.12.94-r1.apk", "x"),
    (
        "build_dir/target-mipsel_24kc_musl/linux-ramips_mt7621/acme_r1-kernel.bin",
        "kernel",
    ),
    (
        "build_dir/target-mipsel_24kc_musl/linux-ramips_mt7621/acme_r2-uImage",
        "image",
    ),
    (
        "build_dir/target-mipsel_24kc_musl/linux-ramips_mt7621/acme_r3-loader.bin",
        "x",
    ),
    ("staging_dir/host/bin/apk", "x"),
];

fn tree() -> Tree {
    let mut tree = Tree::default();
    for (path, text) in FILES {
        tree.put_file(path, text, Meta::file(0o644)).unwrap();
    }
    tree
}

#[test]
fn tells_what_is_in_it() {
    let tree = tree();
    let read = ImageBuilder::read(&tree).unwrap();
    assert_eq!(
        (read.target.as_str(), read.manager),
        ("ramips/mt7621", Manager::Apk)
    );
    assert_eq!(read.info.arch_packages, "mipsel_24kc");
    assert_eq!(read.info.default_packages, ["base-files", "dropbear"]);
    assert_eq!(read.info.profiles.len(), 2);
    let device = read.info.profile("acme_r1").unwrap();
    assert_eq!(device.names, ["Acme R1", "Emca R1"]);
    assert_eq!(device.packages, ["kmod-usb3", "-ppp"]);
    assert_eq!(device.supported_devices, ["acme,r1", "r1"]);
    assert!(device.published && !read.info.profile("acme_r2").unwrap().published);
    assert_eq!(read.revision.as_deref(), Some("r32933-4ccb782af7"));
    assert_eq!(
        (read.epoch, read.squashfs_block),
        (Some(1_721_081_658), 1 << 20)
    );
    assert_eq!(
        read.vermagic.as_deref(),
        Some("0123456789abcdef0123456789abcdef")
    );
    assert_eq!(read.partitions, (None, Some(104 << 20)));
    assert_eq!(read.feeds, ["https://example.org/base/packages.adb"]);
    assert_eq!(read.keys, [("release.pem".to_owned(), b"key".to_vec())]);
    assert_eq!(read.packages, ["packages/kernel-6.12.94-r1.apk"]);
    assert_eq!(read.kernel(&tree, "acme_r1").unwrap(), b"kernel");
    assert_eq!(read.kernel(&tree, "acme_r2").unwrap(), b"image");
    let missing = read.kernel(&tree, "acme_r3").unwrap_err().to_string();
    assert!(
        missing.ends_with("linux-ramips_mt7621; there are acme_r3-loader.bin"),
        "{missing}"
    );

    let dir = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let folder = Folder(dir.path().to_owned());
    assert_eq!(ImageBuilder::read(&folder).unwrap(), read);
    assert_eq!(read.kernel(&folder, "acme_r1").unwrap(), b"kernel");
    assert!(read.kernel(&folder, "../../acme").is_err());
}

#[test]
fn what_is_missing_is_named() {
    for (path, message) in [
        (".config", "there is no .config"),
        (".targetinfo", "there is no .targetinfo"),
        (
            "build_dir",
            "there is no build_dir/target-*/linux-ramips_mt7621",
        ),
    ] {
        let mut tree = tree();
        assert!(tree.remove(path));
        let error = ImageBuilder::read(&tree).unwrap_err().to_string();
        assert!(error.ends_with(message), "{error}");
    }
    let mut other = tree();
    other
        .put_file(
            ".config",
            "CONFIG_TARGET_BOARD=\"x86\"\n",
            Meta::file(0o644),
        )
        .unwrap();
    let error = ImageBuilder::read(&other).unwrap_err().to_string();
    assert_eq!(error, ".targetinfo: it does not say anything of x86");
    // Old ones have no time, no vermagic and opkg's list of feeds.
    let mut old = tree();
    for path in ["include", "repositories", "keys"] {
        assert!(old.remove(path));
    }
    old.put_file(
        "repositories.conf",
        "src/gz base https://example.org/base\n",
        Meta::file(0o644),
    )
    .unwrap();
    let read = ImageBuilder::read(&old).unwrap();
    assert_eq!(
        (read.epoch, read.vermagic, read.keys.len()),
        (None, None, 0)
    );
    assert_eq!(read.feeds, ["src/gz base https://example.org/base"]);
}
