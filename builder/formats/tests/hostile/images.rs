//! Small valid images of each kind, with the root file system of the real mksquashfs.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use md5::{Digest, Md5};
use openwrt_formats::container::{Container, Layout, Parts};
use openwrt_formats::fwtool::{self, Chunk, NewMetadata, Version};
use openwrt_formats::{plain, sysupgrade_tar, uimage};

/// An image, and what makes its checksums right again after a change, so that the change gets past them.
pub(super) struct Image {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) mend: fn(&mut Vec<u8>),
}

/// A kernel, and two root file systems.
pub(super) static KERNEL: LazyLock<Vec<u8>> = LazyLock::new(|| kernel(3001));
pub(super) static ROOTFS: LazyLock<Vec<u8>> = LazyLock::new(|| mksquashfs(9, "xz"));
pub(super) static OTHER: LazyLock<Vec<u8>> = LazyLock::new(|| mksquashfs(17, "xz"));

/// One image of each kind.
pub(super) static IMAGES: LazyLock<Vec<Image>> = LazyLock::new(|| {
    let image = |name, bytes, mend| Image { name, bytes, mend };
    let usual = || Layout::Plain(plain::Layout::usual(4096).unwrap());
    let tarball = Layout::SysupgradeTar(sysupgrade_tar::Layout::new("acme_r1", 7, None).unwrap());
    let fit = [
        b"\xd0\x0d\xfe\xed\0\0\x08\0\0\0\0\x38\0\0\x07\0".as_slice(),
        &[0; 2032],
    ]
    .concat();
    let v2 = tplink("v2", true);
    vec![
        image("plain", close(usual(), &KERNEL, true), mend_uimage),
        image(
            "plain without trailer",
            close(Layout::Plain(plain::Layout::unaligned()), &KERNEL, false),
            mend_uimage,
        ),
        image(
            "plain with LZMA kernel",
            close(usual(), &lzma(), true),
            mend_nothing,
        ),
        image("plain with FIT", close(usual(), &fit, true), mend_nothing),
        image("TP-Link v1", tplink("v1", false), mend_v1),
        image("TP-Link v1 factory", tplink("v1", true), mend_v1),
        image(
            "TP-Link v2 recovery",
            [vec![0; 4096], v2].concat(),
            mend_v2_behind_lead,
        ),
        image("sysupgrade-tar", close(tarball, &KERNEL, true), mend_tar),
    ]
});

/// A squashfs with files, folders, links and a device-free tree of odd names.
pub(super) fn mksquashfs(files: u32, compressor: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("etc/config")).unwrap();
    for n in 0..files {
        let text: String = (0..n * 997 % 9000)
            .map(|i| format!("{:x}", i * n))
            .collect();
        std::fs::write(root.join(format!("etc/config/file{n}")), text).unwrap();
    }
    std::os::unix::fs::symlink("config/file1", root.join("etc/link")).unwrap();
    std::fs::hard_link(root.join("etc/config/file1"), root.join("hard")).unwrap();
    let out = dir.path().join("out");
    let result = Command::new("mksquashfs")
        .args([&root, &out])
        .args(["-nopad", "-noappend", "-root-owned", "-b", "4k", "-quiet"])
        .args(["-comp", compressor, "-mkfs-time", "7", "-all-time", "7"])
        .output()
        .expect("mksquashfs runs (scripts/test installs squashfs-tools)");
    assert!(result.status.success(), "{result:?}");
    std::fs::read(out).unwrap()
}

/// Bytes that a compressor could have made.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(step).collect()
}

fn kernel(len: usize) -> Vec<u8> {
    let header = uimage::NewHeader {
        time: 1,
        load: 0x8000_0000,
        entry: 0x8000_0000,
        arch: 5,
        kind: 2,
        compression: 3,
        name: "MIPS OpenWrt Linux-6.12.1",
    };
    uimage::wrap(&header, &noise(len)).unwrap()
}

fn lzma() -> Vec<u8> {
    let header = [0x6d, 0, 0, 0x80, 0].into_iter().chain([0xff; 8]);
    header.chain(noise(2500)).collect()
}

fn chunks() -> [Chunk; 2] {
    let new = NewMetadata {
        devices: vec!["acme,r1".into()],
        compat_version: "1.0".into(),
        compat_message: None,
        version: Version::default(),
    };
    [
        Chunk::metadata(new.to_text()),
        Chunk::Signature(vec![3; 90]),
    ]
}

fn close(layout: Layout, kernel: &[u8], with_trailer: bool) -> Vec<u8> {
    let mut container = Container::new(layout);
    if with_trailer {
        container = container.with_trailer(chunks().to_vec());
    }
    let parts = Parts {
        kernel: Some(kernel),
        rootfs: &ROOTFS,
    };
    container.close(&parts).unwrap()
}

/// An image with a TP-Link header, field by field and with the MD5 of Python's hashlib.
fn tplink(kind: &str, fill: bool) -> Vec<u8> {
    let script = r"
import sys, struct, hashlib
kind, klen, fill = sys.argv[1], int(sys.argv[2]), sys.argv[3] == 'true'
data = sys.stdin.buffer.read()
kernel, rootfs = data[:klen], data[klen:]
total = 0x18000
start = (0x200 + klen + 3) // 4 * 4
buf = bytearray(b'\xff' * total)
head = bytearray((b'\0' if kind == 'v1' else b'\xff') * 0x200)
base, md5 = (0x74, 0x4c) if kind == 'v1' else (0x68, 0x40)
salt = bytes.fromhex('dcd73aa5c39598fbddf9e7f40eae4738' if kind == 'v1' else 'dcd73aa5c39598fbdcf9e7f40eae4737')
struct.pack_into('<I', head, 0, 1 if kind == 'v1' else 3)
struct.pack_into('>IIIIIII', head, base, 0x80060000, 0x80060000, total, 0x200, klen, start, len(rootfs))
if kind != 'v1':
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
if not fill:
    del buf[end:]
head[md5:md5+16] = salt
buf[:0x200] = head
buf[md5:md5+16] = hashlib.md5(buf).digest()
sys.stdout.buffer.write(buf)
";
    let kernel = lzma();
    let mut child = Command::new("python3")
        .args(["-c", script, kind])
        .args([kernel.len().to_string(), fill.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs (scripts/test installs it)");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[&kernel[..], &ROOTFS].concat()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// Where the image ends and its trailer begins; for trailers that the library can read.
fn split(bytes: &[u8]) -> usize {
    fwtool::split(bytes).map_or(bytes.len(), |split| split.image.len())
}

/// The trailer's CRCs, from the first chunk on.
pub(super) fn mend_trailer(bytes: &mut Vec<u8>) {
    let chunks = chunks();
    let data = |chunk: &Chunk| match chunk {
        Chunk::Metadata { text, .. } => 8 + text.len(),
        Chunk::Signature(data) => data.len(),
    };
    let len: usize = chunks.iter().map(|chunk| data(chunk) + 16).sum();
    let mut at = bytes.len().saturating_sub(len);
    for chunk in &chunks {
        at += data(chunk) + 16;
        if bytes.get(at - 16..at - 12) == Some(b"FWx0") {
            let crc = !crc32fast::hash(&bytes[..at - 16]);
            bytes[at - 12..at - 8].copy_from_slice(&crc.to_be_bytes());
        }
    }
}

fn mend_nothing(bytes: &mut Vec<u8>) {
    mend_trailer(bytes);
}

/// Both CRCs of a uImage at the start, as long as its length lies inside.
fn mend_uimage(bytes: &mut Vec<u8>) {
    if let Some(size) = word(bytes, 12) {
        if let Some(data) = bytes.get(64..64usize.saturating_add(size as usize)) {
            let crc = crc32fast::hash(data);
            bytes[24..28].copy_from_slice(&crc.to_be_bytes());
        }
        bytes[4..8].fill(0);
        let crc = crc32fast::hash(&bytes[..64]);
        bytes[4..8].copy_from_slice(&crc.to_be_bytes());
    }
    mend_trailer(bytes);
}

fn mend_v1(bytes: &mut Vec<u8>) {
    let salt = *b"\xdc\xd7\x3a\xa5\xc3\x95\x98\xfb\xdd\xf9\xe7\xf4\x0e\xae\x47\x38";
    mend_md5(bytes, 0x4c, salt);
}

fn mend_v2_behind_lead(bytes: &mut Vec<u8>) {
    let salt = *b"\xdc\xd7\x3a\xa5\xc3\x95\x98\xfb\xdc\xf9\xe7\xf4\x0e\xae\x47\x37";
    mend_md5(bytes.get_mut(4096..).unwrap_or_default(), 0x40, salt);
}

fn mend_md5(image: &mut [u8], at: usize, salt: [u8; 16]) {
    if image.len() >= 0x200 {
        image[at..at + 16].copy_from_slice(&salt);
        let md5: [u8; 16] = Md5::digest(&*image).into();
        image[at..at + 16].copy_from_slice(&md5);
    }
}

/// The checksums of all tar headers that can be reached.
fn mend_tar(bytes: &mut Vec<u8>) {
    let end = split(bytes).min(bytes.len());
    let mut at = 0;
    while at + 512 <= end && bytes[at..at + 512] != [0; 512] {
        bytes[at + 148..at + 156].fill(b' ');
        let sum: u32 = bytes[at..at + 512].iter().map(|b| u32::from(*b)).sum();
        bytes[at + 148..at + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let text = String::from_utf8_lossy(&bytes[at + 124..at + 135]).into_owned();
        let size = usize::from_str_radix(&text, 8).unwrap_or(0);
        at = at
            .saturating_add(512)
            .saturating_add(size.next_multiple_of(512));
    }
    mend_trailer(bytes);
}

/// The big-endian word at `at`.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes))
}
