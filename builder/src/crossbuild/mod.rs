//! Cross-compiles the agent and the lab's tools for routers, once per source and toolchain.
//!
//! The standard library is built from source (MIPS has no prebuilt one), zig links against its own musl, and
//! the result is one static executable at a fixed address. A binary is kept in the cache under the hash of all
//! that decides its bytes; cargo's target folders are kept as well, one per CPU, so that the standard library
//! is compiled once. The same source and toolchain give the same bytes in any folder.

mod cargo;
mod clean;
mod compiler;
mod cpu;
mod elf;
mod environment;
mod lock;
mod prebuilt;
mod program;
mod source;
mod store;
mod tier;
mod zig;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, anyhow};
use sha2::{Digest, Sha256};

pub use clean::entries;
pub use cpu::Cpu;
pub use program::Program;
pub use tier::{Budget, Tier};

use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;
use compiler::Compiler;
use lock::Lock;
use source::{Workspace, hash_entry};
use zig::Zig;

/// A finished binary. The file lies in the cache: read it, never write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentBinary {
    /// Where it lies.
    pub path: PathBuf,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub raw_bytes: u64,
    /// Its size in bytes as one xz stream at the highest setting.
    pub xz_bytes: u64,
}

/// The agent for this CPU: from the cache, else compiled now.
///
/// # Errors
/// [`Class::Host`] without a compiler, linker or source, or when it does not compile;
/// [`Class::TooBig`] when it is over its tier's budget.
pub fn build(cpu: Cpu, tier: Tier, ui: &Ui) -> Result<AgentBinary, Failure> {
    let binary = one(&build_all(&[(Program::Agent(tier), cpu)], ui)?)?;
    within_budget(cpu, tier, &binary)?;
    Ok(binary)
}

/// The lab machines' tools (crate `clom-lab`) for this CPU: from the cache, else compiled now.
///
/// # Errors
/// As [`build`]; they have no budget.
pub fn build_lab_tools(cpu: Cpu, ui: &Ui) -> Result<AgentBinary, Failure> {
    one(&build_all(&[(Program::LabTools, cpu)], ui)?)
}

fn one(built: &[AgentBinary]) -> Result<AgentBinary, Failure> {
    built
        .first()
        .cloned()
        .ok_or_else(|| Failure::new(Class::Other, anyhow!("nothing was built")))
}

/// Several binaries, in the order asked for: from the folder `$CLOM_AGENTS`, else from the cache, else
/// compiled now, different CPUs at once. Budgets are not checked: see [`within_budget`].
///
/// # Errors
/// [`Class::Host`]: the first that failed. The others are compiled to their end and kept.
/// [`Class::Source`]: a file of `$CLOM_AGENTS` is no binary for its CPU.
pub fn build_all(wanted: &[(Program, Cpu)], ui: &Ui) -> Result<Vec<AgentBinary>, Failure> {
    let mut ready = Vec::new();
    if let Some(folder) = prebuilt::folder() {
        for &(program, cpu) in wanted {
            ready.push(prebuilt::get(&folder, program, cpu)?);
        }
        if let Some(all) = ready.iter().cloned().collect() {
            return Ok(all);
        }
    }
    ready.resize(wanted.len(), None);

    let place = Place::find()?;
    let mut missing: BTreeMap<Cpu, Vec<Program>> = BTreeMap::new();
    for (&(program, cpu), ready) in wanted.iter().zip(&mut ready) {
        if ready.is_none() {
            *ready = place.cached(program, cpu, ui)?;
        }
        if ready.is_none() {
            let programs = missing.entry(cpu).or_default();
            if !programs.contains(&program) {
                programs.push(program);
            }
        }
    }
    if !missing.is_empty() {
        place.compile_all(missing, ui)?;
    }
    wanted
        .iter()
        .zip(ready)
        .map(|(&(program, cpu), ready)| match ready {
            Some(binary) => Ok(binary),
            None => place.cached(program, cpu, ui)?.ok_or_else(|| {
                Failure::new(
                    Class::Host,
                    anyhow!("the {program} for {cpu} was built and is gone from the cache"),
                )
            }),
        })
        .collect()
}

/// Refuses an agent that is over its tier's budget.
///
/// # Errors
/// [`Class::TooBig`] with both sizes and how to see what takes the room.
pub fn within_budget(cpu: Cpu, tier: Tier, binary: &AgentBinary) -> Result<(), Failure> {
    let budget = tier.budget();
    if binary.raw_bytes <= budget.raw && binary.xz_bytes <= budget.xz {
        return Ok(());
    }
    Err(Failure::new(
        Class::TooBig,
        anyhow!(
            "the agent ({tier}) for {cpu} takes {} bytes raw and {} xz; tier {tier} allows {} and {}",
            binary.raw_bytes,
            binary.xz_bytes,
            budget.raw,
            budget.xz
        ),
    )
    .help(format!(
        "to see what takes the room: cargo bloat --release --package clomd --no-default-features \
         --features {tier} --crates\n      a crate that only routers with room need belongs to feature `full`"
    )))
}

/// The binary of this kind in a folder of prebuilt ones; `None` when it has none.
///
/// # Errors
/// [`Class::Source`] when the file is no binary for this CPU.
pub fn prebuilt(folder: &Path, program: Program, cpu: Cpu) -> Result<Option<AgentBinary>, Failure> {
    prebuilt::get(folder, program, cpu)
}

/// The name under which [`build_all`] looks for a binary in the folder `$CLOM_AGENTS`.
pub fn prebuilt_name(program: Program, cpu: Cpu) -> String {
    prebuilt::file_name(program, cpu)
}

/// All that a build needs to know before it compiles.
struct Place {
    cache: PathBuf,
    workspace: Workspace,
    compiler: Compiler,
}

impl Place {
    fn find() -> Result<Self, Failure> {
        let cache = crate::dirs::cache();
        Ok(Self {
            workspace: Workspace::find()?,
            compiler: compiler::find(&cache)?,
            cache,
        })
    }

    fn toolchain(&self) -> String {
        format!("{} {}", self.compiler.version, Zig::version())
    }

    /// The hash of all that decides the bytes of this binary.
    fn hash(&self, program: Program, cpu: Cpu) -> Result<String, Failure> {
        let mut hasher = Sha256::new();
        let mut words = vec!["1", cpu.name(), program.krate()];
        words.extend(program.features());
        words.extend(cargo::RUSTFLAGS);
        words.extend(cargo::STD);
        hash_entry("recipe", words.join(" ").as_bytes(), &mut hasher);
        hash_entry("toolchain", self.toolchain().as_bytes(), &mut hasher);
        self.workspace
            .hash_into(program, &mut hasher)
            .context("cannot read the agent's source")
            .or_fail(Class::Host)?;
        Ok(hex::encode(hasher.finalize()))
    }

    fn cached(&self, program: Program, cpu: Cpu, ui: &Ui) -> Result<Option<AgentBinary>, Failure> {
        let hash = self.hash(program, cpu)?;
        Ok(store::get(&self.cache, program, &hash, ui).map(AgentBinary::from))
    }

    /// Compiles all of these, CPUs side by side: each has long stretches that keep only one core busy.
    fn compile_all(&self, missing: BTreeMap<Cpu, Vec<Program>>, ui: &Ui) -> Result<(), Failure> {
        let zig = Zig::obtain(&self.cache, ui)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = missing.len().min(cores);
        let jobs = cores.div_ceil(workers);
        let queue = Mutex::new(missing.into_iter());
        let next = || queue.lock().ok().and_then(|mut queue| queue.next());
        let work = || -> Result<(), Failure> {
            let mut outcome = Ok(());
            while let Some((cpu, programs)) = next() {
                let built = self.compile_cpu(cpu, &programs, &zig, jobs, ui);
                outcome = outcome.and(built);
            }
            outcome
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let mut outcome = work();
            for other in others {
                let theirs = other.join().unwrap_or_else(|_| {
                    Err(Failure::new(
                        Class::Other,
                        anyhow!("a build thread panicked"),
                    ))
                });
                outcome = outcome.and(theirs);
            }
            outcome
        })
    }

    fn compile_cpu(
        &self,
        cpu: Cpu,
        programs: &[Program],
        zig: &Zig,
        jobs: usize,
        ui: &Ui,
    ) -> Result<(), Failure> {
        let target_dir = self.target_dir(cpu);
        let _only_one = Lock::take(
            &target_dir.join("clom.lock"),
            &format!("compiling for {cpu}"),
            ui,
        )?;
        for &program in programs {
            // Another clom may have built it while this one waited.
            if self.cached(program, cpu, ui)?.is_some() {
                continue;
            }
            let hash = self.hash(program, cpu)?;
            let id = format!("{}-{cpu}", program.krate());
            let step = ui.step(&id, &format!("Compiling the {program} for {cpu}"));
            let bytes = cargo::Job {
                workspace: &self.workspace,
                compiler: &self.compiler,
                zig,
                cache: &self.cache,
                target_dir: &target_dir,
                cpu,
                program,
                jobs,
            }
            .run(&step)?;
            elf::check(cpu, &bytes)
                .with_context(|| format!("the {program} for {cpu} came out wrong"))
                .or_fail(Class::Host)?;
            if self.hash(program, cpu)? != hash {
                return Err(Failure::new(
                    Class::Host,
                    anyhow!("the agent's source changed while it was compiled"),
                )
                .help("run it again"));
            }
            let meta = store::Meta::describe(cpu, program, &self.toolchain(), &bytes)
                .or_fail(Class::Other)?;
            let outcome = format!("{} bytes, {} as xz", meta.raw_bytes, meta.xz_bytes);
            store::put(&self.cache, &hash, &bytes, meta, ui)?;
            step.done(&outcome);
        }
        Ok(())
    }

    /// Cargo's folder for this CPU, one per toolchain.
    fn target_dir(&self, cpu: Cpu) -> PathBuf {
        let toolchain = hex::encode(Sha256::digest(self.toolchain()));
        let short = toolchain.get(..12).unwrap_or(&toolchain);
        self.cache.join("build").join(short).join(cpu.name())
    }
}

impl From<store::Stored> for AgentBinary {
    fn from(stored: store::Stored) -> Self {
        Self {
            path: stored.path,
            sha256: stored.meta.sha256,
            raw_bytes: stored.meta.raw_bytes,
            xz_bytes: stored.meta.xz_bytes,
        }
    }
}

/// One agent of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedAgent {
    /// The CPU kind it is for.
    pub cpu: Cpu,
    /// Its tier.
    pub tier: Tier,
    /// The compiler and linker that made it.
    pub toolchain: String,
    /// The binary.
    pub binary: AgentBinary,
}

/// The agents that the cache folder `cache` holds, by CPU and tier.
pub fn cached_agents(cache: &Path) -> Vec<CachedAgent> {
    store::list(cache, Program::Agent(Tier::Lite).shelf())
        .into_iter()
        .filter_map(|stored| match stored.meta.program {
            Program::Agent(tier) => Some(CachedAgent {
                cpu: stored.meta.cpu,
                tier,
                toolchain: stored.meta.toolchain.clone(),
                binary: stored.into(),
            }),
            Program::LabTools => None,
        })
        .collect()
}
