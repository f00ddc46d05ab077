//! Images made here from the format's description, independently of the code that is tested.

use md5::{Digest, Md5};

use crate::container::{Layout, prove};
use crate::layer::testing::{assert_exact, sample_kernel, sample_rootfs};

fn meta(data: &[u8], trail: &[u8]) -> Vec<u8> {
    let len = (data.len() as u32).to_be_bytes();
    [&len, &[0; 4][..], data, trail].concat()
}

fn padded(rootfs: &[u8]) -> Vec<u8> {
    let mut part = rootfs.to_vec();
    part.resize(part.len().next_multiple_of(0x1_0000), 0xFF);
    part.extend([0xDE, 0xAD, 0xC0, 0xDE]);
    part
}

/// The version, the 3rd of April 2025, revision 28000.
const VERSION: [u8; 12] = [0xFF, 1, 2, 3, 0x20, 0x25, 0x04, 0x03, 0, 0, 0x6D, 0x60];
const LIST: &[u8] = b"SupportList:\n{product_name:RE650,product_ver:1.0.0,special_id:00000000}\n";

fn factory(kernel: &[u8], rootfs: &[u8], shared: bool) -> Vec<u8> {
    let k = kernel.len();
    let fs = 0x2_0000 + k.next_multiple_of(0x1_0000);
    let mut flash = String::from("\0\u{4}\0\0partition fs-uboot base 0x00000 size 0x20000\n");
    flash += &if shared {
        format!(
            "partition os-image base 0x20000 size 0x{k:05x}\npartition file-system base 0x{fs:05x} size 0x{:05x}\n",
            0xde_0000 - fs
        )
    } else {
        "partition os-image base 0x20000 size 0x200000\npartition file-system base 0x220000 size 0xb00000\n".into()
    };
    flash += "partition soft-version base 0xe10000 size 0x00100\npartition radio base 0xff0000 size 0x10000\n\0";
    let mut flash = flash.into_bytes();
    flash.resize(0x800, 0xFF);
    let parts = [
        ("partition-table", flash),
        ("soft-version", meta(&VERSION, &[0])),
        ("support-list", meta(LIST, &[0])),
        ("os-image", kernel.to_vec()),
        ("file-system", padded(rootfs)),
        ("extra-para", meta(&[1, 0], &[0])),
    ];
    let (mut table, mut body) = (String::new(), Vec::new());
    for (name, part) in &parts {
        let (base, size) = (0x800 + body.len(), part.len());
        table += &format!("fwup-ptn {name} base 0x{base:05x} size 0x{size:05x}\t\r\n");
        body.extend_from_slice(part);
    }
    let mut table = (table + "\0").into_bytes();
    table.resize(0x800, 0xFF);
    let mut vendor = b"\0\0\0\x2CTP-LINK Technologies Co., Ltd. vendor text".to_vec();
    vendor[3] = vendor.len() as u8 - 4;
    vendor.resize(0x1000, 0xFF);
    let covered = [vendor, table, body].concat();
    let salt = *b"\x7a\x2b\x15\xed\x9b\x98\x59\x6d\xe5\x04\xab\x44\xac\x2a\x9f\x4e";
    let md5 = Md5::digest([&salt[..], &covered].concat());
    let len = (covered.len() as u32 + 20).to_be_bytes();
    [&len[..], &md5, &covered].concat()
}

#[test]
fn factory_images_are_exact() {
    for shared in [true, false] {
        for extra in [0, 128] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut image = factory(kernel, rootfs, shared);
                image.resize(image.len() + extra, 0);
                image
            });
            assert!(opened.kernel.is_some());
            let Layout::SafeloaderFactory(layout) = &opened.container.layers()[0].layout else {
                panic!("{}", opened.container);
            };
            assert_eq!(layout.shared, shared.then_some(0xde_0000));
        }
    }
}

#[test]
fn another_kernel_moves_the_root_file_system() {
    let (small, large, rootfs) = (
        sample_kernel(70_001),
        sample_kernel(200_000),
        sample_rootfs(1),
    );
    let opened = prove(factory(&small, &rootfs, true)).unwrap();
    let closed = opened.container.close(&crate::container::Parts {
        kernel: Some(&large),
        rootfs: &rootfs,
    });
    assert!(closed.unwrap() == factory(&large, &rootfs, true));
}

#[test]
fn facts_are_for_people() {
    let opened = prove(factory(&sample_kernel(300), &sample_rootfs(0), true)).unwrap();
    let facts = &opened.container.layers()[0].facts;
    let value = |name| &facts.iter().find(|fact| fact.name == name).unwrap().value;
    assert_eq!(value("version"), "1.2.3 of 2025-04-03, revision 28000");
    assert_eq!(
        value("supported"),
        "product_name:RE650,product_ver:1.0.0,special_id:00000000"
    );
    assert!(value("vendor").starts_with("TP-LINK"));
}

#[test]
fn parts_longer_than_their_partition_are_refused() {
    let mut image = factory(&sample_kernel(300), &sample_rootfs(0), false);
    // The root file system's partition, down to 64 KiB.
    let at = image
        .windows(15)
        .position(|w| w == b" size 0xb00000\n")
        .unwrap();
    image[at..at + 15].copy_from_slice(b" size 0x010004\n");
    let covered = image[20..].to_vec();
    let salt = *b"\x7a\x2b\x15\xed\x9b\x98\x59\x6d\xe5\x04\xab\x44\xac\x2a\x9f\x4e";
    let md5 = Md5::digest([&salt[..], &covered].concat());
    image[4..20].copy_from_slice(&md5);
    // A table that the tool would have written otherwise (it has no leading zero) is kept out.
    assert!(prove(image).is_err());
}

fn dump(kernel: &[u8], rootfs: &[u8], trail: &[u8], version: &[u8]) -> Vec<u8> {
    let mut image = [kernel, rootfs].concat();
    image.resize(image.len().next_multiple_of(0x1_0000), 0xFF);
    image.extend([0xDE, 0xAD, 0xC0, 0xDE]);
    image.resize(0x7_0000, 0xFF);
    image.extend(meta(version, trail));
    image.resize(0x7_1000, 0xFF);
    image.extend(meta(LIST, trail));
    image
}

#[test]
fn dumps_with_a_support_list_are_exact() {
    for (trail, version) in [
        (&[0xFF][..], &VERSION[..]),
        (&[0], b"0.0.0\0"),
        (&[], &VERSION),
    ] {
        let opened = assert_exact(|kernel, rootfs| dump(kernel, rootfs, trail, version));
        let layer = opened.container.layers()[0];
        assert!(matches!(layer.layout, Layout::SafeloaderDump(_)));
        assert!(layer.facts.iter().any(|fact| fact.name == "version"));
    }
}

/// The other boards' dump: the root file system at its partition's place or right behind the kernel.
#[test]
fn dumps_without_one_are_plain() {
    for gap in [0, 0x3_0000] {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = kernel.to_vec();
            image.resize(image.len().max(gap), 0xFF);
            image.extend_from_slice(rootfs);
            padded(&image)
        });
        assert_eq!(opened.container.kind(), "plain");
    }
}

/// As `tplink-mkimage-2022.py` lays it out.
fn eap(ubi: &[u8]) -> Vec<u8> {
    let list = b"SupportList:\r\nEAP620 HD(TP-Link|UN|AX1800-D):1.0\r\n";
    let version = *b"\xff\x01\0\0\x02\x02\x02\x02\0\0\x75\x30\0\0\0\x01";
    let mut covered = vec![0xFF; 0x1000];
    covered.extend((ubi.len() as u32).to_be_bytes());
    covered.extend([0, 0, 0, 2]);
    let mut offset = ubi.len();
    for (kind, name, len) in [(0, "support-list", list.len()), (1, "soft-version", 16)] {
        covered.extend([0, 0, 0, kind]);
        covered.extend(name.bytes());
        covered.resize(covered.len() + 32 - name.len(), 0);
        covered.extend((offset as u32).to_be_bytes());
        covered.extend((len as u32).to_be_bytes());
        offset += len;
    }
    covered.resize(0x1800, 0);
    covered.extend_from_slice(ubi);
    covered.extend_from_slice(list);
    covered.extend_from_slice(&version);
    let salt = *b"\x7a\x2b\x15\xed\x9b\x98\x59\x6d\xe5\x04\xab\x44\xac\x2a\x9f\x4e";
    let md5 = Md5::digest([&salt[..], &covered].concat());
    let len = (covered.len() as u32 + 20).to_be_bytes();
    [&len[..], &md5, &covered].concat()
}

#[test]
fn images_for_access_points_are_exact() {
    use crate::ubi::tests::{NAND, ubinize};
    let opened = assert_exact(|kernel, rootfs| {
        eap(&ubinize(
            NAND,
            &[("kernel", Some(kernel), ""), ("rootfs", Some(rootfs), "")],
        ))
    });
    assert_eq!(opened.container.kind(), "tplink-image-2022");
    let facts = &opened.container.layers()[0].facts;
    assert_eq!(facts[0].value, "EAP620 HD(TP-Link|UN|AX1800-D):1.0");
}
