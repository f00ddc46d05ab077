//! What cross-compiling keeps in the cache, for cleaning.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cpu::Cpu;
use super::program::Program;
use super::{Tier, store};
use crate::store::clean::{Entry, Shelf, Worth, measure};

/// The binaries in the cache folder `cache`, the newest per CPU kind and program marked, and what the compilers left.
/// The tool chains are not among them: without them nothing can be compiled.
///
/// # Errors
/// When a folder cannot be read.
pub fn entries(cache: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for program in [Program::Agent(Tier::Lite), Program::LabTools] {
        let shelf = cache.join(program.shelf());
        let newest = newest(cache, program.shelf());
        for path in folders(&shelf)? {
            let Some((bytes, used)) = measure(&path) else {
                continue;
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let worth = match (name.starts_with('.'), newest.contains(&path)) {
                (true, _) => Worth::Nothing,
                (_, true) => Worth::Newest,
                _ => Worth::Time,
            };
            entries.push(Entry {
                shelf: Shelf::Binaries,
                path,
                bytes,
                used,
                worth,
                lock: Some(shelf.join("lock")),
            });
        }
    }
    for toolchain in folders(&cache.join("build"))? {
        for path in folders(&toolchain)? {
            let Some((bytes, used)) = measure(&path) else {
                continue;
            };
            entries.push(Entry {
                shelf: Shelf::Compilers,
                lock: Some(path.join("clom.lock")),
                path,
                bytes,
                used,
                worth: Worth::Time,
            });
        }
    }
    Ok(entries)
}

/// The folders of the newest whole binary per CPU kind and program.
fn newest(cache: &Path, shelf: &str) -> Vec<PathBuf> {
    let mut newest: HashMap<(Cpu, Program), (std::time::SystemTime, PathBuf)> = HashMap::new();
    for stored in store::list(cache, shelf) {
        let Some(folder) = stored.path.parent().map(Path::to_owned) else {
            continue;
        };
        let Some((_, made)) = measure(&folder) else {
            continue;
        };
        let best = newest
            .entry((stored.meta.cpu, stored.meta.program))
            .or_insert_with(|| (made, folder.clone()));
        if made > best.0 {
            *best = (made, folder);
        }
    }
    newest.into_values().map(|(_, folder)| folder).collect()
}

/// The folders in a folder; nothing if there is none.
fn folders(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Mode, Ui};

    #[test]
    fn the_newest_binary_of_each_kind_is_marked() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(entries(cache.path()).unwrap(), []);
        let ui = Ui::new(Mode::Quiet);
        let agent = Program::Agent(Tier::Lite);
        for (hash, cpu, program) in [
            ("a1", Cpu::Mips, agent),
            ("a2", Cpu::Mips, agent),
            ("a3", Cpu::Mipsel, agent),
            ("b1", Cpu::Mips, Program::LabTools),
        ] {
            let meta = store::Meta::describe(cpu, program, "t", b"binary").unwrap();
            store::put(cache.path(), hash, b"binary", meta, &ui).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let left = cache.path().join("agents/.unfinished-1");
        fs::create_dir(&left).unwrap();
        let compiled = cache.path().join("build/0123456789ab/mips");
        fs::create_dir_all(&compiled).unwrap();
        fs::write(compiled.join("x.rlib"), [0; 100]).unwrap();

        let mut found: Vec<_> = entries(cache.path())
            .unwrap()
            .into_iter()
            .map(|entry| {
                let name = entry.path.file_name().unwrap().to_string_lossy();
                (name.into_owned(), entry.worth)
            })
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [
            (".unfinished-1", Worth::Nothing),
            ("a1", Worth::Time),
            ("a2", Worth::Newest),
            ("a3", Worth::Newest),
            ("b1", Worth::Newest),
            ("mips", Worth::Time),
        ];
        assert_eq!(
            found,
            expected.map(|(name, worth)| (name.to_owned(), worth))
        );
    }
}
