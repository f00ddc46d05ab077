//! Images for tests, and `clom` on them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with images.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
}

/// The root file system's files.
const ROOT: &str = r#"
mkdir -p root/{etc/config,bin,dev,tmp,lib/modules/6.6.73,usr/lib/opkg}
chmod 1777 root/tmp; ln -s tmp root/var; ln -s busybox root/bin/sh
(yes busybox || true) | head -c 300000 > root/bin/busybox; chmod 4755 root/bin/busybox
printf "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.1'\nDISTRIB_REVISION='r28597-0425664679'\nDISTRIB_TARGET='acme/r1'\n" > root/etc/openwrt_release
printf 'NAME="OpenWrt"\nVERSION="24.10.1"\n' > root/usr/lib/os-release; ln -s ../usr/lib/os-release root/etc/os-release
printf 'Package: base-files\nVersion: 1\nStatus: install user installed\n\nPackage: busybox\nVersion: 1.36.1-2\nStatus: install user installed\n\n' \
  > root/usr/lib/opkg/status
printf "config interface 'lan'\n\toption ipaddr '192.168.1.1'\n\tlist dns '9.9.9.9'\nconfig route\n\toption target '10.0.0.0'\n" > root/etc/config/network
head -c 40000 /dev/zero | openssl enc -aes-128-ctr -nosalt -pass pass:f -out root/lib/firmware.bin 2>/dev/null
echo secret > root/etc/shadow; chmod 600 root/etc/shadow; echo hello > root/etc/banner
chmod -R u=rwX root/etc/config
"#;

/// `python3 make.py KERNEL SQUASHFS OUT [SIGNATURE]`: OpenWrt's plain image with markers for one erase block, and fwtool's trailer.
const MAKE: &str = r#"
import struct, sys, zlib
kernel, root = (open(name, "rb").read() for name in sys.argv[1:3])
image = kernel + bytes(-len(kernel) % 65536) + root
image += b"\xff" * (-len(image) % 65536) + b"\xde\xad\xc0\xde"
def chunk(kind, data):
    global image
    image += data
    crc = zlib.crc32(image) ^ 0xffffffff
    image += b"FWx0" + struct.pack(">IB3xI", crc, kind, len(data) + 16)
text = b'{  "metadata_version": "1.1", "compat_version": "1.0",   "supported_devices":["acme,r1","acme,r1-old"], "version": { "dist": "OpenWrt", "version": "24.10.1", "revision": "r28597-0425664679", "target": "acme/r1", "board": "acme_r1" } }\n'
chunk(1, bytes(8) + text)
if len(sys.argv) > 4:
    chunk(0, b"\x00\x00\x00\x60untrusted comment: signed by key 1035ac73cc4e59e3\n" + bytes(60))
open(sys.argv[3], "wb").write(image)
"#;

/// How OpenWrt calls mksquashfs.
const MKSQUASHFS: &str = "-nopad -noappend -root-owned -comp xz -b 256k -no-xattrs -mkfs-time 1700000000 -all-time 1700000000 -quiet -no-progress";

impl Fixture {
    /// `root/`, `root.squashfs`, `kernel.uimage`, `image.bin` and, with a signature, `signed.bin`.
    pub(crate) fn new() -> Self {
        let fixture = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fixture.write("make.py", MAKE.as_bytes());
        fixture.sh(ROOT);
        fixture.sh(
            "head -c 200000 /dev/zero | openssl enc -aes-128-ctr -nosalt -pass pass:k -out kernel.raw 2>/dev/null
            SOURCE_DATE_EPOCH=1700000000 mkimage -A mips -O linux -T kernel -C lzma -a 0x80060000 -e 0x80060400 \
              -n 'MIPS OpenWrt Linux-6.6.73' -d kernel.raw kernel.uimage >/dev/null",
        );
        fixture.squashfs("root", "root.squashfs");
        fixture.make("root.squashfs", "image.bin");
        fixture.sh("python3 make.py kernel.uimage root.squashfs signed.bin signed");
        fixture
    }

    /// `folder` as the squashfs `out`, by mksquashfs.
    pub(crate) fn squashfs(&self, folder: &str, out: &str) {
        self.sh(&format!(
            "mksquashfs {folder} {out} {MKSQUASHFS} >/dev/null"
        ));
    }

    /// The image `out` with this root file system, by Python.
    pub(crate) fn make(&self, squashfs: &str, out: &str) {
        self.sh(&format!("python3 make.py kernel.uimage {squashfs} {out}"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a shell script in the folder; its standard output.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = Command::new("bash")
            .args(["-eu", "-c", script])
            .current_dir(self.dir.path())
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// `clom` with these arguments, in this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clom"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"));
        command
    }

    pub(crate) fn clom(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// `clom` with the file `input` as standard input.
    pub(crate) fn piped(&self, input: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        let file = fs::File::open(self.path(input)).unwrap();
        command.stdin(Stdio::from(file)).output().unwrap()
    }

    /// Standard output of a run that must succeed.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let output = self.clom(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON objects of a run.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.clom(&[&["--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Exit code, standard output and standard error, the folder's path taken out.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let output = self.clom(arguments);
        let text = format!(
            "exit code {}\n{}{}",
            output.status.code().unwrap_or(-1),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        text.replace(&*self.dir.path().to_string_lossy(), "DIR")
    }

    /// `image.bin` with one byte changed, as `name`.
    pub(crate) fn damaged(&self, name: &str, at: usize) {
        let mut bytes = self.read("image.bin");
        bytes[at] ^= 1;
        self.write(name, &bytes);
    }
}

/// Compares with a snapshot, lengths and checksums that depend on the compressor's version taken out.
#[macro_export]
macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({filters => vec![
            (r"0x[0-9a-f]{6,}", "0xPLACE"),
            (r"\b[0-9a-f]{64}\b", "SHA256"),
            (r"\b[0-9a-f]{8}\b", "SUM"),
            (r" *\b\d{5,7}\b", " LEN"),
            (r" *\b\d+\.\d [KM]iB", " SIZE"),
            (r"[▏▕▓█░▒? ]{20,}▕", "BAR"),
        ]}, { insta::assert_snapshot!($name, $text); });
    };
}
