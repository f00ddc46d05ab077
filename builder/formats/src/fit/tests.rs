//! Images made by U-Boot's `mkimage`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::container::{Layout, open, prove};
use crate::layer::testing::{assert_exact, random, sample_kernel, sample_rootfs};
use crate::pad_rootfs::{DEFAULT_KIB, Rule};

const HASHES: &str = "hash-1 { algo = \"crc32\"; }; hash-2 { algo = \"sha1\"; };";

fn mkimage(source: &str, files: &[(&str, &[u8])], options: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    std::fs::write(dir.path().join("image.its"), source).unwrap();
    let run = |dir: &Path| {
        Command::new("mkimage")
            .current_dir(dir)
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .args(["-f", "image.its"])
            .args(options)
            .arg("image.itb")
            .output()
            .expect("mkimage runs (scripts/test installs u-boot-tools)")
    };
    let result = run(dir.path());
    assert!(result.status.success(), "{result:?}");
    std::fs::read(dir.path().join("image.itb")).unwrap()
}

fn node(name: &str, kind: &str, more: &str) -> String {
    format!(
        "{name} {{ description = \"ARM64 OpenWrt {name}\"; data = /incbin/(\"./{name}\"); type = \"{kind}\";\n\
         arch = \"arm64\"; compression = \"none\"; {more} {HASHES} }};\n"
    )
}

/// As OpenWrt's `mkits.sh` writes it for an image with a root file system.
fn device(kernel: &[u8], rootfs: &[u8], options: &[&str]) -> Vec<u8> {
    let mut source = String::from(
        "/dts-v1/;\n/ { description = \"ARM64 OpenWrt FIT (Flattened Image Tree)\"; #address-cells = <1>;\nimages {\n",
    );
    source += &node(
        "kernel-1",
        "kernel",
        "os = \"linux\"; load = <0x44000000>; entry = <0x44000000>;",
    );
    source += &node("fdt-1", "flat_dt", "");
    source += &node("rootfs-1", "filesystem", "");
    write!(
        source,
        "}}; configurations {{ default = \"config-1\"; config-1 {{ description = \"OpenWrt acme\"; kernel = \"kernel-1\"; \
         fdt = \"fdt-1\"; loadables = \"rootfs-1\"; }}; }}; }};"
    )
    .unwrap();
    let mut padded = rootfs.to_vec();
    padded.resize(padded.len().next_multiple_of(4096), 0);
    let tree = random(20_001, 4);
    mkimage(
        &source,
        &[
            ("kernel-1", kernel),
            ("fdt-1", &tree),
            ("rootfs-1", &padded),
        ],
        options,
    )
}

/// The same with zeros at the end of the tree, as `mkimage` leaves it since it clears it.
fn cleared(kernel: &[u8], rootfs: &[u8], options: &[&str]) -> Vec<u8> {
    let mut image = device(kernel, rootfs, options);
    let word = |at| crate::layer::be32(&image, at).unwrap() as usize;
    let rest = word(12) + word(32)..word(4);
    image[rest].fill(0);
    image
}

#[test]
fn images_with_data_behind_the_tree_are_exact() {
    let opened = assert_exact(|k, r| cleared(k, r, &["-E", "-B", "0x1000"]));
    assert!(opened.kernel.is_some());
    assert_eq!(opened.container.kind(), "fit external");
}

#[test]
fn images_with_data_at_fixed_places_are_exact() {
    let opened = assert_exact(|k, r| cleared(k, r, &["-E", "-B", "0x1000", "-p", "0x1000"]));
    assert!(opened.kernel.is_some());
    assert_eq!(opened.container.kind(), "fit external-static");
    let Layout::Fit(layout) = &opened.container.layers()[0].layout else {
        panic!("{}", opened.container);
    };
    assert_eq!(layout.items.len(), 3);
    assert!(layout.items[2].padded);
}

/// Debian's `mkimage` leaves a piece of the root file system at the end of the tree.
#[test]
fn left_over_bytes_are_exact() {
    let kernel = sample_kernel(70_001);
    for options in [
        &["-E", "-B", "0x1000"][..],
        &["-E", "-B", "0x1000", "-p", "0x1000"],
    ] {
        let make = |n| device(&kernel, &sample_rootfs(n), options);
        for donor in 1..4 {
            let opened = prove(make(donor)).unwrap();
            for other in 1..4 {
                let parts = crate::container::Parts {
                    kernel: None,
                    rootfs: &sample_rootfs(other),
                };
                assert!(
                    opened.container.close(&parts).unwrap() == make(other),
                    "{donor} {other}"
                );
            }
        }
    }
}

#[test]
fn overlay_markers_behind_are_exact() {
    assert_exact(|kernel, rootfs| {
        let mut image = cleared(kernel, rootfs, &["-E", "-B", "0x1000"]);
        // `pad-rootfs` of devices that state no block size.
        let rule = Rule::padjffs2(&DEFAULT_KIB).unwrap();
        let padding = rule.padding(image.len() as u64);
        image.extend(padding);
        image
    });
}

/// As `mkits-qsdk-ipq-image.sh` writes it.
fn qsdk(nodes: &[(&str, &[u8])]) -> Vec<u8> {
    let mut source = String::from(
        "/dts-v1/;\n/ { description = \"OpenWrt factory image\"; #address-cells = <1>;\nimages {\n",
    );
    for (name, _) in nodes {
        let kind = if *name == "script" {
            "script"
        } else {
            "firmware"
        };
        write!(
            source,
            "{name} {{ description = \"{name}\"; data = /incbin/(\"./{name}\"); type = \"{kind}\"; arch = \"ARM\";\n\
             compression = \"none\"; hash@1 {{ algo = \"crc32\"; }}; }};\n"
        )
        .unwrap();
    }
    mkimage(&(source + "}; };"), nodes, &[])
}

#[test]
fn factory_images_with_data_inside_are_exact() {
    let opened = assert_exact(|kernel, rootfs| qsdk(&[("hlos", kernel), ("rootfs", rootfs)]));
    assert!(opened.kernel.is_some());
    let opened = assert_exact(|kernel, rootfs| {
        let volumes = [("kernel", Some(kernel), ""), ("rootfs", Some(rootfs), "")];
        let ubi = crate::ubi::tests::ubinize(crate::ubi::tests::NAND, &volumes);
        let mut image = qsdk(&[("script", b"echo flashing"), ("ubi", &ubi)]);
        image.resize(image.len().next_multiple_of(4096), 0);
        image
    });
    assert_eq!(opened.container.layers().len(), 2);
}

/// GL.iNet's boot script states the length of the UBI image behind it.
#[test]
fn scripts_with_lengths_are_exact() {
    let opened = assert_exact(|kernel, rootfs| {
        let volumes = [("kernel", Some(kernel), ""), ("rootfs", Some(rootfs), "")];
        let ubi = crate::ubi::tests::ubinize(crate::ubi::tests::NAND, &volumes);
        let script = format!(
            "nand erase 0xa00000 0x{0:x} && nand write $addr 0xa00000 {0:x}; setenv size {0:08x}\n",
            ubi.len()
        );
        qsdk(&[("script", script.as_bytes()), ("ubi", &ubi)])
    });
    let Layout::Fit(layout) = &opened.container.layers()[0].layout else {
        panic!("{}", opened.container);
    };
    assert_eq!(layout.stated.len(), 3);
}

/// A FIT with a kernel alone is the kernel of a plain image.
#[test]
fn kernels_are_left_to_others() {
    let mut source =
        String::from("/dts-v1/;\n/ { description = \"kernel\"; #address-cells = <1>; images {\n");
    source += &node("kernel-1", "kernel", "");
    let mut image = mkimage(&(source + "}; };"), &[("kernel-1", &random(5000, 2))], &[]);
    image.resize(image.len().next_multiple_of(0x2_0000), 0);
    image.extend(sample_rootfs(1));
    image.resize(image.len().next_multiple_of(0x1000), 0);
    assert_eq!(prove(image).unwrap().container.kind(), "plain");
}

#[test]
fn wrong_hashes_are_told() {
    let mut image = device(
        &sample_kernel(300),
        &sample_rootfs(1),
        &["-E", "-B", "0x1000"],
    );
    let at = image.len() - 5000;
    image[at] ^= 1;
    let error = prove(image).unwrap_err().to_string();
    assert!(error.contains("CRC-32 of an image"), "{error}");
}

#[test]
fn cut_off_images_are_told() {
    let image = device(
        &sample_kernel(300),
        &sample_rootfs(3),
        &["-E", "-B", "0x1000"],
    );
    let error = open(image[..image.len() - 5000].to_vec()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}
