//! `clom profile`: lists, makes, checks, shows and explains profiles.

mod check;
mod list;
mod new;
mod tell;

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::{Map, Value};

use crate::failure::{Class, Failure, OrFail};
use crate::profile::check::Scope;
use crate::profile::{self, Kind, Library, Loaded, discover, load, schema};
use crate::ui::Ui;

use new::New;

/// Where profiles are.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LibraryArgs {
    /// A profile library: a folder with communities/, sites/, devices/, nodes/. Can be given several times; the first that has a
    /// name wins. Searched after these: profiles/ in this folder or above it, and the library shipped with clom
    #[arg(
        long = "profiles",
        value_name = "DIR",
        env = "CLOM_PROFILES",
        value_delimiter = ':',
        global = true
    )]
    profiles: Vec<PathBuf>,
    /// Leave out the library shipped with clom
    #[arg(long, global = true)]
    no_shipped: bool,
}

impl LibraryArgs {
    /// The folders that were named.
    fn named(&self) -> Vec<PathBuf> {
        let named = self
            .profiles
            .iter()
            .filter(|path| !path.as_os_str().is_empty());
        named.cloned().collect()
    }

    /// Opens the library.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn open(&self) -> Result<Library, Failure> {
        Ok(discover::library(&self.named(), !self.no_shipped)?)
    }
}

/// Which build is meant.
#[derive(Debug, Clone, clap::Args)]
pub struct BuildArgs {
    /// The site
    site: String,
    /// The device
    #[arg(short, long)]
    device: String,
    /// A node of the site: its name, or a number
    #[arg(short, long)]
    node: Option<String>,
}

impl BuildArgs {
    fn load(&self, library: &Library) -> Result<Loaded, Failure> {
        Ok(load(
            library,
            &self.site,
            &self.device,
            self.node.as_deref(),
        )?)
    }
}

/// List, make, check, show and explain profiles
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    library: LibraryArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List communities, sites, devices and nodes.
    List {
        /// Only these
        kind: Option<KindArg>,
    },
    /// Write a commented file to start from. Never writes over a file.
    #[command(subcommand)]
    New(New),
    /// Check profiles and show all that is wrong with them; exit code 3 if they cannot be built.
    #[command(after_long_help = "\
Examples:
  clom profile check                       all sites on all devices, and all nodes
  clom profile check valley                one site on all devices
  clom profile check valley -d lab-mips    one build")]
    Check {
        /// The site; all when left out
        site: Option<String>,
        /// The device; all when left out
        #[arg(short, long)]
        device: Option<String>,
        /// A node of the site, by name or number
        #[arg(short, long, requires = "site")]
        node: Option<String>,
        /// Fail on warnings, too
        #[arg(long)]
        strict: bool,
        /// Look whether all secrets can be had, too
        #[arg(long)]
        secrets: bool,
    },
    /// Show the merged profile, with the origin of every value.
    Show {
        #[command(flatten)]
        build: BuildArgs,
        /// How to write it
        #[arg(long, value_enum, default_value = "toml")]
        format: Format,
    },
    /// Tell which layers set a key, and which of them counts.
    #[command(after_long_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainBuild),
    /// Write the JSON Schema of profile files, for editors.
    #[command(after_long_help = "\
Editors that use Taplo (such as VS Code with Even Better TOML) check and complete a file whose first line is:
  #:schema ./site.schema.json")]
    Schema {
        /// The kind of file; any when left out
        kind: Option<KindArg>,
    },
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  clom explain valley -d lab-mips system.timezone
  clom explain valley -d lab-mips packages.install
  clom explain valley -d lab-mips networks          all keys below a table
  clom explain valley -d lab-mips -n 7 networks.lan";

/// The build and the key of `explain`.
#[derive(Debug, clap::Args)]
struct ExplainBuild {
    #[command(flatten)]
    build: BuildArgs,
    /// The key, such as `system.timezone`; of a table, all keys below it
    key: String,
}

/// Tell which layers set a key of a profile, and which of them counts
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXPLAIN_EXAMPLES)]
pub struct ExplainArgs {
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    explain: ExplainBuild,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindArg {
    #[value(alias = "communities")]
    Community,
    #[value(alias = "sites")]
    Site,
    #[value(alias = "devices")]
    Device,
    #[value(alias = "nodes")]
    Node,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Community => Self::Community,
            KindArg::Site => Self::Site,
            KindArg::Device => Self::Device,
            KindArg::Node => Self::Node,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// TOML with comments that name the layer and line of each value
    Toml,
    /// JSON with the values and, by path, their origins
    Json,
}

/// Runs `clom profile`.
///
/// # Errors
/// When profiles are missing or wrong, or a new file cannot be written.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    match args.verb {
        Verb::List { kind } => list::list(&args.library.open()?, kind.map(Kind::from), ui),
        Verb::New(new) => new::make(&args.library, new, ui),
        Verb::Check {
            site,
            device,
            node,
            strict,
            secrets,
        } => {
            let scope = Scope { site, device, node };
            check::run(&args.library.open()?, &scope, strict, secrets, ui)
        }
        Verb::Show { build, format } => tell::show(&args.library.open()?, &build, format, ui),
        Verb::Explain(explain) => tell::explain(&args.library.open()?, &explain, ui),
        Verb::Schema { kind } => {
            let schema = schema::schema(profile::shape(), kind.map(Kind::from));
            print(&format!("{schema:#}\n"))
        }
    }
}

/// Runs `clom explain`.
///
/// # Errors
/// When the profile is missing or wrong, or has no such key.
pub fn run_explain(args: ExplainArgs, ui: &Ui) -> Result<(), Failure> {
    tell::explain(&args.library.open()?, &args.explain, ui)
}

/// Writes a verb's result. A reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).or_fail(Class::Output),
        _ => Ok(()),
    }
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
