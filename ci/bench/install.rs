//! How long it takes to open and install 60 and 200 packages from memory, of both managers.
//!
//! ```text
//! cargo run --release --locked --package clom --example install-bench
//! ```
//!
//! The packages are made here, as many files and bytes in them as OpenWrt's have. Bar: 1 s each. Exit code 1 when it is missed.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clom::packages::install::{
    Archive, Change, Expected, Incoming, NoScripts, Options, apply, prepare,
};
use clom::packages::universe::Manager;
use flate2::Compression;
use flate2::write::GzEncoder;
use openwrt_formats::apk::adb::Compression as Packing;
use openwrt_formats::apk::package::Owners;
use openwrt_formats::apk::{Package, PackageInfo};
use openwrt_formats::tree::{Meta, Tree};

const BAR: Duration = Duration::from_secs(1);
const RUNS: usize = 5;

fn main() -> anyhow::Result<ExitCode> {
    let mut met = true;
    for manager in [Manager::Opkg, Manager::Apk] {
        for count in [60, 200] {
            let files: Vec<Vec<u8>> = (0..count)
                .map(|number| package(manager, number))
                .collect::<anyhow::Result<_>>()?;
            let mut times = Vec::new();
            for _ in 0..RUNS {
                times.push(install(manager, &files)?);
            }
            times.sort_unstable();
            let median = times.get(RUNS / 2).copied().unwrap_or_default();
            let bytes: usize = files.iter().map(Vec::len).sum();
            println!(
                "{manager} {count} packages, {} KiB packed: {} ms",
                bytes / 1024,
                median.as_millis()
            );
            met &= median <= BAR;
        }
    }
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn install(manager: Manager, files: &[Vec<u8>]) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut change = Change::default();
    for file in files {
        change.install.push(Incoming {
            archive: Archive::open(file, &Expected::own("made here"))?,
            file_size: file.len() as u64,
            wanted: true,
        });
    }
    let options = Options {
        epoch: 1_700_000_000,
        architecture: "mipsel_24kc",
        scripts: &NoScripts,
    };
    let mut tree = Tree::default();
    let report = apply(&mut tree, manager, change, &options)?;
    prepare(&mut tree, &options)?;
    anyhow::ensure!(
        report.installed.len() == files.len(),
        "not all were installed"
    );
    Ok(start.elapsed())
}

/// A package with a program, a library, a service, a configuration file and a dozen small files.
fn package(manager: Manager, number: u32) -> anyhow::Result<Vec<u8>> {
    let name = format!("package-{number}");
    let mut data = Tree::default();
    let mut noise = Noise(u64::from(number) + 1);
    data.put_file(
        format!("usr/bin/{name}"),
        noise.bytes(60_000),
        Meta::file(0o755),
    )?;
    data.put_file(
        format!("usr/lib/lib{name}.so"),
        noise.bytes(30_000),
        Meta::file(0o644),
    )?;
    data.put_file(
        format!("etc/config/{name}"),
        "config x\n",
        Meta::file(0o600),
    )?;
    let script = format!("#!/bin/sh /etc/rc.common\nSTART={}\n", 10 + number % 80);
    data.put_file(format!("etc/init.d/{name}"), script, Meta::file(0o755))?;
    for part in 0..12 {
        data.put_file(
            format!("usr/share/{name}/part-{part}"),
            noise.bytes(1500),
            Meta::file(0o644),
        )?;
    }
    match manager {
        Manager::Apk => {
            let mut info = PackageInfo::new(name.as_str(), "1.0-r1".parse()?);
            info.arch = "mipsel_24kc".into();
            let mut package = Package::from_tree(info, &data, &Owners::default())?;
            Ok(package.write(&[], Packing::Deflate)?)
        }
        Manager::Opkg => {
            let mut control = Tree::default();
            let text = format!("Package: {name}\nVersion: 1.0-1\nArchitecture: mipsel_24kc\n");
            control.put_file("control", text, Meta::file(0o644))?;
            control.put_file(
                "conffiles",
                format!("/etc/config/{name}\n"),
                Meta::file(0o644),
            )?;
            let mut outer = Tree::default();
            outer.put_file("debian-binary", "2.0\n", Meta::file(0o644))?;
            outer.put_file("data.tar.gz", pack(&data)?, Meta::file(0o644))?;
            outer.put_file("control.tar.gz", pack(&control)?, Meta::file(0o644))?;
            pack(&outer)
        }
    }
}

fn pack(tree: &Tree) -> anyhow::Result<Vec<u8>> {
    let mut tar = Vec::new();
    openwrt_formats::tar::write(tree, &mut tar)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&tar)?;
    gzip.finish().context("gzip")
}

/// Bytes that compress to about a half, the same in every run.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let next = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) & 0x0f) as u8 + b'a'
        };
        std::iter::repeat_with(next).take(len).collect()
    }
}
