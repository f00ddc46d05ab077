//! Writes cpio archives of the "new" ASCII kind (magic 070701), which the kernel unpacks as its first root.
//! Format: the kernel's `Documentation/driver-api/early-userspace/buffer-format.rst`.

/// An archive in the making.
#[derive(Debug, Default)]
pub(super) struct Cpio {
    bytes: Vec<u8>,
    inode: u32,
}

const DIR: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;
const CHAR: u32 = 0o020_000;

impl Cpio {
    /// A directory.
    pub(super) fn dir(&mut self, path: &str, mode: u32) {
        self.entry(path, DIR | mode, (0, 0), b"");
    }

    /// A regular file.
    pub(super) fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.entry(path, FILE | mode, (0, 0), content);
    }

    /// A symbolic link.
    pub(super) fn symlink(&mut self, path: &str, target: &str) {
        self.entry(path, SYMLINK | 0o777, (0, 0), target.as_bytes());
    }

    /// A character device.
    pub(super) fn char_device(&mut self, path: &str, mode: u32, major: u32, minor: u32) {
        self.entry(path, CHAR | mode, (major, minor), b"");
    }

    /// The archive, with its trailer.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.inode = 0;
        self.entry("TRAILER!!!", 0, (0, 0), b"");
        self.bytes
    }

    /// One entry, owned by root, of time 0. Files longer than 4 GiB do not exist in an initramfs.
    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        let links = if mode & 0o170_000 == DIR { 2 } else { 1 };
        let fields = [
            self.inode,
            mode,
            0,
            0,
            links,
            0,
            content.len() as u32,
            0,
            0,
            device.0,
            device.1,
            path.len() as u32 + 1,
            0,
        ];
        self.inode += 1;
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// GNU cpio (or BusyBox's) lists and unpacks what was written.
    #[test]
    fn another_cpio_reads_it() {
        let mut cpio = Cpio::default();
        cpio.dir("bin", 0o755);
        cpio.file("bin/a", 0o750, b"hello");
        cpio.file("empty", 0o644, b"");
        cpio.symlink("bin/b", "a");
        let bytes = cpio.finish();
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new("cpio")
            .args(["-i", "-d", "-v"])
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cpio is needed: apt-get install cpio");
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let listed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(listed.starts_with("bin\nbin/a\nempty\nbin/b\n"), "{listed}");
        assert_eq!(std::fs::read(dir.path().join("bin/b")).unwrap(), b"hello");
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir.path().join("bin/a"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o750);
    }

    #[test]
    fn headers_are_as_the_kernel_documents_them() {
        let mut cpio = Cpio::default();
        cpio.char_device("c", 0o600, 5, 1);
        let bytes = cpio.finish();
        let header = String::from_utf8(bytes[..110].to_vec()).unwrap();
        let fields = [
            "070701", "00000000", "00002180", "00000000", "00000000", "00000001", "00000000",
            "00000000", "00000000", "00000000", "00000005", "00000001", "00000002", "00000000",
        ];
        assert_eq!(header, fields.concat());
        assert_eq!(&bytes[110..112], b"c\0");
        assert!(bytes.len().is_multiple_of(4));
    }
}
