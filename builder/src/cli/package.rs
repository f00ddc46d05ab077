//! `clom package`: makes packages for opkg and apk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Subcommand, ValueEnum};
use openwrt_formats::tree::Tree;
use openwrt_formats::{apk, usign};
use serde_json::{Map, json};

use super::image::{for_people, print};
use crate::build::overlay;
use crate::crossbuild::{self, Cpu, Tier};
use crate::failure::{Class, Failure, OrFail};
use crate::keys::Signer;
use crate::packages::make::{self, Made, Source};
use crate::store::Sha256;
use crate::ui::Ui;
use crate::whole::Batch;

const LAYOUT: &str = "\
The folder holds

  package.toml   what the package is, keys below
  files/         what it installs, laid out as on the router: files/usr/bin/hello. Files are root's, with mode 0755 where anyone may
                 execute them and 0644 else
  the scripts that package.toml names

Keys of package.toml:
  name, version, description            needed
  release = 1                           the version becomes 1.2-r1
  architecture = \"mipsel_24kc\"          OpenWrt's name of it; without it the package suits all
  license, maintainer, url, section, source, source_name, cpe_id, license_files = [...]
  depends = [\"libc\", \"libubox (>= 2024)\", \"a | b\"]     with = <= >= << >>; apk has no |
  conflicts, provides, replaces = [...] names; provides \"@name\" may be there several times (apk)
  conffiles = [\"/etc/config/hello\"]     what upgrades keep
  alternatives = [\"100:/bin/hi:/usr/bin/hello\"]       PRIORITY:LINK:TARGET
  users = [\"hello=413:hello=413\"]       USER=NUMBER:GROUP=NUMBER[:GROUP=NUMBER,...]; numbers may be left out
  abi_version, provider_priority, essential, epoch (seconds since 1970)
  [scripts]  preinst, postinst, prerm, postrm = \"FILE\"; services are enabled and stopped without any
  [modes]    \"/usr/bin/hello\" = \"4755\"
  [owners]   \"/etc/hello\" = \"hello:hello\", with numbers from users

The same folder gives the same bytes. Times in it are SOURCE_DATE_EPOCH, else the key epoch, else 1970.

Examples:
  clom package build hello                            hello_1.2-r1_all.ipk for opkg, hello-1.2-r1.apk for apk
  clom package build hello --format apk --key me.pem  signed, by a key that clom keys new --apk made
  clom feed index .                                   a feed of them";

/// Make packages for opkg (OpenWrt up to 24.10) and apk (from 25.12 on)
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make packages from a folder
    #[command(after_long_help = LAYOUT)]
    Build(Build),
    /// Make the agent's package
    Agent(Agent),
}

/// A kind of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For opkg.
    Ipk,
    /// For apk.
    Apk,
}

#[derive(Debug, clap::Args)]
struct Build {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Agent {
    /// OpenWrt's package architecture, such as mipsel_24kc; can be given more than once
    #[arg(long = "arch", value_name = "ARCHITECTURE", required = true)]
    architectures: Vec<String>,
    /// How much of the agent
    #[arg(long, default_value = "lite")]
    tier: Tier,
    /// A folder to lay over the agent's files. Images have the facts of their community in etc/clommunity/community.json and
    /// image.json, and without them the agent does not start
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The kind of packages; can be given more than once [default: both]
    #[arg(short, long = "format", value_enum)]
    formats: Vec<Format>,
    /// Where to put them [default: here]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// A secret key: of apk for a signature in the package, of usign for one beside it, in FILE.sig; can be given more than once
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// The time of everything in the package, seconds since 1970
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH")]
    epoch: Option<u32>,
}

/// Runs `clom package`.
///
/// # Errors
/// [`Class::Profile`] when the source is not as it must be, [`Class::Output`] when the package cannot be written.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    match args.action {
        Action::Build(args) => {
            let source = make::read(&args.folder, args.common.epoch)?;
            Press::new(&args.common)?.write(&source, ui)
        }
        Action::Agent(args) => agent(&args, ui),
    }
}

fn agent(args: &Agent, ui: &Ui) -> Result<(), Failure> {
    let press = Press::new(&args.common)?;
    let epoch = args.common.epoch.unwrap_or(0);
    let more = match &args.files {
        Some(folder) => overlay::read(folder, epoch).or_fail(Class::Profile)?,
        None => Tree::default(),
    };
    for architecture in &args.architectures {
        let cpu = Cpu::of_packages(architecture).ok_or_else(|| {
            let known: Vec<_> = Cpu::ALL.iter().map(|cpu| cpu.name()).collect();
            let error = anyhow!("the agent does not run on {architecture}");
            Failure::new(Class::Profile, error).help(format!(
                "write it as OpenWrt does, such as mipsel_24kc; the agent is for {}",
                known.join(", ")
            ))
        })?;
        let binary = crossbuild::build(cpu, args.tier, ui)?;
        let bytes = fs::read(&binary.path)
            .with_context(|| format!("cannot read the agent {}", binary.path.display()))
            .or_fail(Class::Host)?;
        let source = make::agent(&bytes, architecture, args.tier, &more, epoch);
        press.write(&source.or_fail(Class::Profile)?, ui)?;
    }
    Ok(())
}

/// What makes packages of sources.
struct Press {
    formats: Vec<Format>,
    output: PathBuf,
    apk: Vec<apk::PrivateKey>,
    usign: Vec<usign::SecretKey>,
}

impl Press {
    fn new(common: &Common) -> Result<Self, Failure> {
        let (mut apk, mut usign) = (Vec::new(), Vec::new());
        for path in &common.keys {
            match Signer::read(path)? {
                Signer::Apk(key) => apk.push(key),
                Signer::Usign(key) => usign.push(key),
            }
        }
        let formats = match common.formats.as_slice() {
            [] => vec![Format::Ipk, Format::Apk],
            some => some.to_vec(),
        };
        for (format, none, what) in [
            (Format::Ipk, usign.is_empty(), "an .ipk by `clom keys new`"),
            (
                Format::Apk,
                apk.is_empty(),
                "an .apk by `clom keys new --apk`",
            ),
        ] {
            if !common.keys.is_empty() && formats == [format] && none {
                let error = anyhow!("the key is for the other kind of packages");
                return Err(Failure::new(Class::Profile, error).help(format!(
                    "packages are signed by keys of their own kind: {what}"
                )));
            }
        }
        if usign.len() > 1 {
            let error =
                anyhow!("there are two keys of usign, and a file has one signature beside it");
            return Err(Failure::new(Class::Profile, error).help("give one"));
        }
        Ok(Self {
            formats,
            output: common.output.clone().unwrap_or_else(|| PathBuf::from(".")),
            apk,
            usign,
        })
    }

    /// All packages are made before the first is written.
    fn write(&self, source: &Source, ui: &Ui) -> Result<(), Failure> {
        let mut batch = Batch::new(&self.output)?;
        let mut made = Vec::new();
        for format in &self.formats {
            let package = match format {
                Format::Ipk => make::ipk(source)?,
                Format::Apk => make::apk(source, &self.apk)?,
            };
            let path = batch.add(&package.name, &package.bytes)?;
            for key in self.usign.iter().filter(|_| *format == Format::Ipk) {
                let name = format!("{}.sig", package.name);
                batch.add(&name, &key.sign(&package.bytes).to_text())?;
            }
            made.push((path, package));
        }
        batch.commit()?;
        made.iter()
            .try_for_each(|(path, made)| tell(path, made, ui))
    }
}

fn tell(path: &Path, made: &Made, ui: &Ui) -> Result<(), Failure> {
    let fields = [
        ("file", json!(path)),
        ("size", json!(made.bytes.len())),
        ("sha256", json!(Sha256::of(&made.bytes).to_string())),
    ];
    let fields = fields.map(|(key, value)| (key.to_owned(), value));
    ui.result("package", fields.into_iter().collect::<Map<_, _>>());
    match for_people(ui) {
        true => print(&format!("{}\n", path.display())),
        false => Ok(()),
    }
}
