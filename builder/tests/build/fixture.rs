//! A profile library, a donor image and an agent for tests, and `clom` on them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with all that a build needs.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
}

const DEVICE: &str = r#"
[device]
title = "Acme R1"
cpu = "aarch64"
target = "acme/r1"
supported_devices = ["acme,r1"]
image_limit = "8M"
ports = { lan = ["eth0"] }
[source]
donor = "../donor.bin"
"#;

const SITE: &str = r#"
community = "village"
[identity]
hostname = "v-{node:02|mac6}"
[networks.lan]
ports = ["lan"]
addresses = ["192.168.9.1/24"]
[overlays.extra]
path = "../extra"
modes = { "/etc/secretish" = "0600" }
owners = { "/etc/secretish" = "0:65534" }
[files."/etc/motd"]
content = "hello\n"
[first_boot.once]
script = "exit 0\n"
[services]
disable = ["cron"]
[uci.uhttpd.main]
options = { listen_http = ["0.0.0.0:81"] }
"#;

impl Fixture {
    /// A library with one site and one device, an overlay, an agent, and a donor image.
    pub(crate) fn new() -> Self {
        let fixture = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fixture.write(
            "profiles/communities/village.toml",
            "[identity]\ncommunity = \"Village\"\n",
        );
        fixture.write("profiles/sites/here.toml", SITE);
        fixture.write("profiles/devices/acme_r1.toml", DEVICE);
        fixture.write(
            "profiles/extra/etc/init.d/hello",
            "#!/bin/sh /etc/rc.common\nSTART=42\nSTOP=7\n",
        );
        fixture.executable("profiles/extra/etc/init.d/hello");
        fixture.write("profiles/extra/etc/secretish", "x");
        fixture.write_bytes("agents/clomd-aarch64-lite", &agent());
        fixture.write_bytes("agents/clomd-aarch64-full", &agent());
        fixture.donor();
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn executable(&self, name: &str) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a shell script in the folder; its standard output.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes `donor.bin` the way OpenWrt does: a uImage kernel (mkimage), a squashfs (mksquashfs), padding to erase
    /// blocks with the end marker, and fwtool's trailer (by Python's zlib).
    fn donor(&self) {
        self.write(
            "root/etc/openwrt_release",
            "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.4'\n",
        );
        self.write(
            "root/etc/config/uhttpd",
            "config uhttpd main\n\tlist listen_http '0.0.0.0:80'\n\toption home '/www'\n",
        );
        self.write(
            "root/etc/init.d/cron",
            "#!/bin/sh /etc/rc.common\nSTART=50\n",
        );
        self.write(
            "root/etc/shadow",
            "root:::0:99999:7:::\ndaemon:*:0:0:99999:7:::\n",
        );
        self.write(
            "root/usr/lib/opkg/status",
            "Package: busybox\nVersion: 1.36.1-1\nStatus: install user installed\n\n",
        );
        self.sh(
            r#"
            chmod 755 root/etc/init.d/cron; chmod 600 root/etc/shadow
            mkdir -p root/etc/rc.d root/tmp root/bin; chmod 1777 root/tmp; ln -s tmp root/var
            ln -s ../init.d/cron root/etc/rc.d/S50cron
            cp /bin/bash root/bin/busybox
            head -c 300001 <(openssl enc -aes-128-ctr -nosalt -pass pass:k -in /dev/zero 2>/dev/null) > kernel.raw
            SOURCE_DATE_EPOCH=1700000000 mkimage -A arm64 -O linux -T kernel -C lzma -a 0x48080000 -e 0x48080000 -n Test -d kernel.raw kernel.uimage >/dev/null
            mksquashfs root root.squashfs -nopad -noappend -root-owned -comp xz -b 256k -no-xattrs -mkfs-time 1700000000 -all-time 1700000000 -quiet -no-progress >/dev/null
            python3 - <<'PYTHON'
import struct, zlib
kernel, root = open("kernel.uimage","rb").read(), open("root.squashfs","rb").read()
image = kernel + bytes(-len(kernel) % 65536) + root
image += b"\xff" * (-len(image) % 65536) + b"\xde\xad\xc0\xde"
text = b'{  "metadata_version": "1.1", "compat_version": "1.0",   "supported_devices":["acme,r1"], "version": { "dist": "OpenWrt", "version": "23.05.4", "revision": "r1", "target": "acme/r1", "board": "acme_r1" } }\n'
image += bytes(8) + text
crc = zlib.crc32(image) ^ 0xffffffff
image += b"FWx0" + struct.pack(">IB3xI", crc, 1, 8 + len(text) + 16)
open("donor.bin","wb").write(image)
PYTHON
            mkdir -p profiles; cp donor.bin profiles/donor.bin
            "#,
        );
    }

    /// `clom` with these arguments, in this folder, with a cache of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clom"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("CLOM_CACHE", self.path("cache"))
            .env("CLOM_AGENTS", self.path("agents"))
            .env("CLOM_PROFILES", self.path("profiles"));
        command
    }

    pub(crate) fn clom(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Builds and gives the result's folder.
    pub(crate) fn build(&self, arguments: &[&str]) -> PathBuf {
        let all: Vec<&str> = ["build", "here", "-d", "acme_r1"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let output = self.clom(&all);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        self.path(text.lines().next().expect("the result's folder"))
    }

    /// What a failed run says, with the folder's path taken out, and its exit code.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let alone = [arguments, &["--no-shipped"]].concat();
        told(self.dir.path(), &self.clom(&alone))
    }
}

/// Exit code and standard error of a run that must fail; `dir` is taken out of the text.
pub(crate) fn told(dir: &Path, output: &Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).replace(&*dir.to_string_lossy(), "DIR");
    // Steps come first and tell times.
    let text: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("      ...") && !line.contains(" s  "))
        .collect();
    format!(
        "exit code {}\n{}\n",
        output.status.code().unwrap_or(-1),
        text.join("\n")
    )
}

/// The image of the result with this ending.
pub(crate) fn image(result: &Path) -> PathBuf {
    let names = fs::read_dir(result)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut images = names.filter(|path| path.extension().is_some_and(|e| e == "bin"));
    images.next().expect("an image")
}

/// A static AArch64 executable that only its header makes one: no test runs it.
fn agent() -> Vec<u8> {
    let mut elf = vec![0; 64];
    elf[..20].copy_from_slice(&[
        0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 183, 0,
    ]);
    elf[20] = 1;
    elf[52] = 64;
    elf[54] = 56;
    elf[58] = 64;
    elf.extend_from_slice(b"stands for clomd");
    elf
}
