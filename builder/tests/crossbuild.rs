//! The cross-compiled programs: that they run on their CPUs, and what `clom agent build` says and leaves behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clom::crossbuild::{self, Cpu, Program, Tier};
use clom::ui::{Mode, Ui};
use serde_json::Value;

/// QEMU's user-mode emulator for this CPU, set to the weakest CPU of its kind.
fn emulator(cpu: Cpu) -> (&'static str, &'static str) {
    match cpu {
        Cpu::Mips => ("qemu-mips-static", "24Kc"),
        Cpu::Mipsel => ("qemu-mipsel-static", "24Kc"),
        Cpu::Armv7Hf => ("qemu-arm-static", "cortex-a9,neon=off"),
        Cpu::Armv7Sf => ("qemu-arm-static", "cortex-a9,neon=off,vfp=off"),
        Cpu::Aarch64 => ("qemu-aarch64-static", "cortex-a53"),
    }
}

fn emulate(cpu: Cpu, binary: &Path, arguments: &[&str]) -> Output {
    let (emulator, model) = emulator(cpu);
    Command::new(emulator)
        .args(["-cpu", model])
        .arg(binary)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{emulator}: {error} (apt-get install qemu-user-static)"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All for one CPU in one test: another test would only wait for the same lock.
fn runs(cpu: Cpu) {
    let ui = Ui::new(Mode::Quiet);
    let wanted = [
        (Program::Agent(Tier::Lite), cpu),
        (Program::Agent(Tier::Full), cpu),
        (Program::LabTools, cpu),
    ];
    let built = crossbuild::build_all(&wanted, &ui).unwrap();
    for (binary, tier) in built.iter().zip([Tier::Lite, Tier::Full]) {
        crossbuild::within_budget(cpu, tier, binary).unwrap();
        let version = emulate(cpu, &binary.path, &["--version"]);
        assert!(version.status.success(), "{}", text(&version.stderr));
        let version = text(&version.stdout);
        assert!(
            version.contains(env!("CARGO_PKG_VERSION")) && version.contains(tier.name()),
            "{version}"
        );
        let mistake = emulate(cpu, &binary.path, &["no-such-verb"]);
        assert_eq!(mistake.status.code(), Some(2), "{}", text(&mistake.stderr));
    }
    let described = Command::new("readelf")
        .args(["--file-header", "--program-headers", "--arch-specific"])
        .arg(&built[0].path)
        .output()
        .unwrap();
    let described = text(&described.stdout);
    let wanted: &[&str] = match cpu {
        Cpu::Mips => &["big endian", "MIPS", "o32, mips32r2", "FP ABI: Soft float"],
        Cpu::Mipsel => &[
            "little endian",
            "MIPS",
            "o32, mips32r2",
            "FP ABI: Soft float",
        ],
        Cpu::Armv7Hf => &["little endian", "ARM", "hard-float ABI"],
        Cpu::Armv7Sf => &["little endian", "ARM", "soft-float ABI"],
        Cpu::Aarch64 => &["little endian", "AArch64"],
    };
    for words in wanted {
        assert!(described.contains(words), "{words}:\n{described}");
    }
    assert!(described.contains("EXEC"), "{described}");
    assert!(!described.contains("INTERP"), "{described}");
}

#[test]
fn mips_runs() {
    runs(Cpu::Mips);
}

#[test]
fn mipsel_runs() {
    runs(Cpu::Mipsel);
}

#[test]
fn armv7_hard_float_runs() {
    runs(Cpu::Armv7Hf);
}

#[test]
fn armv7_soft_float_runs_without_a_floating_point_unit() {
    runs(Cpu::Armv7Sf);
}

#[test]
fn aarch64_runs() {
    runs(Cpu::Aarch64);
}

/// A checkout of its own, with a cache of its own that shares the linker with the real one.
struct Checkout {
    dir: tempfile::TempDir,
}

impl Checkout {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for part in ["Cargo.toml", "Cargo.lock", "agent", "builder"] {
            copy(
                &repository.join(part),
                &dir.path().join("source").join(part),
            );
        }
        // The linker is the one part that is too big to make twice, and holds nothing of the source.
        crossbuild::build(Cpu::Aarch64, Tier::Lite, &Ui::new(Mode::Quiet)).unwrap();
        let linker = clom::dirs::cache().join("toolchain");
        fs::create_dir(dir.path().join("cache")).unwrap();
        std::os::unix::fs::symlink(linker, dir.path().join("cache/toolchain")).unwrap();
        Self { dir }
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("source")
    }

    fn clom(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clom"))
            .args(arguments)
            .current_dir("/")
            .env("CLOM_SOURCE", self.source())
            .env("CLOM_CACHE", self.dir.path().join("cache"))
            .env_remove("CLOM_AGENTS")
            .output()
            .unwrap()
    }

    fn agents(&self) -> Vec<PathBuf> {
        let shelf = self.dir.path().join("cache/agents");
        let entries = fs::read_dir(shelf).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect()
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "target" {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

/// Another folder for the source, another for cargo's results, another standard library, another time.
/// Then: source that does not compile, in the same cache.
#[test]
fn the_same_source_gives_the_same_bytes_elsewhere_and_wrong_source_leaves_nothing() {
    let ui = Ui::new(Mode::Quiet);
    let here = crossbuild::build(Cpu::Aarch64, Tier::Lite, &ui).unwrap();
    let checkout = Checkout::new();
    let output = checkout.clom(&["--json", "agent", "build", "-t", "aarch64"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let events: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let agent = events
        .iter()
        .find(|event| event["event"] == "agent")
        .unwrap();
    assert_eq!(agent["cpu"], "aarch64");
    assert_eq!(agent["raw_bytes"], here.raw_bytes);
    assert_eq!(agent["sha256"], here.sha256.as_str());
    assert!(events.iter().any(|event| event["event"] == "step-done"));
    assert_eq!(checkout.agents().len(), 1);

    // From the cache now: no step.
    let output = checkout.clom(&["--json", "agent", "build", "-t", "aarch64"]);
    assert_eq!(text(&output.stdout).lines().count(), 1);

    let main = checkout.source().join("agent/src/main.rs");
    let right = fs::read_to_string(&main).unwrap();
    fs::write(&main, format!("{right}\nfn wrong() -> u8 {{ \"text\" }}\n")).unwrap();
    let output = checkout.clom(&["agent", "build", "-t", "aarch64"]);
    assert_eq!(output.status.code(), Some(6));
    let said = text(&output.stderr);
    assert!(
        said.contains("cannot compile the agent (lite) for aarch64"),
        "{said}"
    );
    assert!(said.contains("mismatched types"), "{said}");
    assert!(said.contains("agent/src/main.rs"), "{said}");
    assert_eq!(checkout.agents().len(), 1);

    fs::write(&main, right).unwrap();
    let output = checkout.clom(&["--json", "agent", "build", "-t", "aarch64"]);
    assert!(
        text(&output.stdout).contains(&here.sha256),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn an_agent_over_its_budget_is_refused_with_its_table() {
    let checkout = Checkout::new();
    let agent = checkout.source().join("agent");
    // 2 MB that no compressor makes smaller and no linker drops.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(2_000_000)
    .collect();
    fs::write(agent.join("noise"), noise).unwrap();
    let main = agent.join("src/main.rs");
    let source = fs::read_to_string(&main).unwrap();
    fs::write(
        &main,
        format!(
            "{source}\n#[used]\nstatic NOISE: [u8; 2_000_000] = *include_bytes!(\"../noise\");\n"
        ),
    )
    .unwrap();
    let output = checkout.clom(&["agent", "build", "-t", "aarch64"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("OVER BUDGET"));
    let said = text(&output.stderr);
    assert!(
        said.contains("tier lite allows 1300000 and 450000"),
        "{said}"
    );
    assert!(said.contains("cargo bloat"), "{said}");
}

/// What goes wrong before anything is compiled.
#[test]
fn what_is_missing_is_said_with_its_cure() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, value: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_clom"))
            .args(["agent", "build", "-t", "mips"])
            .env("CLOM_CACHE", dir.path().join("cache"))
            .env(name, value)
            .output()
            .unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = run("CLOM_SOURCE", dir.path());
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("no Clommunity workspace there"), "{said}");

    let (code, said) = run("CLOM_RUST_BIN", dir.path());
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("rustc: not installed"), "{said}");
    assert!(said.contains("rustup component add rust-src"), "{said}");
    assert!(
        said.contains("apt-get install rustc-web cargo-web rust-web-src"),
        "{said}"
    );

    let (code, said) = run("CLOM_AGENTS", &dir.path().join("none"));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("none/clomd-mips-lite"), "{said}");
}

/// Without the network: pip finds nothing, and clom says what to do; nothing half-made is taken for whole.
#[test]
fn offline_the_linker_cannot_be_set_up_and_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        Command::new(env!("CARGO_BIN_EXE_clom"))
            .args(["agent", "build", "-t", "mips"])
            .env("CLOM_CACHE", dir.path())
            .env("PIP_NO_INDEX", "1")
            .env("PIP_FIND_LINKS", dir.path())
            .env_remove("CLOM_AGENTS")
            .output()
            .unwrap()
    };
    for _ in 0..2 {
        let output = run();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{said}");
        assert!(said.contains("cannot install zig"), "{said}");
        assert!(said.contains("this needs the network once"), "{said}");
    }
    assert!(!dir.path().join("agents").exists());
}
