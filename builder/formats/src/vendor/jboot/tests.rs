use std::process::Command;

use super::sum;
use crate::layer::testing::{assert_exact, random};
use crate::pad_rootfs::{DEFAULT_KIB, Rule};

/// The layout text again, in Python.
const SCRIPT: &str = r#"
import struct, sys, zlib
def total(data):
    n = sum(struct.unpack('<%dH' % (len(data) // 2), data[:len(data) // 2 * 2]))
    while n > 0xffff:
        n = (n & 0xffff) + (n >> 16)
    return n
folder, factory = sys.argv[1:]
if factory == 'no':
    kernel, files = (open(folder + '/' + name, 'rb').read() for name in ('kernel', 'files'))
    head = struct.pack('<HBBIIIIIII', 0x2124, 3, 2, 0x80000000, len(kernel), zlib.crc32(kernel), 0x80000000,
                       0x10000 + 56 + len(kernel), len(files), zlib.crc32(files))
    end = struct.pack('<HH', 40, 0)
    head += struct.pack('<I', zlib.crc32(head + bytes(4) + end)) + end
    tag = struct.pack('<BBHIIH', 4, 4, 0x2b24, 0x1234567, len(head) + len(kernel), total(head + kernel))
    out = tag + struct.pack('<H', 0xffff - total(tag)) + head + kernel + files
else:
    data = open(folder + '/files', 'rb').read()
    out = b'DLK6E6010001' + struct.pack('<HHIIHBBIIIII4I', 0, total(data), 0, 0, 0, 1, 0, 0x1234567, 0x10000, 0x7e0000,
                                        0x10000, len(data), 0, 0, 0, 0)
    out += struct.pack('<HHHBBIH', 0x4842, 2, 0, 4, 4, 0, 0x6e60)
    out += struct.pack('<H', 0xffff - total(out)) + data
sys.stdout.buffer.write(out)
"#;

fn python(kernel: &[u8], files: &[u8], factory: bool) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("kernel"), kernel).unwrap();
    std::fs::write(dir.path().join("files"), files).unwrap();
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(dir.path())
        .arg(if factory { "yes" } else { "no" })
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// `append-kernel | append-rootfs | mkdlinkfw-loader | pad-rootfs`, then perhaps `mkdlinkfw-factory`.
#[test]
fn images_are_exact() {
    let loader = random(5480, 4);
    let marks = Rule::padjffs2(&DEFAULT_KIB).unwrap();
    let image = |kernel: &[u8], rootfs: &[u8]| {
        let mut image = python(&loader, &[kernel, rootfs].concat(), false);
        image.extend(marks.padding(image.len() as u64));
        image
    };
    let opened = assert_exact(image);
    let names: Vec<_> = opened
        .container
        .layers()
        .iter()
        .map(|l| l.layout.kind())
        .collect();
    assert_eq!(names, ["jboot", "plain"]);
    let opened = assert_exact(|kernel, rootfs| python(&[], &image(kernel, rootfs), true));
    let layers = opened.container.layers();
    assert_eq!(layers[0].layout.kind(), "jboot factory");
    assert_eq!(layers[0].facts[0].value, "DLK6E6010001");
}

/// By hand.
#[test]
fn sums_carry() {
    assert_eq!(sum(&[0xff, 0xff, 2, 0]), 2);
    assert_eq!(sum(&[1, 2, 3, 4]), 0x0604);
    assert_eq!(sum(&[]), 0);
    assert_eq!(sum(&[0, 1, 0xff]), 0x100);
}
