use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::fwtool::{Chunk, NewMetadata, Version};
use crate::pad_rootfs::{DEFAULT_KIB, Rule};
use crate::rootfs::tests::mksquashfs;
use crate::uimage::{NewHeader, wrap};
use crate::{plain, sysupgrade_tar, tplink};

fn kernel(len: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..len).map(|i| ((i * 13) >> 3) as u8).collect();
    let header = NewHeader {
        time: 1,
        load: 0x8000_0000,
        entry: 0x8000_0000,
        arch: 5,
        kind: 2,
        compression: 3,
        name: "MIPS OpenWrt Linux-6.12.1",
    };
    wrap(&header, &data).unwrap()
}

fn metadata() -> Chunk {
    let new = NewMetadata {
        devices: vec!["acme,r1".into()],
        compat_version: "1.0".into(),
        compat_message: None,
        version: Version {
            target: "ath79/generic".into(),
            ..Version::default()
        },
    };
    Chunk::metadata(new.to_text())
}

fn plain() -> Container {
    Container::new(Layout::Plain(plain::Layout::usual(64 << 10).unwrap()))
}

fn tarball() -> Container {
    let layout = sysupgrade_tar::Layout::new("acme_r1", 7, None).unwrap();
    Container::new(Layout::SysupgradeTar(layout))
}

fn donor(container: &Container, rootfs: &[u8]) -> Vec<u8> {
    let chunks = vec![metadata(), Chunk::Signature(vec![1; 100])];
    let container = container.clone().with_trailer(chunks);
    let kernel = kernel(20_000);
    let parts = Parts {
        kernel: Some(&kernel),
        rootfs,
    };
    container.close(&parts).unwrap()
}

#[test]
fn proves_every_kind_with_its_trailer() {
    let rootfs = mksquashfs(8);
    for container in [plain(), tarball()] {
        let file = donor(&container, &rootfs);
        let opened = prove(file.clone()).unwrap();
        assert_eq!(opened.container.kind(), container.kind());
        assert_eq!(opened.kernel.clone().unwrap(), kernel(20_000));
        assert_eq!(opened.rootfs, rootfs);
        assert!(opened.container.is_signed());
        let metadata = opened.metadata.as_ref().unwrap();
        assert_eq!(metadata.device_ids(), ["acme,r1"]);
        // The signature is left out and the metadata stays as it is.
        let (unsigned, left_out) = opened.container.clone().unsigned();
        assert_eq!(left_out, 1);
        let closed = unsigned.close(&opened.parts()).unwrap();
        assert_eq!(closed, file[..file.len() - 116]);
        assert!(!prove(closed).unwrap().container.is_signed());
    }
}

/// A kernel of pure zeros behind the header: the trailing zeros must not be taken for padding.
#[test]
fn recovery_images_keep_their_lead() {
    let rootfs = mksquashfs(4);
    let mut header = vec![0u8; 0x200];
    header[0] = 1;
    header[0x7c..0x80].copy_from_slice(&0x3c_0000u32.to_be_bytes());
    header[0x80..0x84].copy_from_slice(&0x200u32.to_be_bytes());
    let header = tplink::Header::parse(&header).unwrap();
    assert!(!header.is_kernel_only());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    // The MD5 by md5sum, with the salt in its place.
    let mut image = header.as_bytes().to_vec();
    image[0x84..0x88].copy_from_slice(&100u32.to_be_bytes());
    image[0x88..0x8c].copy_from_slice(&(0x200u32 + 100).to_be_bytes());
    image[0x8c..0x90].copy_from_slice(&(rootfs.len() as u32).to_be_bytes());
    image.extend([0u8; 100]);
    image.extend(&rootfs);
    let padding = Rule::mktplinkfw().padding(image.len() as u64);
    image.extend(padding);
    image[0x4c..0x5c]
        .copy_from_slice(b"\xdc\xd7\x3a\xa5\xc3\x95\x98\xfb\xdd\xf9\xe7\xf4\x0e\xae\x47\x38");
    std::fs::write(&path, &image).unwrap();
    let sum = Command::new("md5sum").arg(&path).output().unwrap().stdout;
    for (at, digits) in sum[..32].chunks(2).enumerate() {
        let digits = std::str::from_utf8(digits).unwrap();
        image[0x4c + at] = u8::from_str_radix(digits, 16).unwrap();
    }
    for lead in [0, 0x1_0000, 0x2_0000] {
        let file = [vec![0; lead], image.clone()].concat();
        let opened = prove(file.clone()).unwrap();
        let lead_len = match &opened.container.layers()[0].layout {
            Layout::Lead(lead) => lead.len,
            _ => 0,
        };
        assert_eq!(lead_len, lead);
        let tplink = opened.container.layers();
        assert_eq!(tplink.last().unwrap().layout.kind(), "tplink-v1-image");
        assert_eq!(opened.rootfs, rootfs);
        assert_eq!(opened.kernel.unwrap(), [0; 100][..]);
    }
}

#[test]
fn foreign_formats_are_refused_by_name() {
    let cases: [(&[u8], &str); 2] = [(&[0xd0, 0x0d, 0xfe, 0xed], "FIT"), (b"\xfd7zXZ\0", "xz")];
    for (magic, name) in cases {
        let file = [magic, &[7; 2000]].concat();
        let error = open(file).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(open(b"".as_slice()).unwrap_err(), Error::Empty);
    let error = open(b"some text that is no image".as_slice()).unwrap_err();
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
    assert!(error.to_string().contains("no known container"), "{error}");
}

#[test]
fn truncated_anywhere_is_an_error() {
    let rootfs = mksquashfs(8);
    for container in [plain(), tarball()] {
        let file = donor(&container, &rootfs);
        for step in 0..64 {
            let cut = &file[..file.len() * step / 64];
            // What is cut off behind the root file system may still be an image, but never one that passes for the whole.
            match prove(cut.to_vec()) {
                Ok(opened) => assert!(opened.container.chunks().is_empty() && !cut.is_empty()),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        assert!(
            prove(file[..file.len() - 1].to_vec())
                .is_ok_and(|opened| !opened.container.is_signed())
                || prove(file[..file.len() - 1].to_vec()).is_err()
        );
    }
}

#[test]
fn descriptions_read_well() {
    assert_eq!(plain().to_string(), "plain, overlay markers at 64 KiB");
    assert_eq!(
        tarball().to_string(),
        "sysupgrade-tar of board acme_r1, padded to a multiple of 1024 bytes"
    );
    let default = Rule::padjffs2(&DEFAULT_KIB).unwrap();
    assert_eq!(default.to_string(), "4, 8, 16, 64, 128 and 256 KiB");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any kernel and root file system of the size of flash blocks, closed and proved.
    #[test]
    fn what_is_closed_is_proved(kernel_len in 0usize..200_000, files in 1u32..6, block in prop::sample::select(vec![4u32, 64, 128, 256]), tar in prop::bool::ANY) {
        let container = if tar {
            tarball()
        } else {
            Container::new(Layout::Plain(plain::Layout::usual(block << 10).unwrap()))
        };
        let (kernel, rootfs) = (kernel(kernel_len), mksquashfs(files));
        let container = container.with_trailer(vec![metadata()]);
        let parts = Parts { kernel: Some(&kernel), rootfs: &rootfs };
        let file = container.close(&parts).unwrap();
        let opened = prove(file.clone()).unwrap();
        prop_assert_eq!(opened.kernel.unwrap_or_default(), kernel);
        prop_assert_eq!(opened.rootfs, rootfs);
    }
}
