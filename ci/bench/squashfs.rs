//! Compares the squashfs writer with mksquashfs: see `ci/bench/squashfs`, which calls this.
//!
//! `bench DIR ROUNDS` makes a tree like a router's root below `DIR` from files of this machine, lets both programs
//! write it in turn and prints medians. `pack TREE IMAGE EFFORT CACHE` is one run of ours, as a process of its own
//! so that both are measured alike: from files on disk to an image on disk.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clom::store::blocks::DiskBlocks;
use openwrt_formats::squashfs::{Effort, Options, Writer};
use openwrt_formats::tree::{Inode, Kind, Meta, Tree};

const BLOCK_KIB: u32 = 256;
const EPOCH: u32 = 1_700_000_000;
/// Linux counts processes' time in this unit whatever the kernel's own.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bench", dir, rounds] => bench(Path::new(dir), rounds.parse()?),
        ["pack", tree, image, effort, cache] => pack(tree, image, effort, cache),
        _ => bail!("usage: squashfs-bench bench DIR ROUNDS | pack TREE IMAGE EFFORT CACHE"),
    }
}

fn pack(tree: &str, image: &str, effort: &str, cache: &str) -> Result<()> {
    let effort = match effort {
        "fast" => Effort::Fast,
        "standard" => Effort::Standard,
        "best" => Effort::Best,
        other => bail!("no effort `{other}`"),
    };
    let options = Options::openwrt(BLOCK_KIB, false, EPOCH).effort(effort);
    let blocks = DiskBlocks::open(Path::new(cache));
    let written = Writer::new(&options)
        .cache(&blocks)
        .write(&load(Path::new(tree))?)?;
    fs::write(image, written.bytes)?;
    Ok(())
}

/// A folder of the host as a tree.
fn load(dir: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    let mut todo = vec![(dir.to_owned(), Vec::new())];
    while let Some((host, path)) = todo.pop() {
        let stat = fs::symlink_metadata(&host)?;
        let kind = if stat.is_dir() {
            for entry in fs::read_dir(&host)? {
                let entry = entry?;
                let child = [&path, b"/".as_slice(), entry.file_name().as_bytes()].concat();
                todo.push((entry.path(), child));
            }
            Kind::Dir(BTreeMap::new())
        } else {
            Kind::File(fs::read(&host)?.into())
        };
        let meta = Meta::file((stat.mode() & 0o7777) as u16).at(stat.mtime() as u32);
        tree.put(&path, Inode { meta, kind })?;
    }
    Ok(tree)
}

/// Where files of the tree come from: host folder, place in the tree, which files, most bytes of one, and of all.
type Part = (
    &'static str,
    &'static str,
    fn(&Path, &[u8]) -> bool,
    u64,
    u64,
);

/// Proportions of a router's root: programs and libraries, then scripts and text, most files small.
const PARTS: [Part; 8] = [
    ("/usr/bin", "usr/bin", is_program, 500 << 10, 8 << 20),
    ("/usr/sbin", "usr/sbin", is_program, 500 << 10, 4 << 20),
    (
        "/usr/lib/x86_64-linux-gnu",
        "usr/lib",
        is_program,
        1 << 20,
        8 << 20,
    ),
    (
        "/usr/lib/aarch64-linux-gnu",
        "usr/lib",
        is_program,
        1 << 20,
        8 << 20,
    ),
    ("/usr/bin", "bin", is_text, 100 << 10, 1 << 20),
    ("/etc", "etc", is_text, 100 << 10, 1 << 20),
    (
        "/var/lib/dpkg/info",
        "usr/lib/opkg/info",
        is_text,
        50 << 10,
        3 << 20,
    ),
    ("/usr/share/perl5", "www", is_text, 100 << 10, 4 << 20),
];

fn is_program(_: &Path, bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

fn is_text(path: &Path, bytes: &[u8]) -> bool {
    // Passwords and keys of this machine have no business in a test file.
    let readable = fs::metadata(path).is_ok_and(|stat| stat.mode() & 0o004 != 0);
    readable && !bytes.is_empty() && std::str::from_utf8(bytes).is_ok()
}

fn make_tree(target: &Path) -> Result<(usize, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for (source, place, wanted, largest, all) in PARTS {
        let mut left = all;
        let mut todo = vec![PathBuf::from(source)];
        let mut found = Vec::new();
        while let Some(dir) = todo.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten() {
                let path = entry?.path();
                let Ok(stat) = fs::symlink_metadata(&path) else {
                    continue;
                };
                if stat.is_dir() {
                    todo.push(path);
                } else if stat.is_file() && stat.len() <= largest {
                    found.push(path);
                }
            }
        }
        found.sort();
        for path in found {
            let Ok(content) = fs::read(&path) else {
                continue;
            };
            if !wanted(&path, &content) || content.len() as u64 > left {
                continue;
            }
            let to = target.join(place).join(path.strip_prefix(source)?);
            fs::create_dir_all(to.parent().context("a file has a folder")?)?;
            fs::write(to, &content)?;
            left -= content.len() as u64;
            bytes += content.len() as u64;
            files += 1;
        }
    }
    Ok((files, bytes))
}

/// One thing that is measured: wall time and processor time of each round, and the image's size.
#[derive(Default)]
struct Row {
    name: &'static str,
    /// The most that its wall time may be, as a part of mksquashfs's.
    bar: Option<f64>,
    wall: Vec<f64>,
    cpu: Vec<f64>,
    size: u64,
}

impl Row {
    fn new(name: &'static str, bar: Option<f64>) -> Self {
        Self {
            name,
            bar,
            ..Self::default()
        }
    }

    fn measure(&mut self, image: &Path, command: &mut Command) -> Result<()> {
        let (start, cpu) = (Instant::now(), children_cpu()?);
        let status = command.stdout(Stdio::null()).status()?;
        ensure!(status.success(), "{command:?} failed");
        self.wall.push(start.elapsed().as_secs_f64());
        self.cpu.push(children_cpu()? - cpu);
        self.size = fs::metadata(image)?.len();
        Ok(())
    }
}

/// Processor time of the processes this one has waited for, in seconds.
fn children_cpu() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in parentheses, which may hold spaces.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks =
        |at: usize| -> Result<f64> { Ok(fields.get(at).context("/proc/self/stat")?.parse()?) };
    Ok((ticks(13)? + ticks(14)?) / TICKS_PER_SECOND)
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn bench(dir: &Path, rounds: usize) -> Result<()> {
    let tree = dir.join("tree");
    let image = dir.join("image");
    let cache = dir.join("cache");
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let (files, bytes) = make_tree(&tree)?;
    let cores = std::thread::available_parallelism()?;
    println!(
        "{files} files, {:.1} MB, blocks of {BLOCK_KIB} KiB, {cores} cores, medians of {rounds} rounds",
        bytes as f64 / 1e6
    );

    let ours = |effort: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap_or_default());
        command
            .arg("pack")
            .args([&tree, &image])
            .arg(effort)
            .arg(&cache);
        command
    };
    let empty_cache = || match fs::remove_dir_all(&cache) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let text = middle(&tree.join("etc"))?;
    let program = middle(&tree.join("usr/bin"))?;

    let mut theirs = Row::new("mksquashfs -comp xz", None);
    let mut cold = Row::new("ours, nothing cached", Some(1.0));
    let mut same = Row::new("ours, nothing changed", Some(0.2));
    let mut line = Row::new("ours, a line more in a text", Some(0.2));
    let mut other = Row::new("ours, a program changed", Some(0.2));
    let mut best = Row::new("ours, effort best, nothing cached", None);
    let mut fast = Row::new("ours, effort fast, nothing cached", None);
    for _ in 0..rounds {
        let mut mksquashfs = Command::new("mksquashfs");
        mksquashfs
            .args([&tree, &image])
            .args(["-comp", "xz", "-b", &format!("{BLOCK_KIB}K")])
            .args(["-noappend", "-no-progress", "-quiet"]);
        theirs.measure(&image, &mut mksquashfs)?;
        empty_cache()?;
        cold.measure(&image, &mut ours("standard"))?;
        same.measure(&image, &mut ours("standard"))?;
        with_change(
            &text,
            |content| content.extend(b"# one line more\n"),
            || line.measure(&image, &mut ours("standard")),
        )?;
        with_change(
            &program,
            |content| content.extend([0x5A; 40]),
            || other.measure(&image, &mut ours("standard")),
        )?;
        for (row, effort) in [(&mut best, "best"), (&mut fast, "fast")] {
            empty_cache()?;
            row.measure(&image, &mut ours(effort))?;
        }
    }
    let (wall, cpu, size) = (median(&theirs.wall), median(&theirs.cpu), theirs.size);
    println!(
        "{:<36}{:>9}{:>7}{:>6}{:>9}{:>7}{:>12}{:>8}",
        "", "wall s", "ratio", "bar", "cpu s", "ratio", "bytes", "ratio"
    );
    let mut missed = Vec::new();
    for row in [&theirs, &cold, &same, &line, &other, &best, &fast] {
        let ratio = median(&row.wall) / wall;
        if row.bar.is_some_and(|bar| ratio > bar) {
            missed.push(row.name);
        }
        println!(
            "{:<36}{:>9.2}{ratio:>7.2}{:>6}{:>9.2}{:>7.2}{:>12}{:>8.4}",
            row.name,
            median(&row.wall),
            row.bar.map_or("-".into(), |bar| format!("{bar:.1}")),
            median(&row.cpu),
            median(&row.cpu) / cpu,
            row.size,
            row.size as f64 / size as f64
        );
    }
    fs::remove_dir_all(dir)?;
    ensure!(missed.is_empty(), "bars missed: {}", missed.join("; "));
    Ok(())
}

/// The middle one of a folder's files, by name.
fn middle(dir: &Path) -> Result<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let middle = files.get(files.len() / 2).cloned();
    middle.with_context(|| format!("{} holds no files", dir.display()))
}

/// Runs `measure` while the file is changed.
fn with_change(
    path: &Path,
    change: impl FnOnce(&mut Vec<u8>),
    measure: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let original = fs::read(path)?;
    let mut content = original.clone();
    change(&mut content);
    fs::write(path, content)?;
    measure()?;
    fs::write(path, original)?;
    Ok(())
}
