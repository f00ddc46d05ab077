//! QEMU's command line for each lab machine.
//!
//! What was learnt the hard way: Debian's QEMU without its recommended packages lacks option ROMs (`romfile=`); virtio
//! over MMIO numbers its disks backwards (so PCI everywhere); Malta's kernel knows the interrupts of PCI
//! slots 18 to 21 only, which is why there are just two disks and two network cards.

use std::ffi::OsString;
use std::path::Path;

use super::network::Network;
use crate::lab::Machine;

/// What a machine is started with.
#[derive(Debug, Clone)]
pub struct Boot<'a> {
    /// Which machine.
    pub machine: Machine,
    /// The kernel.
    pub kernel: &'a Path,
    /// The first root, for modular kernels.
    pub initramfs: Option<&'a Path>,
    /// The disk with the squashfs, raw.
    pub root: &'a Path,
    /// The disk with the overlay, raw.
    pub overlay: &'a Path,
    /// How its network cards are connected.
    pub network: &'a Network,
    /// Memory in MiB.
    pub memory: u32,
    /// Who has the serial console.
    pub console: Console,
}

/// Who has the serial console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Console {
    /// The user's terminal, with QEMU's monitor behind Ctrl-A.
    Terminal,
    /// A program, through QEMU's standard input and output.
    Program,
}

/// The QEMU program of a machine and the Debian package that has it.
pub fn program(machine: Machine) -> (&'static str, &'static str) {
    match machine {
        Machine::Mips => ("qemu-system-mips", "qemu-system-mips"),
        Machine::Mipsel => ("qemu-system-mipsel", "qemu-system-mips"),
        Machine::Armv7 => ("qemu-system-arm", "qemu-system-arm"),
        Machine::Aarch64 => ("qemu-system-aarch64", "qemu-system-arm"),
    }
}

/// QEMU's arguments.
pub fn arguments(boot: &Boot<'_>) -> Vec<OsString> {
    let (board, cpu, serial) = match boot.machine {
        Machine::Mips => ("malta", "24Kc", "ttyS0"),
        // The package's kernel is built for a CPU with floating point registers.
        Machine::Mipsel => ("malta", "24Kf", "ttyS0"),
        Machine::Armv7 => ("virt", "cortex-a15", "ttyAMA0"),
        Machine::Aarch64 => ("virt", "cortex-a53", "ttyAMA0"),
    };
    let mut out: Vec<OsString> = Vec::new();
    let mut add = |words: &[&str]| out.extend(words.iter().map(OsString::from));
    add(&["-M", board, "-cpu", cpu]);
    add(&["-m", &boot.memory.to_string()]);
    add(&["-nodefaults", "-display", "none", "-no-user-config"]);
    match boot.console {
        Console::Terminal => add(&["-serial", "mon:stdio"]),
        Console::Program => add(&[
            "-chardev",
            "stdio,id=console,signal=off",
            "-serial",
            "chardev:console",
            "-monitor",
            "none",
        ]),
    }
    let root = if boot.initramfs.is_some() {
        // The initramfs knows where the root is.
        String::new()
    } else {
        " root=/dev/vda rootfstype=squashfs ro init=/sbin/init".to_owned()
    };
    add(&[
        "-append",
        &format!("console={serial} loglevel=4 panic=10{root}"),
    ]);
    add(&["-kernel"]);
    out.push(boot.kernel.into());
    if let Some(initramfs) = boot.initramfs {
        out.push("-initrd".into());
        out.push(initramfs.into());
    }
    for (slot, id, file) in [(0x12, "root", boot.root), (0x13, "overlay", boot.overlay)] {
        let mut drive = OsString::from(format!("if=none,id={id},format=raw,file="));
        drive.push(escaped(file));
        out.push("-drive".into());
        out.push(drive);
        out.push("-device".into());
        out.push(format!("virtio-blk-pci,drive={id},addr={slot:#x},romfile=").into());
    }
    for (slot, card) in [0x14, 0x15].into_iter().zip(&boot.network.cards) {
        let id = &card.id;
        out.push("-netdev".into());
        out.push(card.netdev().into());
        out.push("-device".into());
        out.push(
            format!(
                "virtio-net-pci,netdev={id},mac={},addr={slot:#x},romfile=",
                card.mac
            )
            .into(),
        );
    }
    out
}

/// A comma ends an option's value unless it is doubled.
fn escaped(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let bytes = path.as_os_str().as_bytes();
    OsString::from_vec(bytes.iter().fold(Vec::new(), |mut out, byte| {
        out.push(*byte);
        if *byte == b',' {
            out.push(b',');
        }
        out
    }))
}

#[cfg(test)]
mod tests {
    use super::super::network::Forward;
    use super::*;

    fn line(machine: Machine, console: Console) -> String {
        let network = Network::new(
            &[Some(("10.7.1.1".parse().unwrap(), 24)), None],
            &[Forward {
                host: 18100,
                guest: 8100,
            }],
            7,
        )
        .unwrap();
        let initramfs = Path::new("/c/initramfs.cpio.gz");
        let boot = Boot {
            machine,
            kernel: Path::new("/c/kernel"),
            initramfs: (machine != Machine::Mips).then_some(initramfs),
            root: Path::new("/w/a,b/root.img"),
            overlay: Path::new("/w/a,b/overlay.img"),
            network: &network,
            memory: 256,
            console,
        };
        let words: Vec<String> = arguments(&boot)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        words.join("\n")
    }

    #[test]
    fn command_lines() {
        insta::assert_snapshot!("mips", line(Machine::Mips, Console::Program));
        insta::assert_snapshot!("mipsel", line(Machine::Mipsel, Console::Program));
        insta::assert_snapshot!("armv7", line(Machine::Armv7, Console::Terminal));
        insta::assert_snapshot!("aarch64", line(Machine::Aarch64, Console::Program));
    }
}
