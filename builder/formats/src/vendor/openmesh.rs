//! OpenMesh's image: a header of text, a script for the boot loader, kernel and root file system.
//!
//! ```text
//! 0x00  "CE01", name of the device (32, blanks behind), number of files (2 hexadecimal digits)
//! 0x26  each file: name (32, blanks behind), length (8 hexadecimal digits), MD5 (32 hexadecimal digits)
//!       zeros to 64 KiB
//!       fwupgrade.cfg ‖ kernel ‖ rootfs
//! ```
//!
//! `fwupgrade.cfg` states for kernel and root file system hashes, addresses and what to set in the boot loader; MD5 of the root
//! file system also of its first blocks alone, for it is checked against the flash. Source: OpenWrt's
//! `om-fwupgradecfg-gen.sh` and `combined-ext-image.sh`.

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::layer::{Check, Error, Format, Opened, Part, Role, text};

const HEADER: usize = 0x1_0000;
const ENTRIES: usize = 38;
const ENTRY: usize = 72;
const NAMES: [&str; 3] = ["fwupgrade.cfg", "kernel", "rootfs"];
/// What the root file system is checked in, bytes.
const BLOCK: usize = 65536;

/// The device and its script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the device in the header.
    device: String,
    /// The script as it is in the donor.
    script: String,
    flash: Flash,
}

/// What the script states of the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flash {
    /// The kernel's address in bytes.
    kernel_at: usize,
    /// Room for kernel and root file system in KiB.
    room: usize,
    /// Whether lengths are hexadecimal numbers of bytes; else decimal ones of KiB.
    bytes: bool,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "openmesh-image"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let three = image.get(36..38)? == b"03";
        (image.starts_with(b"CE01") && three && image.len() > HEADER).then(|| open(image))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, rootfs] = parts else {
            return Err(Error::damaged(
                0,
                "such an image has a kernel and a root file system",
            ));
        };
        let room = (self.flash.room * 1024).saturating_sub(kernel.len() / 1024 * 1024);
        if rootfs.len() > room {
            return Err(Error::too_long(
                "the root file system",
                rootfs.len(),
                room as u64,
            ));
        }
        let script = self.flash.write(&self.script, kernel, rootfs);
        let files = [script.as_bytes(), kernel, rootfs];
        let mut image = format!("CE01{:<32}{:02x}", self.device, files.len()).into_bytes();
        for (name, file) in NAMES.iter().zip(files) {
            let entry = format!("{name:<32}{:08x}{}", file.len(), md5(file));
            image.extend_from_slice(entry.as_bytes());
        }
        image.resize(HEADER, 0);
        files.iter().for_each(|file| image.extend_from_slice(file));
        Ok(image)
    }
}

impl Flash {
    /// What a script states; `None` when it is none.
    fn read(script: &str, kernel: usize) -> Option<Self> {
        let line = script.lines().find(|line| line.starts_with("flashaddr="))?;
        let kernel_at = usize::from_str_radix(line.strip_prefix("flashaddr=0x")?, 16).ok()?;
        let (_, size) = script.split_once("rootfs_size_1 ")?;
        let size = size.split(';').next()?;
        let bytes = size.starts_with("0x");
        let kib = match size.strip_prefix("0x") {
            Some(hex) => usize::from_str_radix(hex, 16).ok()? / 1024,
            None => size.parse().ok()?,
        };
        let room = kib
            .checked_add(kernel / 1024)
            .filter(|room| *room < 1 << 22)?;
        Some(Self {
            kernel_at,
            room,
            bytes,
        })
    }

    fn size(self, kib: usize) -> String {
        if self.bytes {
            format!("0x{:08x}", kib * 1024)
        } else {
            kib.to_string()
        }
    }

    /// The script with what it states of kernel and root file system made anew.
    fn write(self, script: &str, kernel: &[u8], rootfs: &[u8]) -> String {
        let kernel_kib = kernel.len() / 1024;
        let end = rootfs.len().saturating_sub(4);
        let checked = &rootfs[..end / BLOCK * BLOCK];
        let kernel_size = self.size(kernel_kib);
        let rootfs_size = self.size(self.room.saturating_sub(kernel_kib));
        let mut of_rootfs = false;
        let line = |line: &str| {
            of_rootfs |= line == "[rootfs]";
            let file = if of_rootfs { rootfs } else { kernel };
            let Some((key, value)) = line.split_once('=') else {
                return format!("{line}\n");
            };
            let value = match key {
                "md5sum" if of_rootfs => md5(checked),
                "md5sum" | "filemd5sum" => md5(file),
                "filesha256sum" => hex(&Sha256::digest(file)),
                "flashaddr" if of_rootfs => format!("0x{:x}", self.kernel_at + kernel_kib * 1024),
                "checksize" if of_rootfs => format!("0x{end:x}"),
                "cmd_success" => {
                    let value = set(value, "kernel_size_1 ", &kernel_size);
                    set(&value, "rootfs_size_1 ", &rootfs_size)
                }
                _ => value.to_owned(),
            };
            format!("{key}={value}\n")
        };
        script.lines().map(line).collect()
    }
}

/// `command` with the word behind `name` replaced.
fn set(command: &str, name: &str, value: &str) -> String {
    match command.split_once(name) {
        Some((before, rest)) => {
            let end = rest.find(';').unwrap_or(rest.len());
            format!("{before}{name}{value}{}", &rest[end..])
        }
        None => command.to_owned(),
    }
}

fn open(image: &[u8]) -> Result<Opened<Layout>, Error> {
    let device = text(image, 4, 32).trim_end().to_owned();
    let mut files = Vec::new();
    let mut checks = Vec::new();
    let mut at = HEADER;
    for (index, name) in NAMES.iter().enumerate() {
        let entry = ENTRIES + index * ENTRY;
        let len = usize::from_str_radix(&text(image, entry + 32, 8), 16);
        let len =
            len.map_err(|_| Error::damaged(entry + 32, "a length is no hexadecimal number"))?;
        if text(image, entry, 32).trim_end() != *name {
            return Err(foreign());
        }
        let range = at..at.saturating_add(len);
        let file = image.get(range.clone()).ok_or(Error::Truncated {
            what: "a file's length in the header",
            need: range.end as u64,
            have: image.len() as u64,
        })?;
        let stored = text(image, entry + 40, 32);
        checks.push(Check {
            what: "MD5 of a file",
            at: entry as u64 + 40,
            stored,
            computed: md5(file),
        });
        at = range.end;
        files.push(range);
    }
    let [script, kernel, rootfs] = &files[..] else {
        return Err(foreign());
    };
    if at != image.len() {
        return Err(Error::damaged(at, "bytes follow that belong to no file"));
    }
    let text = std::str::from_utf8(&image[script.clone()]).map_err(|_| foreign())?;
    let flash = Flash::read(text, kernel.len()).ok_or_else(foreign)?;
    if flash.write(text, &image[kernel.clone()], &image[rootfs.clone()]) != text {
        return Err(Error::Unsupported {
            what: "its fwupgrade.cfg states otherwise of kernel and root file system than OpenWrt does \
                   (an image of an old release, or a damaged one)"
                .into(),
            cure: "Use OpenWrt's squashfs-sysupgrade image of a newer release.",
        });
    }
    let layout = Layout {
        device: device.clone(),
        script: text.to_owned(),
        flash,
    };
    let parts = vec![
        Part::at("kernel", kernel.clone(), Role::Kernel),
        Part::at("rootfs", rootfs.clone(), Role::Image),
    ];
    let mut opened = Opened::new(layout, parts).fact("device", device).fact(
        "flash",
        format!("{} KiB for kernel and root file system", flash.room),
    );
    opened.checks = checks;
    Ok(opened)
}

fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn foreign() -> Error {
    Error::Unsupported {
        what: "it is an OpenMesh image, but not as OpenWrt makes them".into(),
        cure: "Use OpenWrt's squashfs-sysupgrade image for the device.",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use crate::layer::testing::assert_exact;

    /// A digest by coreutils.
    fn sum(tool: &str, data: &[u8]) -> String {
        let mut child = Command::new(tool)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(data).unwrap();
        let out = child.wait_with_output().unwrap().stdout;
        String::from_utf8(out)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .into()
    }

    fn image(kernel: &[u8], rootfs: &[u8], hex: bool) -> Vec<u8> {
        let k = kernel.len() / 1024;
        let (km, ks) = (sum("md5sum", kernel), sum("sha256sum", kernel));
        let (rm, rs) = (sum("md5sum", rootfs), sum("sha256sum", rootfs));
        let checked = sum("md5sum", &rootfs[..(rootfs.len() - 4) / 65536 * 65536]);
        let (address, ksize, rsize) = if hex {
            (
                0x18_0000,
                format!("0x{:08x}", k * 1024),
                format!("0x{:08x}", (15616 - k) * 1024),
            )
        } else {
            (0x1c_0000, k.to_string(), (7168 - k).to_string())
        };
        let script = format!(
            "[vmlinux]\nfilename=kernel\nmd5sum={km}\nfilemd5sum={km}\nfilesha256sum={ks}\nflashaddr=0x{address:x}\n\
             checksize=0x0\ncmd_success=setenv bootseq 1,2; setenv kernel_size_1 {ksize}; saveenv\ncmd_fail=reset\n\n\
             [rootfs]\nfilename=rootfs\nmd5sum={checked}\nfilemd5sum={rm}\nfilesha256sum={rs}\nflashaddr=0x{:x}\n\
             checksize=0x{:x}\ncmd_success=setenv bootseq 1,2; setenv kernel_size_1 {ksize}; setenv rootfs_size_1 {rsize}; \
             saveenv\ncmd_fail=reset\n",
            address + k * 1024,
            rootfs.len() - 4,
        );
        let mut image = format!("CE01{:<32}03", if hex { "A42" } else { "OM2P" });
        for (name, file) in [
            ("fwupgrade.cfg", script.as_bytes()),
            ("kernel", kernel),
            ("rootfs", rootfs),
        ] {
            image += &format!("{name:<32}{:08x}{}", file.len(), sum("md5sum", file));
        }
        let mut image = image.into_bytes();
        image.resize(65536, 0);
        [&image, script.as_bytes(), kernel, rootfs].concat()
    }

    #[test]
    fn is_exact() {
        for hex in [false, true] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut root = rootfs.to_vec();
                root.resize(root.len().next_multiple_of(65536), 0xFF);
                root.extend([0xDE, 0xAD, 0xC0, 0xDE]);
                image(kernel, &root, hex)
            });
            assert!(opened.kernel.is_some());
        }
    }
}
