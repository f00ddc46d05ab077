//! The big-endian MIPS kernel: Debian's kernel source with a configuration of our own, all built in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};

use super::host;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// What differs from `allnoconfig`.
pub(super) const CONFIG: &str = include_str!("malta-min.config");

const SOURCE: &str = "/usr/src/linux-source-6.1.tar.xz";
const PACKAGES: &str =
    "linux-source-6.1 gcc-mips-linux-gnu make gcc libc6-dev flex bison bc xz-utils perl";

/// The source archive, with all tools to build it there; a failure names what to install.
pub(super) fn source() -> Result<PathBuf, Failure> {
    for tool in [
        "mips-linux-gnu-gcc",
        "mips-linux-gnu-strip",
        "make",
        "gcc",
        "flex",
        "bison",
        "bc",
        "xz",
        "perl",
        "tar",
    ] {
        host::need(tool, PACKAGES)?;
    }
    let source = PathBuf::from(SOURCE);
    if source.is_file() {
        return Ok(source);
    }
    Err(Failure::new(
        Class::Host,
        anyhow!("{SOURCE}: Debian's kernel source is not installed; the lab's mips kernel is built from it"),
    )
    .help(format!("apt-get install {PACKAGES}")))
}

/// Builds `vmlinux`, stripped, into `to/kernel`. Takes some minutes; the work folder is left empty.
pub(super) fn build(source: &Path, to: &Path, ui: &Ui) -> Result<(), Failure> {
    let step = ui.step("lab-kernel", "the lab's mips kernel (once, some minutes)");
    let work = to.join("work");
    let inner = || -> anyhow::Result<()> {
        fs::create_dir_all(&work)?;
        step.doing("unpacking");
        host::run(
            Command::new("tar")
                .arg("xf")
                .arg(source)
                .args(["--strip-components=1", "-C"])
                .arg(&work),
        )?;
        let config = work.join("lab.config");
        fs::write(&config, CONFIG)?;
        let make = || {
            let mut make = Command::new("make");
            make.current_dir(&work)
                .args(["ARCH=mips", "CROSS_COMPILE=mips-linux-gnu-"])
                // So that the same source gives the same kernel.
                .env("KBUILD_BUILD_TIMESTAMP", "1970-01-01")
                .env("KBUILD_BUILD_USER", "clom")
                .env("KBUILD_BUILD_HOST", "lab")
                .env("KBUILD_BUILD_VERSION", "1")
                .env("KCONFIG_ALLCONFIG", &config)
                .env_remove("MAKEFLAGS");
            make
        };
        step.doing("configuring");
        host::run(make().arg("allnoconfig"))?;
        let missing = missing(&fs::read_to_string(work.join(".config"))?);
        if !missing.is_empty() {
            return Err(anyhow!(
                "this kernel source does not take {}",
                missing.join(", ")
            ));
        }
        step.doing("compiling");
        host::run(make().arg(host::jobs()).arg("vmlinux"))?;
        host::run(
            Command::new("mips-linux-gnu-strip")
                .arg("-o")
                .arg(to.join("kernel"))
                .arg(work.join("vmlinux")),
        )?;
        fs::remove_dir_all(&work)?;
        Ok(())
    };
    inner()
        .context("the lab's mips kernel")
        .or_fail(Class::Host)
        .map_err(|failure| {
            failure.help(format!("see that these are installed whole: {PACKAGES}"))
        })?;
    step.done("built");
    Ok(())
}

/// The settings of [`CONFIG`] that a finished configuration lacks: kconfig drops what it does not know.
fn missing(config: &str) -> Vec<&'static str> {
    CONFIG
        .lines()
        .filter(|line| line.starts_with("CONFIG_"))
        .filter(|line| !config.lines().any(|have| have == *line))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_kconfig_dropped_is_named() {
        assert!(missing(CONFIG).is_empty());
        let without = CONFIG.replace("CONFIG_PCI_QUIRKS=y\n", "");
        assert_eq!(missing(&without), ["CONFIG_PCI_QUIRKS=y"]);
    }
}
