//! BusyBox for big-endian MIPS: Debian's source with Debian's own settings, linked statically against Debian's
//! cross C library. Both come through the private apt, so the host needs only the compiler.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::debian::{Archive, Package};
use super::host;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// The packages of headers and libraries; any architecture's archive has them.
pub(super) const LIBRARY: [&str; 2] = ["libc6-dev-mips-cross", "linux-libc-dev-mips-cross"];

const PACKAGES: &str = "gcc-mips-linux-gnu make gcc libc6-dev dpkg-dev patch bzip2";

/// Fails when a tool for the build is missing.
pub(super) fn check_tools() -> Result<(), Failure> {
    for tool in [
        "mips-linux-gnu-gcc",
        "mips-linux-gnu-strip",
        "make",
        "gcc",
        "dpkg-source",
        "patch",
        "bzip2",
    ] {
        host::need(tool, PACKAGES)?;
    }
    Ok(())
}

/// Builds it into `to/busybox`.
pub(super) fn build(
    archive: &Archive,
    library: &[Package],
    to: &Path,
    ui: &Ui,
) -> Result<(), Failure> {
    let work = to.join("work");
    fs::create_dir_all(&work)
        .with_context(|| work.display().to_string())
        .or_fail(Class::Host)?;
    let (source, sysroot) = (work.join("source"), work.join("sysroot"));
    archive.unpack_source("busybox", &source, ui)?;
    for package in library {
        archive.unpack(package, &sysroot, ui)?;
    }
    let step = ui.step(
        "lab-busybox",
        "the lab's mips BusyBox (once, about a minute)",
    );
    compile(&source, &sysroot, &to.join("busybox"))
        .and_then(|()| Ok(fs::remove_dir_all(&work)?))
        .context("the lab's mips BusyBox")
        .or_fail(Class::Host)
        .map_err(|failure| {
            failure.help(format!("see that these are installed whole: {PACKAGES}"))
        })?;
    step.done("built");
    Ok(())
}

fn compile(source: &Path, sysroot: &Path, to: &Path) -> anyhow::Result<()> {
    let library = sysroot.join("usr/mips-linux-gnu");
    let at = library.display();
    let make = || {
        let mut make = Command::new("make");
        make.current_dir(source)
            .args(["ARCH=mips", "CROSS_COMPILE=mips-linux-gnu-"])
            .arg(format!("CONFIG_EXTRA_CFLAGS=-isystem {at}/include"))
            .arg(format!("CONFIG_EXTRA_LDFLAGS=-B{at}/lib -L{at}/lib"))
            .env("KCONFIG_NOTIMESTAMP", "1")
            .env("SOURCE_DATE_EPOCH", "0")
            .env_remove("MAKEFLAGS");
        make
    };
    fs::copy(
        source.join("debian/config/pkg/static"),
        source.join(".config"),
    )
    .context("Debian's settings of its static BusyBox")?;
    // The settings are complete for this source; standard input is empty, so anything new takes its default.
    host::run(make().arg("oldconfig"))?;
    host::run(make().arg(host::jobs()).arg("busybox"))?;
    host::run(
        Command::new("mips-linux-gnu-strip")
            .arg("-o")
            .arg(to)
            .arg(source.join("busybox")),
    )?;
    Ok(())
}
