//! The linker and C compiler for every target: zig, driven by cargo-zigbuild, in a private Python
//! environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};

use super::lock::Lock;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// The exact versions: they decide the bytes of the C library in the agent. Zig 0.17.1 works as well, but
/// its MIPS binaries are 12 KB bigger.
const ZIG: &str = "0.16.0";
const ZIGBUILD: &str = "0.24.0";

/// What pip installs, and only these files: the wheels for x86_64 and aarch64 Linux.
const REQUIREMENTS: &str = include_str!("zig-wheels.txt");

/// Written last, so that a set-up that was interrupted is not taken for a whole one.
const COMPLETE: &str = ".complete";

/// An environment with both tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zig {
    venv: PathBuf,
}

impl Zig {
    /// The tools' versions, for people and for the cache's hash.
    pub(super) fn version() -> String {
        format!("zig {ZIG} cargo-zigbuild {ZIGBUILD}")
    }

    /// The environment, set up when it is not there yet.
    pub(super) fn obtain(cache: &Path, ui: &Ui) -> Result<Self, Failure> {
        let zig = Self {
            venv: cache.join(format!("toolchain/zig-{ZIG}-{ZIGBUILD}")),
        };
        if zig.is_complete() {
            return Ok(zig);
        }
        let _only_one = Lock::take(&cache.join("toolchain/lock"), "the linker's set-up", ui)?;
        if !zig.is_complete() {
            zig.set_up(ui)?;
        }
        Ok(zig)
    }

    /// The folder of its programs.
    pub(super) fn bin(&self) -> PathBuf {
        self.venv.join("bin")
    }

    /// `cargo-zigbuild`.
    pub(super) fn zigbuild(&self) -> PathBuf {
        self.bin().join("cargo-zigbuild")
    }

    fn is_complete(&self) -> bool {
        self.venv.join(COMPLETE).is_file() && self.zigbuild().is_file()
    }

    fn set_up(&self, ui: &Ui) -> Result<(), Failure> {
        let step = ui.step("linker", "Setting up the linker for routers");
        if self.venv.exists() {
            fs::remove_dir_all(&self.venv)
                .with_context(|| self.venv.display().to_string())
                .or_fail(Class::Host)?;
        }
        step.doing("a private Python environment");
        self.make_venv()?;
        step.doing(&format!("downloading zig {ZIG}, about 100 MB"));
        self.install()?;
        let marker = self.venv.join(COMPLETE);
        fs::write(&marker, Self::version())
            .with_context(|| marker.display().to_string())
            .or_fail(Class::Host)?;
        step.done(&Self::version());
        Ok(())
    }

    /// A virtual environment cannot be moved once made, so it is made in its final place.
    fn make_venv(&self) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        for python in ["/usr/bin/python3", "python3"] {
            let mut command = Command::new(python);
            super::environment::clean(&mut command);
            match command.args(["-m", "venv"]).arg(&self.venv).output() {
                Ok(output) if output.status.success() => return Ok(()),
                Ok(output) => wrong.push(format!("{python}: {}", last_words(&output))),
                Err(error) => wrong.push(format!("{python}: {error}")),
            }
        }
        Err(Failure::new(
            Class::Host,
            anyhow!(
                "cannot make a Python environment for the linker ({})",
                wrong.join("; ")
            ),
        )
        .help(
            "on Debian, run: apt-get install python3-venv\n      or let scripts/setup install it",
        ))
    }

    fn install(&self) -> Result<(), Failure> {
        let requirements = self.venv.join("zig-wheels.txt");
        fs::write(&requirements, REQUIREMENTS)
            .with_context(|| requirements.display().to_string())
            .or_fail(Class::Host)?;
        let mut command = Command::new(self.bin().join("python3"));
        super::environment::clean(&mut command);
        for elsewhere in ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"] {
            command.env_remove(elsewhere);
        }
        let output = command
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
                "--only-binary=:all:",
                "--require-hashes",
                "--requirement",
            ])
            .arg(&requirements)
            .output()
            .context("pip")
            .or_fail(Class::Host)?;
        if output.status.success() {
            return Ok(());
        }
        Err(Failure::new(
            Class::Host,
            anyhow!(
                "cannot install zig {ZIG} and cargo-zigbuild {ZIGBUILD}: {}",
                last_words(&output)
            ),
        )
        .help(
            "this needs the network once; offline, point PIP_FIND_LINKS at a folder with the wheels \
             ziglang and cargo-zigbuild of these versions and set PIP_NO_INDEX=1",
        ))
    }
}

/// The last line that a failed program wrote.
fn last_words(output: &std::process::Output) -> String {
    let text = [&output.stderr[..], &output.stdout[..]]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat();
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("failed without a word")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheels_are_of_the_versions_that_the_hash_names() {
        for wanted in [
            format!("ziglang=={ZIG} "),
            format!("cargo-zigbuild=={ZIGBUILD} "),
        ] {
            assert!(
                REQUIREMENTS.lines().any(|line| line.starts_with(&wanted)),
                "{wanted}"
            );
        }
    }
}
