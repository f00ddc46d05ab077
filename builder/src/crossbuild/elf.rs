//! Checks that a binary is what a router can run: the right machine, byte order and float ABI, static.

use anyhow::{anyhow, bail, ensure};
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, FileKind};

use super::cpu::Cpu;

/// `fp_abi` of a `.MIPS.abiflags` section that stands for soft float (MIPS ABI supplement, `Val_GNU_MIPS_ABI_FP_SOFT`).
const MIPS_FP_SOFT: u8 = 3;
/// Where `fp_abi` stands in that section (`Elf_MIPS_ABIFlags_v0`).
const MIPS_FP_ABI_OFFSET: usize = 7;

/// Checks one binary.
///
/// # Errors
/// When it is no ELF file, of another CPU kind or float ABI, or needs a loader or shared libraries.
pub(super) fn check(cpu: Cpu, bytes: &[u8]) -> anyhow::Result<()> {
    match FileKind::parse(bytes).map_err(|_| anyhow!("not an ELF file"))? {
        FileKind::Elf32 => check_class::<elf::FileHeader32<Endianness>>(cpu, bytes),
        FileKind::Elf64 => check_class::<elf::FileHeader64<Endianness>>(cpu, bytes),
        other => bail!("not an ELF file but {other:?}"),
    }
}

fn check_class<H: FileHeader<Endian = Endianness>>(cpu: Cpu, bytes: &[u8]) -> anyhow::Result<()> {
    let header = H::parse(bytes)?;
    let endian = header.endian()?;
    let found = (header.e_machine(endian), header.is_class_64(), endian);
    let wanted = match cpu {
        Cpu::Mips => (elf::EM_MIPS, false, Endianness::Big),
        Cpu::Mipsel => (elf::EM_MIPS, false, Endianness::Little),
        Cpu::Armv7Hf | Cpu::Armv7Sf => (elf::EM_ARM, false, Endianness::Little),
        Cpu::Aarch64 => (elf::EM_AARCH64, true, Endianness::Little),
    };
    ensure!(
        found == wanted,
        "built for another CPU than {cpu}: machine, 64-bit, byte order are {found:?}, not {wanted:?}"
    );
    ensure!(
        header.e_type(endian) == elf::ET_EXEC,
        "ELF type {} instead of a static executable at a fixed address: a static-pie crashes at start on MIPS",
        header.e_type(endian)
    );
    for segment in header.program_headers(endian, bytes)? {
        match segment.p_type(endian) {
            elf::PT_INTERP => bail!("needs a dynamic loader"),
            elf::PT_DYNAMIC => bail!("needs shared libraries"),
            _ => {}
        }
    }
    check_float_abi(cpu, header, endian, bytes)
}

fn check_float_abi<H: FileHeader<Endian = Endianness>>(
    cpu: Cpu,
    header: &H,
    endian: Endianness,
    bytes: &[u8],
) -> anyhow::Result<()> {
    let flags = header.e_flags(endian);
    match cpu {
        Cpu::Armv7Hf => ensure!(
            flags & elf::EF_ARM_ABI_FLOAT_HARD != 0,
            "ARM flags {flags:#x} do not say hard float"
        ),
        Cpu::Armv7Sf => ensure!(
            flags & elf::EF_ARM_ABI_FLOAT_HARD == 0,
            "ARM flags {flags:#x} say hard float"
        ),
        Cpu::Mips | Cpu::Mipsel => {
            let sections = header.sections(endian, bytes)?;
            let (_, section) = sections
                .section_by_name(endian, b".MIPS.abiflags")
                .ok_or_else(|| anyhow!("no section .MIPS.abiflags: cannot tell its float ABI"))?;
            let fp = section.data(endian, bytes)?.get(MIPS_FP_ABI_OFFSET);
            ensure!(
                fp == Some(&MIPS_FP_SOFT),
                "float ABI {fp:?} of .MIPS.abiflags is not soft float ({MIPS_FP_SOFT})"
            );
        }
        Cpu::Aarch64 => {}
    }
    Ok(())
}
