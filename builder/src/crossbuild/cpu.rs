//! The kinds of CPU that routers have, and what a binary for each must look like.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::profile::resolve::CpuKind;

/// A kind of CPU: one static binary serves all routers of a kind.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Cpu {
    /// MIPS32 release 2, big endian, soft float: ath79, lantiq (`mips_24kc`).
    Mips,
    /// MIPS32 release 2, little endian, soft float: ramips (`mipsel_24kc`), later bcm47xx (`mipsel_74kc`).
    Mipsel,
    /// ARMv7-A with VFPv3-D16 or better: ipq40xx, ipq806x, mvebu (`arm_cortex-a7_neon-vfpv4`, ...).
    Armv7Hf,
    /// ARMv7-A without floating point: bcm53xx (`arm_cortex-a9`).
    Armv7Sf,
    /// ARMv8-A, 64 bits: filogic, qualcommax, rockchip (`aarch64_cortex-a53`, `aarch64_generic`).
    Aarch64,
}

impl From<CpuKind> for Cpu {
    fn from(kind: CpuKind) -> Self {
        match kind {
            CpuKind::Mips => Self::Mips,
            CpuKind::Mipsel => Self::Mipsel,
            CpuKind::Armv7Hf => Self::Armv7Hf,
            CpuKind::Armv7Sf => Self::Armv7Sf,
            CpuKind::Aarch64 => Self::Aarch64,
        }
    }
}

impl Cpu {
    /// All kinds, in the order in which they are listed to people.
    pub const ALL: [Self; 5] = [
        Self::Mips,
        Self::Mipsel,
        Self::Armv7Hf,
        Self::Armv7Sf,
        Self::Aarch64,
    ];

    /// The name in profiles and on the command line: `mips`, `mipsel`, `armv7hf`, `armv7sf`, `aarch64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mips => "mips",
            Self::Mipsel => "mipsel",
            Self::Armv7Hf => "armv7hf",
            Self::Armv7Sf => "armv7sf",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The kind that packages of this architecture of OpenWrt's are for, `mipsel_24kc`; `None` for those that the agent does not support
    /// (older than ARMv7, 64-bit MIPS, ...).
    pub fn of_packages(architecture: &str) -> Option<Self> {
        let (family, model) = architecture.split_once('_')?;
        let float = ["vfp", "neon"].iter().any(|part| model.contains(part));
        match family {
            "mips" => Some(Self::Mips),
            "mipsel" => Some(Self::Mipsel),
            "aarch64" => Some(Self::Aarch64),
            "arm" if model.starts_with("cortex-a") && float => Some(Self::Armv7Hf),
            "arm" if model.starts_with("cortex-a") => Some(Self::Armv7Sf),
            _ => None,
        }
    }

    /// The compiler's target triple.
    pub fn triple(self) -> &'static str {
        match self {
            Self::Mips => "mips-unknown-linux-musl",
            Self::Mipsel => "mipsel-unknown-linux-musl",
            Self::Armv7Hf => "armv7-unknown-linux-musleabihf",
            Self::Armv7Sf => "armv7-unknown-linux-musleabi",
            Self::Aarch64 => "aarch64-unknown-linux-musl",
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_of_packages_are_kinds_of_cpus() {
        for (architecture, cpu) in [
            ("mips_24kc", Some(Cpu::Mips)),
            ("mipsel_74kc", Some(Cpu::Mipsel)),
            ("arm_cortex-a7_neon-vfpv4", Some(Cpu::Armv7Hf)),
            ("arm_cortex-a9_vfpv3-d16", Some(Cpu::Armv7Hf)),
            ("arm_cortex-a9", Some(Cpu::Armv7Sf)),
            ("arm_arm926ej-s", None),
            ("aarch64_generic", Some(Cpu::Aarch64)),
            ("mips64_octeonplus", None),
            ("x86_64", None),
            ("all", None),
        ] {
            assert_eq!(Cpu::of_packages(architecture), cpu, "{architecture}");
        }
    }
}
