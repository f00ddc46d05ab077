//! The first root of the machines whose kernel is modular: loads the modules, mounts the squashfs, hands over.

use std::io::Write;

use flate2::{Compression, GzBuilder};

use super::cpio::Cpio;
use super::modules::Module;

/// The first program. It leaves `/proc`, `/sys` and `/dev` mounted for the real root's init.
pub(super) const INIT: &str = include_str!("initramfs-init.sh");

/// The archive, compressed by gzip. The same input gives the same bytes.
pub(super) fn build(busybox: &[u8], modules: &[Module]) -> std::io::Result<Vec<u8>> {
    let mut cpio = Cpio::default();
    for dir in ["bin", "dev", "proc", "sys", "root", "modules"] {
        cpio.dir(dir, 0o755);
    }
    // Before devtmpfs is mounted, the kernel itself opens these.
    cpio.char_device("dev/console", 0o600, 5, 1);
    cpio.char_device("dev/null", 0o666, 1, 3);
    cpio.file("bin/busybox", 0o755, busybox);
    cpio.symlink("bin/sh", "busybox");
    cpio.file("init", 0o755, INIT.as_bytes());
    for (at, module) in modules.iter().enumerate() {
        let path = format!("modules/{at:02}-{}.ko", module.name);
        cpio.file(&path, 0o644, &module.bytes);
    }
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    gzip.write_all(&cpio.finish())?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let modules = [Module {
            name: "a".into(),
            bytes: vec![1, 2, 3],
        }];
        let one = build(b"busybox", &modules).unwrap();
        assert_eq!(one, build(b"busybox", &modules).unwrap());
        assert_eq!(&one[..2], b"\x1f\x8b");
        assert_eq!(&one[4..8], [0; 4], "no time in the header");
    }
}
