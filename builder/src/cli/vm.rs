//! `clom vm`: boots built images of lab devices in QEMU.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Parser, Subcommand};

use crate::failure::{Class, Failure};
use crate::lab::{self, Machine};
use crate::ui::{Mode, Ui};
use crate::vm::disks::{self, Disks};
use crate::vm::guest;
use crate::vm::image::Image;
use crate::vm::network::{Forward, Network};
use crate::vm::qemu::{Boot, Console};
use crate::vm::test;

/// Boots built images of lab devices in QEMU.
#[derive(Debug, Parser)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Boots one image with the console in this terminal.
    Run(Run),
    /// Boots images and checks that they are as asked: once fresh, after a power cut, after an upgrade.
    Test(Test),
    /// Lists the machines whose disks are kept.
    List,
}

#[derive(Debug, Parser)]
struct Run {
    /// A result folder of `clom build` for a lab device, or a machine's name (mips, mipsel, armv7, aarch64) for the plain lab userland.
    image: PathBuf,
    /// Forward this TCP port of the machine to the same port of 127.0.0.1, or HOST:GUEST.
    #[arg(long, value_name = "PORT", value_parser = forward, default_value = "8100")]
    forward: Vec<Forward>,
    /// Forget what the machine kept from earlier runs.
    #[arg(long)]
    fresh: bool,
    /// The machine's name: each name has its own disks. By default the result's name.
    #[arg(long)]
    name: Option<String>,
    /// Memory in MiB.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=2048))]
    memory: u32,
}

#[derive(Debug, Parser)]
struct Test {
    /// Result folders of `clom build` for lab devices, or machines' names for the plain lab userland.
    #[arg(required_unless_present = "all")]
    images: Vec<PathBuf>,
    /// The plain lab userland on every machine.
    #[arg(long)]
    all: bool,
    /// Leave the upgrade out.
    #[arg(long)]
    no_upgrade: bool,
    /// Memory in MiB.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=2048))]
    memory: u32,
}

fn forward(text: &str) -> Result<Forward, String> {
    let port = |text: &str| {
        text.parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| format!("`{text}` is no port, expected 1 to 65535"))
    };
    let (host, guest) = text.split_once(':').unwrap_or((text, text));
    Ok(Forward {
        host: port(host)?,
        guest: port(guest)?,
    })
}

/// Runs the verb.
///
/// # Errors
/// [`Class::Boot`] when a machine did not boot or is not as asked.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    match args.verb {
        Verb::Run(run) => console(&run, ui),
        Verb::Test(test) => tests(&test, ui),
        Verb::List => list(ui),
    }
}

/// Opens a result folder, or makes the plain result of the machine that is named.
fn open(image: &Path, ui: &Ui) -> Result<Image, Failure> {
    let machine = image.to_str().and_then(Machine::from_device);
    match machine {
        Some(machine) if !image.exists() => Image::open(&lab::bare(machine, ui)?),
        _ => Image::open(image),
    }
}

fn console(run: &Run, ui: &Ui) -> Result<(), Failure> {
    let image = open(&run.image, ui)?;
    let name = run.name.clone().unwrap_or_else(|| image.plan.prefix());
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(Failure::new(
            Class::Other,
            anyhow!("--name {name}: not a plain name"),
        ));
    }
    let disks = Disks::take(&disks::state().join(&name))?;
    let began = disks.insert(&image.rootfs, run.fresh)?;
    let network = Network::new(&image.addresses(), &run.forward, image.machine as u8)
        .map_err(|why| Failure::new(Class::Profile, why))?;
    ui.note(&format!(
        "{name} on {}: {}",
        image.plan.device,
        if began {
            "a fresh machine"
        } else {
            "as it was left (--fresh forgets that)"
        }
    ));
    for forward in &run.forward {
        ui.note(&format!(
            "port {} of the machine is http://127.0.0.1:{}/",
            forward.guest, forward.host
        ));
    }
    ui.note("QEMU: Ctrl-A x ends it, Ctrl-A c is its monitor and back, Ctrl-A h lists the rest; `poweroff` ends it cleanly");
    guest::interactive(&Boot {
        machine: image.machine,
        kernel: &image.kernel,
        initramfs: image.initramfs.as_deref(),
        root: &disks.root,
        overlay: &disks.overlay,
        network: &network,
        memory: run.memory,
        console: Console::Terminal,
    })
}

fn tests(args: &Test, ui: &Ui) -> Result<(), Failure> {
    let mut images = args.images.clone();
    if args.all {
        images.extend(Machine::ALL.map(|machine| PathBuf::from(machine.name())));
    }
    let settings = test::Settings {
        memory: args.memory,
        upgrade: !args.no_upgrade,
    };
    let mut failed = Vec::new();
    for path in &images {
        let image = open(path, ui)?;
        let dir = disks::state().join(format!("test-{}", image.plan.prefix()));
        let report = test::run(&image, &dir, settings, ui)?;
        ui.result("vm-test", report.json());
        if ui.mode() != Mode::Json {
            print!("{}", report.table());
        }
        if !report.passed() {
            failed.push(format!(
                "{}: the console's last lines (all of it: {}):\n{}",
                report.device,
                report.log.display(),
                report.tail
            ));
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Class::Boot,
        anyhow!(
            "{} of {} machines are not as asked\n{}",
            failed.len(),
            images.len(),
            failed.join("\n")
        ),
    ))
}

fn list(ui: &Ui) -> Result<(), Failure> {
    let dir = disks::state();
    let mut names: Vec<String> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("overlay.img").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    for name in names {
        let mut fields = serde_json::Map::new();
        fields.insert("name".into(), name.clone().into());
        fields.insert("dir".into(), dir.join(&name).display().to_string().into());
        ui.result("vm", fields);
        if ui.mode() != Mode::Json {
            println!("{name}\t{}", dir.join(&name).display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_are_ports_or_pairs() {
        let parse = |text| forward(text).map(|forward| (forward.host, forward.guest));
        assert_eq!(parse("8100"), Ok((8100, 8100)));
        assert_eq!(parse("18100:80"), Ok((18100, 80)));
        for wrong in ["0", "70000", "a:1", "1:", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
