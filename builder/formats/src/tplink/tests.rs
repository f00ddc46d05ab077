use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::rootfs;
use crate::rootfs::tests::mksquashfs;

/// An image as firmware-utils' tools make it, put together field by field with Python's hashlib.
fn image(kind: Kind, kernel: &[u8], rootfs: &[u8], factory: bool) -> Vec<u8> {
    let script = r#"
import sys, struct, hashlib
kind, klen, factory = sys.argv[1], int(sys.argv[2]), sys.argv[3] == 'true'
data = sys.stdin.buffer.read()
kernel, rootfs = data[:klen], data[klen:]
total = 0x3c0000
start = (0x200 + klen + 3) // 4 * 4
buf = bytearray(b'\xff' * total)
if kind == 'v1':
    head = bytearray(0x200)
    struct.pack_into('>I24s36sIII', head, 0, 0x01000000, b'OpenWrt', b'r33051', 0x07030101, 1, 0)
    salt, md5 = bytes.fromhex('dcd73aa5c39598fbddf9e7f40eae4738'), 0x4c
    struct.pack_into('>IIIIIII', head, 0x74, 0x80060000, 0x80060000, total, 0x200, klen, start, len(rootfs))
else:
    head = bytearray(b'\xff' * 0x200)
    struct.pack_into('<I', head, 0, 3)
    head[4:13] = b'ver. 2.0\0'
    struct.pack_into('>III', head, 0x34, 0x08410014, 1, 0x14)
    salt, md5 = bytes.fromhex('dcd73aa5c39598fbdcf9e7f40eae4737'), 0x40
    struct.pack_into('>I', head, 0x50, 0)
    struct.pack_into('<II', head, 0x68, 0x80000000, 0x80000000)
    struct.pack_into('>IIIIIII', head, 0x70, total, 0x200, klen, start, len(rootfs), 0, 0)
    head[0x8c:0x94] = bytes.fromhex('55aa0100a5000000')
buf[0x200:0x200+klen] = kernel
buf[start:start+len(rootfs)] = rootfs
end = start + len(rootfs)
sizes = [4096, 65536]
while sizes:
    end = (end + sizes[0] - 1) // sizes[0] * sizes[0]
    sizes = [s for s in sizes if end % s]
    buf[end:end+4] = b'\xde\xad\xc0\xde'
    end += 4
if not factory:
    del buf[end:]
head[md5:md5+16] = salt
buf[:0x200] = head
buf[md5:md5+16] = hashlib.md5(buf).digest()
sys.stdout.buffer.write(buf)
"#;
    let name = if kind == Kind::V1 { "v1" } else { "v2" };
    let mut child = Command::new("python3")
        .args(["-c", script, name])
        .args([kernel.len().to_string(), factory.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs (scripts/test installs it)");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[kernel, rootfs].concat()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn kernel(len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31) >> 2) as u8).collect()
}

#[test]
fn closing_gives_what_the_tools_give() {
    let (one, other) = (mksquashfs(5), mksquashfs(40));
    assert_ne!(one.len() % 4096, other.len() % 4096);
    for kind in [Kind::V1, Kind::V2] {
        for factory in [false, true] {
            let donor = image(kind, &kernel(300_001), &one, factory);
            let opened = open(&donor).unwrap().unwrap();
            assert_eq!(opened.layout.header.kind(), kind);
            assert_eq!(donor[opened.kernel.clone()], kernel(300_001));
            assert_eq!(donor[opened.rootfs.clone()], one);
            let same = opened.layout.put_together(&kernel(300_001), &one).unwrap();
            assert!(same == donor, "{kind:?} factory {factory}");
            // Another root file system, and another kernel: as if the tools had made it.
            for kernel in [kernel(300_001), kernel(299_994)] {
                let ours = opened.layout.put_together(&kernel, &other).unwrap();
                let theirs = image(kind, &kernel, &other, factory);
                assert!(ours == theirs, "{kind:?} factory {factory}");
            }
        }
    }
}

#[test]
fn damage_is_named() {
    let squashfs = mksquashfs(3);
    let good = image(Kind::V1, &kernel(5000), &squashfs, false);
    let mut bad = good.clone();
    bad[0x300] ^= 1;
    let damaged = open(&bad).unwrap().unwrap();
    assert_ne!(damaged.md5, damaged.layout.header.md5());
    assert!(
        crate::container::prove(bad)
            .unwrap_err()
            .to_string()
            .contains("MD5")
    );
    assert!(matches!(
        open(&good[..3000]),
        Some(Err(Error::Truncated {
            need: 5000,
            have: 2488
        }))
    ));
    assert!(matches!(
        open(&good[..6000]),
        Some(Err(Error::Rootfs(rootfs::Error::Truncated { .. })))
    ));
    let long = [good.clone(), vec![0; 0x3c0000]].concat();
    assert!(matches!(open(&long), Some(Err(Error::Longer { .. }))));
    assert!(open(b"").is_none());
}

#[test]
fn what_does_not_fit_is_refused() {
    let squashfs = mksquashfs(3);
    let donor = image(Kind::V1, &kernel(5000), &squashfs, true);
    let layout = open(&donor).unwrap().unwrap().layout;
    let limit = 0x3c0000 - 0x40000 - 0x200;
    assert!(layout.put_together(&[], &vec![7; limit]).is_ok());
    assert!(matches!(
        layout.put_together(&[], &vec![7; limit + 1]),
        Err(Error::TooBig { need, .. }) if need == limit as u64 + 1
    ));
    let donor = image(Kind::V2, &kernel(5000), &squashfs, true);
    let layout = open(&donor).unwrap().unwrap().layout;
    assert!(layout.put_together(&[], &vec![7; 0x3c0000]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_header_does_not_panic(kind in prop::bool::ANY, fields in prop::collection::vec(any::<u32>(), 8), len in 0usize..2000) {
        let mut bytes = vec![0xFF; 0x200 + len];
        let (start, at) = if kind { (0x74, 0x80) } else { (0x68, 0x74) };
        bytes[..4].copy_from_slice(&[2, 0, 0, 0]);
        bytes[0x8c..0x8e].copy_from_slice(&[0x55, 0xaa]);
        for (i, field) in fields.iter().enumerate() {
            bytes[start + 4 * i..start + 4 * i + 4].copy_from_slice(&field.to_be_bytes());
        }
        bytes[at..at + 4].copy_from_slice(&0x200u32.to_be_bytes());
        let _ = open(&bytes);
        let _ = kernel_len(&bytes);
    }
}
