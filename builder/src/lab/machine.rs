//! The lab machines: which there are and what is fixed about each.

use std::fmt;

/// A machine that QEMU plays. Each stands for a kind of router CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Machine {
    /// Malta board, 24Kc, big endian: as ath79.
    Mips,
    /// Malta board, 24Kc class, little endian: as ramips.
    Mipsel,
    /// `virt` board, Cortex-A15: as ipq40xx.
    Armv7,
    /// `virt` board, Cortex-A53: as filogic.
    Aarch64,
}

/// Where a machine's kernel and BusyBox come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Debian's binary packages of this architecture; the kernel package is what `linux-image-FLAVOUR` depends on.
    Packages {
        architecture: &'static str,
        flavour: &'static str,
    },
    /// Debian's sources, cross-compiled: Debian 12 has no big-endian MIPS.
    Sources,
}

impl Machine {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Self; 4] = [Self::Mips, Self::Mipsel, Self::Armv7, Self::Aarch64];

    /// `mips`, `mipsel`, `armv7`, `aarch64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mips => "mips",
            Self::Mipsel => "mipsel",
            Self::Armv7 => "armv7",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The device id in profiles, also the board name that `sysupgrade` compares: `lab-mips`, ...
    pub fn device_id(self) -> &'static str {
        match self {
            Self::Mips => "lab-mips",
            Self::Mipsel => "lab-mipsel",
            Self::Armv7 => "lab-armv7",
            Self::Aarch64 => "lab-aarch64",
        }
    }

    /// The machine of a profile's device id, or of its bare name.
    pub fn from_device(device: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|machine| device == machine.device_id() || device == machine.name())
    }

    /// What the machine calls itself in `/tmp/sysinfo/model`.
    pub fn model(self) -> &'static str {
        match self {
            Self::Mips => "Clommunity lab, QEMU Malta (MIPS, big endian)",
            Self::Mipsel => "Clommunity lab, QEMU Malta (MIPS, little endian)",
            Self::Armv7 => "Clommunity lab, QEMU virt (ARMv7)",
            Self::Aarch64 => "Clommunity lab, QEMU virt (AArch64)",
        }
    }

    pub(super) fn origin(self) -> Origin {
        match self {
            Self::Mips => Origin::Sources,
            Self::Mipsel => Origin::Packages {
                architecture: "mipsel",
                flavour: "4kc-malta",
            },
            Self::Armv7 => Origin::Packages {
                architecture: "armhf",
                flavour: "armmp-lpae",
            },
            Self::Aarch64 => Origin::Packages {
                architecture: "arm64",
                flavour: "arm64",
            },
        }
    }

    /// `DISTRIB_TARGET` and `DISTRIB_ARCH` of `/etc/openwrt_release`: the nearest that OpenWrt has.
    pub(super) fn target(self) -> (&'static str, &'static str) {
        match self {
            Self::Mips => ("malta/be", "mips_24kc"),
            Self::Mipsel => ("malta/le", "mipsel_24kc"),
            Self::Armv7 => ("armsr/armv7", "arm_cortex-a15_neon-vfpv4"),
            Self::Aarch64 => ("armsr/armv8", "aarch64_generic"),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
