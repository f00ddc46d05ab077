//! Against unsquashfs and mksquashfs of squashfs-tools. They must be installed.

use std::process::Command;

use super::*;

/// Runs a tool and gives what it prints; panics when it fails.
pub(super) fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error} (is squashfs-tools installed?)"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A device as `unsquashfs -lln` prints it: it takes the number on disk for one of 8 bits each, signed.
fn device(major: u32, minor: u32) -> String {
    let stored = (minor & 0xFF) | (major << 8) | ((minor & !0xFF) << 12);
    format!("{},{}", stored as i32 >> 8, stored & 0xFF)
}

/// The listing `unsquashfs -lln` should give, without directories' sizes (they count what is on disk).
fn expected_listing(tree: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in tree.walk() {
        let meta = &entry.inode.meta;
        let (letter, size, arrow) = match &entry.inode.kind {
            Kind::Dir(_) => ('d', String::new(), String::new()),
            Kind::File(content) => ('-', content.len().to_string(), String::new()),
            Kind::Symlink(target) => (
                'l',
                target.len().to_string(),
                format!(" -> {}", String::from_utf8_lossy(target)),
            ),
            Kind::CharDevice { major, minor } => ('c', device(*major, *minor), String::new()),
            Kind::BlockDevice { major, minor } => ('b', device(*major, *minor), String::new()),
            Kind::Fifo => ('p', "0".into(), String::new()),
            Kind::Socket => ('s', "0".into(), String::new()),
        };
        let bits = |shift: u16, special: u16, plain: char, bare: char| {
            let mode = meta.mode >> shift;
            let execute = match (meta.mode & special != 0, mode & 1 != 0) {
                (false, false) => '-',
                (false, true) => 'x',
                (true, true) => plain,
                (true, false) => bare,
            };
            let read = if mode & 4 != 0 { 'r' } else { '-' };
            let write = if mode & 2 != 0 { 'w' } else { '-' };
            format!("{read}{write}{execute}")
        };
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        lines.push(format!(
            "{letter}{}{}{} {}/{} {size} root{}{path}{arrow}",
            bits(6, 0o4000, 's', 'S'),
            bits(3, 0o2000, 's', 'S'),
            bits(0, 0o1000, 't', 'T'),
            meta.uid,
            meta.gid,
            if path.is_empty() { "" } else { "/" },
        ));
    }
    lines
}

/// The listing unsquashfs gives, in the same form.
fn listing(image: &std::path::Path) -> Vec<String> {
    let printed = run(Command::new("unsquashfs")
        .args(["-d", "root", "-lln"])
        .arg(image));
    printed
        .lines()
        .filter(|line| line.contains(" root"))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [mode, owner, rest @ ..] = words.as_slice() else {
                panic!("{line}");
            };
            // A device's numbers may be printed with a space in between.
            let date = rest
                .iter()
                .position(|word| word.len() == 10 && word.as_bytes()[4] == b'-')
                .unwrap();
            let size = if mode.starts_with('d') {
                String::new()
            } else {
                rest[..date].concat()
            };
            format!("{mode} {owner} {size} {}", rest[date + 2..].join(" "))
        })
        .collect()
}

#[test]
fn unsquashfs_lists_and_extracts_the_same() {
    let dir = tempfile::tempdir().unwrap();
    for (number, options) in all_options().into_iter().enumerate() {
        let tree = sample(options.block_size as usize);
        let path = dir.path().join(format!("{number}.squashfs"));
        std::fs::write(&path, write(&tree, &options, &NoCache).unwrap()).unwrap();
        let (found, expected) = (listing(&path), expected_listing(&tree));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), expected.len());
        for entry in tree.walk() {
            let Kind::File(content) = &entry.inode.kind else {
                continue;
            };
            let name = String::from_utf8(entry.path).unwrap();
            if name.starts_with("many/") && !name.ends_with('7') {
                continue;
            }
            let output = Command::new("unsquashfs")
                .arg("-cat")
                .arg(&path)
                .arg(&name)
                .output()
                .unwrap();
            assert!(output.status.success());
            assert!(output.stdout == content.to_vec(), "{name}");
        }
    }
}
