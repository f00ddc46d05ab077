//! `clom vm`: boots built images of lab devices in QEMU.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Subcommand;

use super::profile::LibraryArgs;
use super::sources::SourceArgs;
use crate::build::{self, Request};
use crate::failure::{Class, Failure};
use crate::lab::{self, Machine};
use crate::ui::{Mode, Ui};
use crate::vm::disks::{self, Disks};
use crate::vm::guest;
use crate::vm::image::Image;
use crate::vm::network::{Forward, Network};
use crate::vm::qemu::{Boot, Console};
use crate::vm::test;

/// Boot built images of lab devices in QEMU
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Boot one image with the console in this terminal
    Run(Box<Run>),
    /// Boot images and check that they are as asked: fresh, after a power cut, after an upgrade
    Test(Box<Test>),
    /// List the machines whose disks are kept
    List,
}

const RUN_EXAMPLES: &str = "\
Examples:
  clom vm run out/lone-village-lab-mips         what clom build made
  clom vm run lone-village -d lab-mips -n 3     the same in one step: built first, if need be
  clom vm run mips                              the plain lab userland, without profile and agent

In the console, Ctrl-A x ends QEMU (the power is cut), Ctrl-A c is QEMU's monitor and back, Ctrl-A h lists the rest; `poweroff`
ends the machine cleanly. Its disks are kept under its name for the next run.";

const TEST_EXAMPLES: &str = "\
Examples:
  clom vm test out/lone-village-lab-*           what clom build made
  clom vm test lone-village --all               the site on all four lab machines, built first
  clom vm test lone-village -d lab-mips -d lab-armv7
  clom vm test --all                            the plain lab userland on all four";

/// A built result, a site to build, or the plain lab.
#[derive(Debug, clap::Args)]
struct Building {
    #[command(flatten)]
    library: LibraryArgs,
    /// A node of the site, by name or number
    #[arg(short, long)]
    node: Option<String>,
    /// The output folder, when a site is built
    #[arg(short, long, value_name = "DIR", default_value = "out")]
    output: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = RUN_EXAMPLES)]
struct Run {
    /// A result folder of `clom build` for a lab device; with --device, a site; or a machine's name (mips, mipsel, armv7,
    /// aarch64) for the plain lab userland
    image: PathBuf,
    /// Build the site for this lab device and boot the result
    #[arg(short, long)]
    device: Option<String>,
    #[command(flatten)]
    building: Building,
    /// Forward this TCP port of the machine to the same port of 127.0.0.1, or HOST:GUEST
    #[arg(long, value_name = "PORT", value_parser = forward, default_value = "8100")]
    forward: Vec<Forward>,
    /// Forget what the machine kept from earlier runs
    #[arg(long)]
    fresh: bool,
    /// The machine's name: each name has its own disks [default: the result's name]
    #[arg(long)]
    name: Option<String>,
    /// Memory in MiB
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=2048))]
    memory: u32,
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = TEST_EXAMPLES)]
struct Test {
    /// Result folders of `clom build` for lab devices; with --device or --all, sites; or machines' names (mips, mipsel,
    /// armv7, aarch64) for the plain lab userland
    #[arg(required_unless_present = "all")]
    images: Vec<PathBuf>,
    /// Build the sites for this lab device and test the results; can be given several times
    #[arg(short, long = "device", value_name = "DEVICE")]
    devices: Vec<String>,
    /// All four lab machines
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    building: Building,
    /// Leave the upgrade out
    #[arg(long)]
    no_upgrade: bool,
    /// Memory in MiB
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

/// Builds the site for the device, unless its result is there already, and gives the result's folder.
fn build(site: &Path, device: &str, building: &Building, ui: &Ui) -> Result<PathBuf, Failure> {
    if Machine::from_device(device).is_none_or(|machine| machine.device_id() != device) {
        let known = Machine::ALL.map(Machine::device_id).join(", ");
        return Err(Failure::new(
            Class::Other,
            anyhow!("--device {device}: QEMU plays no such device"),
        )
        .help(format!("the lab's devices are {known}")));
    }
    let library = building.library.open()?;
    let sources = SourceArgs::default();
    let request = Request {
        lock: sources.lock(&library),
        mirror: None,
        offline: false,
        library,
        site: site.to_string_lossy().into_owned(),
        device: device.to_owned(),
        nodes: building.node.iter().cloned().collect(),
        donor: None,
        imagebuilder: None,
        parts: None,
        out: building.output.clone(),
        allow_package_mismatch: false,
        force: false,
        threads: 0,
    };
    build::build(&request, ui)?
        .into_iter()
        .next()
        .map(|outcome| outcome.dir)
        .ok_or_else(|| Failure::new(Class::Other, anyhow!("{device}: nothing was built")))
}

fn console(run: &Run, ui: &Ui) -> Result<(), Failure> {
    let built;
    let path = match &run.device {
        Some(device) => {
            built = build(&run.image, device, &run.building, ui)?;
            &built
        }
        None => &run.image,
    };
    let image = open(path, ui)?;
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
    let images = chosen(args, ui)?;
    let settings = test::Settings {
        memory: args.memory,
        upgrade: !args.no_upgrade,
    };
    let mut failed = Vec::new();
    for path in &images {
        let image = open(path, ui)?;
        // By the result's place, so that tests of two checkouts do not meet.
        let place = std::path::absolute(&image.rootfs).unwrap_or_else(|_| image.rootfs.clone());
        let mark: String = lab::sha256(place.as_os_str().as_encoded_bytes())
            .chars()
            .take(8)
            .collect();
        let dir = disks::state().join(format!("test-{}-{mark}", image.plan.prefix()));
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

/// The results to test; sites are built first.
fn chosen(args: &Test, ui: &Ui) -> Result<Vec<PathBuf>, Failure> {
    let all: &[Machine] = if args.all { &Machine::ALL } else { &[] };
    if args.images.is_empty() {
        return Ok(all.iter().map(|machine| machine.name().into()).collect());
    }
    let mut devices = args.devices.clone();
    devices.extend(all.iter().map(|machine| machine.device_id().to_owned()));
    if devices.is_empty() {
        return Ok(args.images.clone());
    }
    let pairs = args
        .images
        .iter()
        .flat_map(|site| devices.iter().map(move |device| (site, device)));
    pairs
        .map(|(site, device)| build(site, device, &args.building, ui))
        .collect()
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
