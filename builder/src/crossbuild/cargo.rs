//! Runs cargo for one program and CPU, follows it, and says what went wrong.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow};
use serde::Deserialize;

use super::compiler::Compiler;
use super::cpu::Cpu;
use super::program::Program;
use super::source::Workspace;
use super::zig::Zig;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Step;

/// The workspace's profile for routers.
const PROFILE: &str = "router";

/// The compiler's flags, besides those that rename paths.
///
/// * A static-pie crashes at start on MIPS, and costs bytes elsewhere.
/// * There are no start files of the compiler's own for these targets: zig brings the C library's.
/// * Panics abort, so nothing reads unwind tables.
pub(super) const RUSTFLAGS: [&str; 4] = [
    "-Crelocation-model=static",
    "-Ctarget-feature=+crt-static",
    "-Clink-self-contained=no",
    "-Cforce-unwind-tables=no",
];

/// The standard library is built without its backtrace printer: the binaries have no symbols to print.
pub(super) const STD: [&str; 2] = [
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
];

/// At most this many lines of a compiler's complaint are shown.
const SHOWN_LINES: usize = 60;

/// One compilation.
pub(super) struct Job<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) compiler: &'a Compiler,
    pub(super) zig: &'a Zig,
    /// The cache folder of `clom`.
    pub(super) cache: &'a Path,
    /// Where cargo keeps what it built for this CPU.
    pub(super) target_dir: &'a Path,
    pub(super) cpu: Cpu,
    pub(super) program: Program,
    /// How many compilers may run at once.
    pub(super) jobs: usize,
}

/// What cargo would compile.
#[derive(Deserialize)]
struct UnitGraph {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    target: Target,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

/// A line of `--message-format=json`: only what is used here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Name>,
    executable: Option<PathBuf>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
}

impl Job<'_> {
    /// Compiles and gives the binary's bytes.
    pub(super) fn run(&self, step: &Step<'_>) -> Result<Vec<u8>, Failure> {
        step.doing("looking up what to compile");
        let graph = self.unit_graph()?;
        step.total(graph.units.len() as u64);
        self.forget_workspace_crates()
            .with_context(|| self.target_dir.display().to_string())
            .or_fail(Class::Host)?;
        let executable = self.compile(&graph, step)?;
        fs::read(&executable)
            .with_context(|| executable.display().to_string())
            .or_fail(Class::Host)
    }

    fn unit_graph(&self) -> Result<UnitGraph, Failure> {
        let mut command = Command::new(&self.compiler.cargo);
        self.arrange(&mut command);
        command.arg("build");
        self.arguments(&mut command);
        let output = command
            .args(["--unit-graph", "-Zunstable-options"])
            .output()
            .with_context(|| self.compiler.cargo.display().to_string())
            .or_fail(Class::Host)?;
        if !output.status.success() {
            return Err(self.failed(&String::from_utf8_lossy(&output.stderr), ""));
        }
        serde_json::from_slice(&output.stdout)
            .context("cargo's unit graph")
            .or_fail(Class::Host)
    }

    /// Cargo tells by file times whether a crate is fresh. The target folder is shared by all checkouts,
    /// whose files' times say nothing about each other: the workspace's crates are always built anew.
    fn forget_workspace_crates(&self) -> std::io::Result<()> {
        let triple = self.target_dir.join(self.cpu.triple());
        for side in [self.target_dir, &triple] {
            let fingerprints = side.join(PROFILE).join(".fingerprint");
            let entries = match fs::read_dir(&fingerprints) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                // The folder is called `crate-hash`.
                let krate = name.rsplit_once('-').map_or(&*name, |(krate, _)| krate);
                if ["clomd", "clom-lab", "openwrt-formats"].contains(&krate) {
                    fs::remove_dir_all(entry.path())?;
                }
            }
        }
        Ok(())
    }

    fn compile(&self, graph: &UnitGraph, step: &Step<'_>) -> Result<PathBuf, Failure> {
        let mut command = Command::new(self.zig.zigbuild());
        self.arrange(&mut command);
        command.arg("zigbuild");
        self.arguments(&mut command);
        command
            .arg("--message-format=json")
            .env("CARGO_ENCODED_RUSTFLAGS", self.rustflags(graph))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| self.zig.zigbuild().display().to_string())
            .or_fail(Class::Host)?;
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let mut complaint = String::new();
        let mut executable = None;
        // Both pipes are read at once, or cargo would block on the one that is full.
        let said = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut said = Vec::new();
                if let Some(mut stderr) = stderr {
                    let _ = stderr.read_to_end(&mut said);
                }
                String::from_utf8_lossy(&said).into_owned()
            });
            let mut built = 0;
            for line in stdout
                .into_iter()
                .flat_map(|out| BufReader::new(out).lines())
            {
                let Ok(line) = line else { break };
                let Ok(message) = serde_json::from_str::<Message>(&line) else {
                    continue;
                };
                match message.reason.as_str() {
                    "compiler-artifact" => {
                        built += 1;
                        step.at(built);
                        if let Some(Name { name }) = &message.target {
                            step.doing(name);
                            if *name == self.program.krate() {
                                executable = message.executable.or(executable.take());
                            }
                        }
                    }
                    "compiler-message" => {
                        if let Some(Diagnostic {
                            level,
                            rendered: Some(text),
                        }) = &message.message
                            && level.starts_with("error")
                        {
                            complaint.push_str(text);
                        }
                    }
                    _ => {}
                }
            }
            reader.join().unwrap_or_default()
        });
        let status = child
            .wait()
            .context("cargo-zigbuild")
            .or_fail(Class::Host)?;
        match executable {
            Some(executable) if status.success() => Ok(executable),
            _ => Err(self.failed(&said, &complaint)),
        }
    }

    fn arrange(&self, command: &mut Command) {
        super::environment::clean(command);
        let mut path = self.zig.bin().into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        command
            .current_dir(self.workspace.root())
            .env("PATH", path)
            .env("RUSTC", &self.compiler.rustc)
            .env("CARGO", &self.compiler.cargo)
            // Only nightly compilers take -Z otherwise.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", self.target_dir)
            .env("CARGO_BUILD_JOBS", self.jobs.to_string())
            // Two of them that make the same folder for the first time disturb each other; the target folder is one's own.
            .env("CARGO_ZIGBUILD_CACHE_DIR", self.target_dir.join("zigbuild"))
            .env(
                "ZIG_GLOBAL_CACHE_DIR",
                self.cache.join("toolchain/zig-cache"),
            );
    }

    /// Each program is a cargo call of its own: built together, they would share the features of their
    /// common crates, and the agent's bytes would depend on what was built beside it.
    fn arguments(&self, command: &mut Command) {
        command
            .args([
                "--locked",
                "--profile",
                PROFILE,
                "--target",
                self.cpu.triple(),
            ])
            .args(["--package", self.program.krate()])
            .args(STD);
        if let Some(features) = self.program.features() {
            command.args(["--no-default-features", "--features", features]);
        }
    }

    /// The flags, with the places of this machine renamed: the same source gives the same bytes anywhere.
    fn rustflags(&self, graph: &UnitGraph) -> String {
        let mut flags: Vec<String> = RUSTFLAGS.iter().map(|&flag| flag.to_owned()).collect();
        let mut rename = |from: &Path, to: &str| {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        };
        rename(self.target_dir, "/target");
        for registry in registries(graph) {
            rename(&registry, "/cargo");
        }
        for library in &self.compiler.library {
            rename(library, "/rust");
        }
        rename(self.workspace.root(), "/clommunity");
        flags.join("\x1f")
    }

    fn failed(&self, said: &str, complaint: &str) -> Failure {
        let text = if complaint.is_empty() {
            said
        } else {
            complaint
        };
        let failure = Failure::new(
            Class::Host,
            anyhow!(
                "cannot compile the {} for {}:\n{}",
                self.program,
                self.cpu,
                excerpt(text)
            ),
        );
        let offline = [
            "failed to download",
            "failed to get",
            "Could not resolve",
            "network",
        ];
        if offline.iter().any(|sign| said.contains(sign)) {
            failure.help(
                "the crates it needs are downloaded once: connect to the network and try again",
            )
        } else {
            failure
        }
    }
}

/// The folders of unpacked crates: `CARGO_HOME/registry/src/INDEX`, whose name depends on the mirror in use.
fn registries(graph: &UnitGraph) -> BTreeSet<PathBuf> {
    let index = |path: &Path| {
        path.ancestors()
            .find(|folder| {
                folder
                    .parent()
                    .is_some_and(|parent| parent.ends_with("registry/src"))
            })
            .map(Path::to_owned)
    };
    graph
        .units
        .iter()
        .filter_map(|unit| index(&unit.target.src_path))
        .collect()
}

/// The first lines; cargo's own progress among them is left out.
fn excerpt(text: &str) -> String {
    const PROGRESS: [&str; 6] = [
        "Compiling",
        "Downloaded",
        "Downloading",
        "Updating",
        "Locking",
        "Blocking",
    ];
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| {
            !PROGRESS
                .iter()
                .any(|word| line.trim_start().starts_with(word))
        })
        .collect();
    let left = lines.len().saturating_sub(SHOWN_LINES);
    lines.truncate(SHOWN_LINES);
    let mut text = lines.join("\n");
    if left > 0 {
        text.push_str(&format!("\n... and {left} more lines"));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_found_by_their_place() {
        let graph: UnitGraph = serde_json::from_str(
            r#"{"units":[
                {"target":{"src_path":"/h/.cargo/registry/src/mirror-1f/anyhow-1.0/src/lib.rs"}},
                {"target":{"src_path":"/h/.cargo/registry/src/mirror-1f/serde-1.0/src/lib.rs"}},
                {"target":{"src_path":"/w/agent/src/main.rs"}}]}"#,
        )
        .unwrap();
        let found: Vec<_> = registries(&graph).into_iter().collect();
        assert_eq!(found, [PathBuf::from("/h/.cargo/registry/src/mirror-1f")]);
    }

    #[test]
    fn an_excerpt_is_short_and_without_progress() {
        assert_eq!(
            excerpt("   Compiling clomd v0.1.0\nerror: no\n\n"),
            "error: no"
        );
        let long = "line\n".repeat(SHOWN_LINES + 3);
        assert!(excerpt(&long).ends_with("line\n... and 3 more lines"));
    }
}
