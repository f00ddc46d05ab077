//! Finds a Rust compiler that has the standard library's source: MIPS has no prebuilt one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::anyhow;

use crate::failure::{Class, Failure};

/// The oldest compiler that builds the workspace: `rust-version` of its manifest.
const OLDEST: (u32, u32) = (1, 95);

/// A compiler with its cargo and its library source.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Finds the compiler: in the folder `$CLOM_RUST_BIN`, else the `rustc` of the PATH (rustup's or the
/// system's), else Debian's in `/usr/bin`; the first that is new enough and has its library source.
pub(super) fn find() -> Result<Compiler, Failure> {
    let given = std::env::var_os("CLOM_RUST_BIN").filter(|value| !value.is_empty());
    let candidates = match &given {
        Some(folder) => vec![Path::new(folder).join("rustc")],
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
    if !named.join("library/Cargo.lock").is_file() {
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
    let output = command
        .args(arguments)
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
    fn a_folder_without_a_compiler_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let why = inspect(&dir.path().join("rustc")).unwrap_err();
        assert_eq!(why, "not installed");
    }
}
