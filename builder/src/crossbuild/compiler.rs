//! Finds a Rust compiler that has the standard library's source: MIPS has no prebuilt one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use crate::failure::{Class, Failure};
use crate::whole;

/// The oldest compiler that builds the workspace: `rust-version` of its manifest.
const OLDEST: (u32, u32) = (1, 95);

/// A compiler with its cargo and its library source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Compiler {
    /// `rustc` itself, never a rustup proxy: what it is must not change under us.
    pub(super) rustc: PathBuf,
    /// The `cargo` beside it.
    pub(super) cargo: PathBuf,
    /// The folders that hold the library source: as the compiler names it, and as it is on disk.
    pub(super) library: Vec<PathBuf>,
    /// Release and commit, for people and for the cache's hash.
    pub(super) version: String,
}

/// What was found last time, and by which signs it is still what would be found. Asking compilers for their
/// versions takes longer than a whole build of which nothing changed.
#[derive(Serialize, Deserialize)]
struct Memo {
    signs: Signs,
    compiler: Compiler,
}

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Signs {
    given: Option<OsString>,
    path: Option<OsString>,
    /// Of the compiler: an upgrade replaces it.
    rustc: Option<(SystemTime, u64)>,
    /// Of rustup's settings, which name its default toolchain.
    rustup: Option<(SystemTime, u64)>,
}

impl Signs {
    fn now(given: Option<OsString>, rustc: &Path) -> Self {
        let of = |file: &Path| {
            let meta = fs::metadata(file).ok()?;
            Some((meta.modified().ok()?, meta.len()))
        };
        let rustup = std::env::var_os("RUSTUP_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".rustup")));
        Self {
            given,
            path: std::env::var_os("PATH"),
            rustc: of(rustc),
            rustup: rustup.and_then(|home| of(&home.join("settings.toml"))),
        }
    }
}

/// Finds the compiler: in the folder `$CLOM_RUST_BIN`, else the `rustc` of the PATH (rustup's or the
/// system's), else Debian's in `/usr/bin`; the first that is new enough and has its library source.
pub(super) fn find(cache: &Path) -> Result<Compiler, Failure> {
    let given = std::env::var_os("CLOM_RUST_BIN").filter(|value| !value.is_empty());
    let note = cache.join("toolchain/compiler.json");
    let memo = fs::read(&note)
        .ok()
        .and_then(|text| serde_json::from_slice::<Memo>(&text).ok());
    if let Some(Memo { signs, compiler }) = memo
        && signs.rustc.is_some()
        && signs == Signs::now(given.clone(), &compiler.rustc)
        && compiler.library.iter().all(|library| has_library(library))
    {
        return Ok(compiler);
    }
    let compiler = search(given.as_deref().map(Path::new))?;
    let memo = Memo {
        signs: Signs::now(given, &compiler.rustc),
        compiler: compiler.clone(),
    };
    // Without the note the next run only asks again.
    let _ = write_note(&note, &memo);
    Ok(compiler)
}

fn write_note(note: &Path, memo: &Memo) -> anyhow::Result<()> {
    fs::create_dir_all(whole::folder(note))?;
    whole::write(note, &serde_json::to_vec(memo)?)?;
    Ok(())
}

fn search(given: Option<&Path>) -> Result<Compiler, Failure> {
    let candidates = match given {
        Some(folder) => vec![folder.join("rustc")],
        None => vec![PathBuf::from("rustc"), PathBuf::from("/usr/bin/rustc")],
    };
    let mut wrong = Vec::new();
    for rustc in candidates {
        match inspect(&rustc) {
            Ok(compiler) => return Ok(compiler),
            Err(why) => wrong.push(format!("{}: {why}", rustc.display())),
        }
    }
    Err(Failure::new(
        Class::Host,
        anyhow!(
            "no Rust compiler from {}.{} on that has the standard library's source ({})",
            OLDEST.0,
            OLDEST.1,
            wrong.join("; ")
        ),
    )
    .help(
        "with rustup, run: rustup component add rust-src\n      \
         on Debian 12, run: apt-get install rustc-web cargo-web rust-web-src\n      \
         or let scripts/setup install it",
    ))
}

fn has_library(folder: &Path) -> bool {
    folder.join("library/Cargo.lock").is_file()
}

fn inspect(rustc: &Path) -> Result<Compiler, String> {
    let sysroot = PathBuf::from(ask(rustc, &["--print", "sysroot"])?.trim());
    let rustc = sysroot.join("bin/rustc");
    let cargo = sysroot.join("bin/cargo");
    let verbose = ask(&rustc, &["-vV"])?;
    let (release, version) = parse_version(&verbose)
        .ok_or_else(|| format!("cannot read its version from {verbose:?}"))?;
    if release < OLDEST {
        return Err(format!("too old: {version}"));
    }
    if !cargo.is_file() {
        return Err(format!("{version} has no cargo at {}", cargo.display()));
    }
    let named = sysroot.join("lib/rustlib/src/rust");
    if !has_library(&named) {
        return Err(format!(
            "{version} has no library source in {}",
            named.display()
        ));
    }
    let mut library = vec![named.clone()];
    library.extend(fs::canonicalize(&named).ok().filter(|real| *real != named));
    Ok(Compiler {
        rustc,
        cargo,
        library,
        version,
    })
}

fn ask(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    super::environment::clean(&mut command);
    // rustup looks for a toolchain file from the current folder upwards: which compiler is used must not
    // depend on where clom was started.
    let output = command
        .args(arguments)
        .current_dir("/")
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "not installed".to_owned(),
            _ => error.to_string(),
        })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr)
            .lines()
            .next()
            .unwrap_or("failed without a word")
            .to_owned())
    }
}

/// Release as numbers, and `1.96.0 ac68faa20c58 LLVM 22.1.8`: all that decides what it emits, and not the host.
fn parse_version(verbose: &str) -> Option<((u32, u32), String)> {
    let field = |key: &str| {
        verbose
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .map(str::trim)
    };
    let release = field("release:")?;
    let mut numbers = release.split('.').map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return None;
    };
    let commit = field("commit-hash:").unwrap_or("unknown");
    let llvm = field("LLVM version:").unwrap_or("unknown");
    let commit = commit.get(..12).unwrap_or(commit);
    Some((
        (major, minor),
        format!("rustc {release} {commit} LLVM {llvm}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_without_the_host() {
        let text = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
            commit-hash: ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96\ncommit-date: 2026-05-25\n\
            host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(
            parse_version(text),
            Some(((1, 96), "rustc 1.96.0 ac68faa20c58 LLVM 22.1.8".to_owned()))
        );
        assert_eq!(parse_version("release: nightly"), None);
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn the_note_is_believed_only_while_its_signs_hold() {
        let cache = tempfile::tempdir().unwrap();
        let found = find(cache.path()).unwrap();
        let note = cache.path().join("toolchain/compiler.json");
        let mut memo: Memo = serde_json::from_slice(&fs::read(&note).unwrap()).unwrap();
        memo.compiler.version = "noted".into();
        write_note(&note, &memo).unwrap();
        assert_eq!(find(cache.path()).unwrap().version, "noted");
        memo.signs.rustc = Some((SystemTime::UNIX_EPOCH, 1));
        write_note(&note, &memo).unwrap();
        assert_eq!(find(cache.path()).unwrap(), found);
        fs::write(&note, "{").unwrap();
        assert_eq!(find(cache.path()).unwrap(), found);
    }

    #[test]
    fn a_folder_without_a_compiler_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let why = inspect(&dir.path().join("rustc")).unwrap_err();
        assert_eq!(why, "not installed");
    }
}
