//! Binaries that were cross-compiled elsewhere: a folder of them replaces the source and the toolchain.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::cpu::Cpu;
use super::program::Program;
use super::{AgentBinary, elf, store};
use crate::failure::{Class, Failure, OrFail};

/// The file's name in such a folder: `clomd-mips-lite`, `clom-lab-aarch64`.
pub(super) fn file_name(program: Program, cpu: Cpu) -> String {
    match program {
        Program::Agent(tier) => format!("clomd-{cpu}-{tier}"),
        Program::LabTools => format!("clom-lab-{cpu}"),
    }
}

/// The folder `$CLOM_AGENTS`, if set.
pub(super) fn folder() -> Option<PathBuf> {
    std::env::var_os("CLOM_AGENTS")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The binary of this folder, checked to be one for this CPU; `None` when the folder has none.
pub(super) fn get(
    folder: &Path,
    program: Program,
    cpu: Cpu,
) -> Result<Option<AgentBinary>, Failure> {
    let path = folder.join(file_name(program, cpu));
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => {
            return Ok(None);
        }
        Err(error) => {
            return Err(error)
                .with_context(|| format!("CLOM_AGENTS: {}", path.display()))
                .or_fail(Class::Source);
        }
    };
    elf::check(cpu, &bytes)
        .with_context(|| format!("CLOM_AGENTS: {}", path.display()))
        .or_fail(Class::Source)?;
    Ok(Some(AgentBinary {
        sha256: hex::encode(Sha256::digest(&bytes)),
        raw_bytes: bytes.len() as u64,
        xz_bytes: store::xz_size(&bytes).or_fail(Class::Other)?,
        path,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crossbuild::Tier;

    #[test]
    fn a_file_that_is_no_binary_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Program::Agent(Tier::Lite);
        assert_eq!(get(dir.path(), agent, Cpu::Mips).unwrap(), None);
        fs::write(
            dir.path().join("clomd-mips-lite"),
            "#!/bin/sh\nexit 0\n# long enough",
        )
        .unwrap();
        let failure = get(dir.path(), agent, Cpu::Mips).unwrap_err();
        assert_eq!(failure.class(), Class::Source);
        assert!(
            failure
                .to_string()
                .contains("clomd-mips-lite: not an ELF file")
        );
    }

    #[test]
    fn a_folder_that_is_missing_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let failure = get(&dir.path().join("none"), Program::LabTools, Cpu::Mips).unwrap_err();
        assert_eq!(failure.class(), Class::Source);
    }
}
