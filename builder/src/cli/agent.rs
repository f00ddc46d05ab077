//! `clom agent`: cross-compiles the agent for routers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{ArgAction, Subcommand};
use serde_json::{Map, Value, json};

use crate::crossbuild::{self, AgentBinary, CachedAgent, Cpu, Program, Tier};
use crate::dirs;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::{Mode, Ui};
use crate::whole::Ready;

/// Cross-compile the agent for routers.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Compile the agent and print what it weighs; over budget is an error.
    Build(Build),
    /// List the agents in the cache.
    List,
}

#[derive(Debug, clap::Args)]
struct Build {
    /// The CPU to compile for; can be given more than once.
    #[arg(
        short,
        long = "target",
        value_name = "CPU",
        required_unless_present = "all"
    )]
    targets: Vec<Cpu>,
    /// Compile for all CPUs.
    #[arg(long, conflicts_with = "targets")]
    all: bool,
    /// The tier; can be given more than once.
    #[arg(long = "tier", value_name = "TIER", default_value = "lite", action = ArgAction::Append)]
    tiers: Vec<Tier>,
    /// Copy the binaries into this folder, which then can stand in for source and compiler: CLOM_AGENTS=FOLDER.
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// Runs `clom agent`.
///
/// # Errors
/// As [`crossbuild::build`], or [`Class::Output`] when the output folder cannot be written.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    match args.action {
        Action::Build(args) => build(&args, ui),
        Action::List => list(ui),
    }
}

fn build(args: &Build, ui: &Ui) -> Result<(), Failure> {
    let mut cpus = if args.all {
        Cpu::ALL.to_vec()
    } else {
        args.targets.clone()
    };
    let mut tiers = args.tiers.clone();
    cpus.sort();
    cpus.dedup();
    tiers.sort();
    tiers.dedup();
    let wanted: Vec<(Tier, Cpu)> = tiers
        .iter()
        .flat_map(|&tier| cpus.iter().map(move |&cpu| (tier, cpu)))
        .collect();
    let programs: Vec<_> = wanted
        .iter()
        .map(|&(tier, cpu)| (Program::Agent(tier), cpu))
        .collect();
    let binaries = crossbuild::build_all(&programs, ui)?;

    let mut table = Table::new();
    for (&(tier, cpu), binary) in wanted.iter().zip(&binaries) {
        table.row(cpu, tier, binary);
        ui.result("agent", fields(cpu, tier, binary));
    }
    print(ui, &table.text)?;
    for (&(tier, cpu), binary) in wanted.iter().zip(&binaries) {
        crossbuild::within_budget(cpu, tier, binary)?;
    }
    if let Some(folder) = &args.output {
        for (&(program, cpu), binary) in programs.iter().zip(&binaries) {
            let name = crossbuild::prebuilt_name(program, cpu);
            copy(&binary.path, folder, &name)
                .with_context(|| format!("cannot write {}", folder.join(&name).display()))
                .or_fail(Class::Output)?;
        }
        ui.note(&format!("copied to {}", folder.display()));
    }
    Ok(())
}

fn list(ui: &Ui) -> Result<(), Failure> {
    let agents = crossbuild::cached_agents(&dirs::cache());
    let mut table = Table::new();
    for CachedAgent {
        cpu,
        tier,
        toolchain,
        binary,
    } in &agents
    {
        table.row(*cpu, *tier, binary);
        table
            .text
            .push_str(&format!("    {toolchain}\n    {}\n", binary.path.display()));
        let mut fields = fields(*cpu, *tier, binary);
        fields.insert("toolchain".into(), json!(toolchain));
        ui.result("agent", fields);
    }
    if agents.is_empty() {
        ui.note("no agents in the cache: clom agent build --all");
        return Ok(());
    }
    print(ui, &table.text)
}

/// Sizes against budgets, one binary a line.
struct Table {
    text: String,
}

impl Table {
    fn new() -> Self {
        Self {
            text: format!(
                "{:<8} {:<5} {:>10} {:>10} {:>5}  {:>10} {:>10} {:>5}\n",
                "cpu", "tier", "raw", "budget", "", "xz", "budget", ""
            ),
        }
    }

    fn row(&mut self, cpu: Cpu, tier: Tier, binary: &AgentBinary) {
        let budget = tier.budget();
        let fits = if binary.raw_bytes <= budget.raw && binary.xz_bytes <= budget.xz {
            ""
        } else {
            "  OVER BUDGET"
        };
        let share = |size: u64, of: u64| format!("{} %", size.saturating_mul(100).div_ceil(of));
        self.text.push_str(&format!(
            "{cpu:<8} {tier:<5} {:>10} {:>10} {:>5}  {:>10} {:>10} {:>5}{fits}\n",
            binary.raw_bytes,
            budget.raw,
            share(binary.raw_bytes, budget.raw),
            binary.xz_bytes,
            budget.xz,
            share(binary.xz_bytes, budget.xz),
        ));
    }
}

fn fields(cpu: Cpu, tier: Tier, binary: &AgentBinary) -> Map<String, Value> {
    let budget = tier.budget();
    [
        ("cpu", json!(cpu)),
        ("tier", json!(tier)),
        ("path", json!(binary.path)),
        ("sha256", json!(binary.sha256)),
        ("raw_bytes", json!(binary.raw_bytes)),
        ("raw_budget", json!(budget.raw)),
        ("xz_bytes", json!(binary.xz_bytes)),
        ("xz_budget", json!(budget.xz)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

/// The result for people; programs have got it as events.
fn print(ui: &Ui, text: &str) -> Result<(), Failure> {
    if ui.mode() == Mode::Json {
        return Ok(());
    }
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("standard output")
        .or_fail(Class::Output)
}

/// Copies by way of a file beside the final one, so that nobody sees half of it.
fn copy(from: &Path, folder: &Path, name: &str) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mode = fs::metadata(from)?.permissions().mode();
    Ready::new(&folder.join(name), &fs::read(from)?, mode)?.put()?;
    Ok(())
}
