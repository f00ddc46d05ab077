use std::process::Command;

use super::*;
use crate::layer::testing::{assert_exact, assert_repacks, random, sample_kernel};
use crate::pad_rootfs::Rule;
use crate::ubi::tests::{NAND, ubinize};

/// With `md5sum`.
fn md5sum(bytes: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    std::fs::write(&path, bytes).unwrap();
    let output = Command::new("md5sum").arg(&path).output().unwrap().stdout;
    let digits = String::from_utf8(output).unwrap();
    (0..16)
        .map(|at| u8::from_str_radix(&digits[2 * at..][..2], 16).unwrap())
        .collect()
}

fn seama(body: &[u8]) -> Vec<u8> {
    // 20 and 14 bytes with their NULs, and 2 to a multiple of 4.
    let meta = b"dev=/dev/mtdblock/1\0type=firmware\0\0\0";
    assert_eq!(meta.len(), 36);
    let len = (body.len() as u32).to_be_bytes();
    let head = [&b"\x5e\xa3\xa4\x17\0\0\0\x24"[..], &len].concat();
    [&head[..], &md5sum(body), meta, body].concat()
}

fn sealed(entity: &[u8]) -> Vec<u8> {
    let meta = b"signature=wrgac65_dlink.2015_dir629\0";
    assert_eq!(meta.len(), 36);
    [b"\x5e\xa3\xa4\x17\0\0\0\x24\0\0\0\0", &meta[..], entity].concat()
}

fn parts(kernel: &[u8], rootfs: &[u8]) -> Vec<u8> {
    let mut image = kernel.to_vec();
    image.resize((image.len() + 64).next_multiple_of(0x1_0000) - 64, 0);
    image.extend_from_slice(rootfs);
    image
}

#[test]
fn sysupgrade_is_exact() {
    let opened = assert_exact(|kernel, rootfs| {
        let mut image = seama(&parts(kernel, rootfs));
        image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
        image
    });
    let facts = &opened.container.layers()[0].facts;
    assert_eq!(facts[1].value, "type=firmware");
}

#[test]
fn factory_is_exact() {
    let opened = assert_exact(|kernel, rootfs| {
        let mut image = parts(kernel, rootfs);
        let rule = Rule::padjffs2(&[64]).unwrap().with_bias(64);
        image.extend(rule.padding(image.len() as u64));
        sealed(&seama(&image))
    });
    assert_eq!(opened.container.kind(), "seama-seal");
}

#[test]
fn ubi_images_are_exchanged() {
    let kernel = sample_kernel(100_000);
    let ubi = |blocks: usize| [b"UBI#", &random(blocks * 0x2_0000 - 4, 5)[..]].concat();
    let nand = |ubi: &[u8]| {
        let mut body = kernel.clone();
        body.resize(0x40_0000 - 28 - 36, 0);
        seama(&[&body[..], ubi, b"\xde\xad\xc0\xde"].concat())
    };
    let donor = nand(&ubi(2));
    let opened = Layout::open(&donor).unwrap().unwrap();
    assert_eq!(opened.layout.kind(), "seama-nand");
    assert!(opened.checks[0].holds());
    assert_eq!(
        opened.parts,
        [
            Part::at("kernel", 64..64 + kernel.len(), Role::Kernel),
            Part::at("ubi", 0x40_0000..0x44_0000, Role::Image)
        ]
    );
    for blocks in [1, 2, 5] {
        let closed = opened.layout.close(&[&kernel, &ubi(blocks)]).unwrap();
        assert!(closed == nand(&ubi(blocks)));
    }
    let long = vec![1; 0x40_0000];
    assert!(opened.layout.close(&[&long, &ubi(1)]).is_err());
    let seal = sealed(&donor);
    let opened = Layout::open(&seal).unwrap().unwrap();
    assert_eq!(opened.layout.close(&[&donor]).unwrap(), seal);
}

#[test]
fn nand_is_exact() {
    let opened = assert_repacks(|kernel, rootfs| {
        let volumes = [("rootfs", Some(rootfs), "")];
        let mut body = kernel.to_vec();
        body.resize(0x40_0000 - 28 - 36, 0);
        body.extend(ubinize(NAND, &volumes));
        body.extend(b"\xde\xad\xc0\xde");
        sealed(&seama(&body))
    });
    assert_eq!(
        opened.container.to_string(),
        "seama-seal › seama-nand › ubi"
    );
}
