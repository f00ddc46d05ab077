//! Puts the shipped profile library and its overlays into the program, so that an installed `clom` has them too.
//!
//! Writes `shipped.rs` into the build folder: a list of files with their modes and contents.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    // What `include_dir!` embeds for the lab; the macro itself can't tell cargo on stable Rust.
    println!("cargo::rerun-if-changed=src/lab/userland");
    let top = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo::rerun-if-changed=build.rs");
    let mut list = String::from("&[\n");
    for folder in ["profiles", "overlays"] {
        // Without them beside it (a crate taken out of its workspace), `clom` brings no library. Cargo must not be told to
        // watch what is not there: it would build anew each time.
        if top.join(folder).is_dir() {
            println!("cargo::rerun-if-changed=../{folder}");
            walk(&top, Path::new(folder), &mut list)?;
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("shipped.rs"), list)?;
    Ok(())
}

fn walk(top: &Path, folder: &Path, list: &mut String) -> Result<(), Box<dyn Error>> {
    let mut names: Vec<_> = fs::read_dir(top.join(folder))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort();
    for name in names {
        let path = folder.join(name);
        let full = top.join(&path);
        let kind = fs::symlink_metadata(&full)?;
        let shown = path
            .to_str()
            .ok_or("a shipped file has a name that is not UTF-8")?;
        if kind.is_dir() {
            writeln!(list, "    ({shown:?}, Entry::Folder),")?;
            walk(top, &path, list)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&full)?;
            writeln!(
                list,
                "    ({shown:?}, Entry::Link({:?})),",
                target.to_string_lossy()
            )?;
        } else {
            let full = full.canonicalize()?;
            let run = executable(&kind);
            writeln!(
                list,
                "    ({shown:?}, Entry::File {{ executable: {run}, content: include_bytes!({full:?}) }}),"
            )?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &fs::Metadata) -> bool {
    false
}
