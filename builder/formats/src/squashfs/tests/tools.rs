//! Against unsquashfs and mksquashfs of squashfs-tools, which must be installed.
//!
//! Device nodes, owners and some extended attributes need root to be extracted. Without it, these are checked
//! by unsquashfs's listing only.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// Files larger than this are compared where they have data only.
const LARGE: u64 = 64 << 20;

fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error} (is squashfs-tools installed?)"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The image as a file in a temporary folder.
fn on_disk(image: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    fs::write(&path, image).unwrap();
    (dir, path)
}

/// What `unsquashfs -cat` gives for a file: it looks each name up, by the directory's index if there is one.
pub(super) fn cat(image: &[u8], file: &str) -> Vec<u8> {
    let (_dir, path) = on_disk(image);
    run(Command::new("unsquashfs").arg("-cat").arg(path).arg(file))
}

/// unsquashfs lists and extracts what is in the tree.
#[track_caller]
pub(super) fn assert_unsquashfs_agrees(tree: &Tree, image: &[u8]) {
    let (dir, path) = on_disk(image);
    // Its listing is for people: other names would have to be taken apart from it by guessing.
    let plain = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
    let listable = tree.walk().all(|entry| {
        plain(&entry.path) && !matches!(&entry.inode.kind, Kind::Symlink(to) if !plain(to))
    });
    if listable {
        let (found, expected) = (listing(&path), expected_listing(tree));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), expected.len());
    }

    let root = fs::metadata(&path).unwrap().uid() == 0;
    let target = dir.path().join("out");
    let output = Command::new("unsquashfs")
        .args(["-no-progress", "-d"])
        .args([&target, &path])
        .output()
        .unwrap();
    assert!(
        output.status.success() || !root,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut inodes = HashMap::new();
    for entry in tree.walk() {
        let name = String::from_utf8_lossy(&entry.path).into_owned();
        let host = target.join(OsStr::from_bytes(&entry.path));
        let meta = &entry.inode.meta;
        let device = matches!(
            entry.inode.kind,
            Kind::CharDevice { .. } | Kind::BlockDevice { .. }
        );
        if device && !root {
            continue;
        }
        let stat = fs::symlink_metadata(&host).unwrap_or_else(|error| panic!("{name}: {error}"));
        let inode = *inodes.entry(entry.id).or_insert(stat.ino());
        assert_eq!(inode, stat.ino(), "{name}: hard link");
        assert_eq!(stat.mtime(), i64::from(meta.mtime), "{name}: mtime");
        let symlink = matches!(entry.inode.kind, Kind::Symlink(_));
        if root {
            assert_eq!((stat.uid(), stat.gid()), (meta.uid, meta.gid), "{name}");
            assert!(symlink || stat.mode() & 0o7777 == u32::from(meta.mode));
        }
        if root && !symlink && !device {
            assert_eq!(xattrs(&host), meta.xattrs, "{name}: xattrs");
        }
        let kind = stat.file_type();
        match &entry.inode.kind {
            Kind::Dir(_) => assert!(kind.is_dir(), "{name}"),
            Kind::Fifo => assert!(kind.is_fifo(), "{name}"),
            Kind::Socket => assert!(kind.is_socket(), "{name}"),
            Kind::Symlink(to) => {
                let found = fs::read_link(&host).unwrap();
                assert_eq!(found.as_os_str().as_bytes(), to, "{name}");
            }
            Kind::File(content) => {
                assert_eq!(stat.len(), content.len(), "{name}");
                if content.len() <= LARGE {
                    assert!(fs::read(&host).unwrap() == content.to_vec(), "{name}");
                    continue;
                }
                let file = fs::File::open(&host).unwrap();
                let mut data = 0;
                for (offset, extent) in content.extents() {
                    let mut found = vec![0; extent.len()];
                    file.read_exact_at(&mut found, *offset).unwrap();
                    assert!(found == **extent, "{name} at {offset}");
                    data += extent.len() as u64;
                }
                // The rest is holes there as well.
                assert!(stat.blocks() * 512 < data + (8 << 20), "{name}: not sparse");
            }
            Kind::CharDevice { major, minor } => {
                assert!(kind.is_char_device(), "{name}");
                assert_eq!(host_device(stat.rdev()), (*major, *minor), "{name}");
            }
            Kind::BlockDevice { major, minor } => {
                assert!(kind.is_block_device(), "{name}");
                assert_eq!(host_device(stat.rdev()), (*major, *minor), "{name}");
            }
        }
    }
    let extracted = load(&target).walk().count();
    assert!(extracted == tree.walk().count() || !root);
}

/// glibc's `major` and `minor`.
fn host_device(device: u64) -> (u32, u32) {
    let major = ((device >> 8) & 0xFFF) | ((device >> 32) & !0xFFF);
    let minor = (device & 0xFF) | ((device >> 12) & !0xFF);
    (major as u32, minor as u32)
}

fn xattrs(host: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let names = xattr::list(host).unwrap();
    // A machine with SELinux adds its own.
    names
        .filter(|name| name != "security.selinux")
        .map(|name| {
            let value = xattr::get(host, &name).unwrap().unwrap();
            (name.as_bytes().to_vec(), value)
        })
        .collect()
}

/// Reads a folder of the host, without its sockets' content and the like.
fn load(dir: &Path) -> Tree {
    let mut tree = Tree::default();
    let mut seen: HashMap<u64, Vec<u8>> = HashMap::new();
    let mut todo = vec![(dir.to_owned(), Vec::new())];
    while let Some((host, path)) = todo.pop() {
        let stat = fs::symlink_metadata(&host).unwrap();
        let kind = stat.file_type();
        let (major, minor) = host_device(stat.rdev());
        if let Some(first) = seen.get(&stat.ino()) {
            tree.link(first, &path).unwrap();
            continue;
        }
        let inode_kind = if kind.is_dir() {
            for entry in fs::read_dir(&host).unwrap() {
                let entry = entry.unwrap();
                let mut child = path.clone();
                child.push(b'/');
                child.extend(entry.file_name().as_bytes());
                todo.push((entry.path(), child));
            }
            Kind::Dir(BTreeMap::new())
        } else if kind.is_symlink() {
            let to = fs::read_link(&host).unwrap();
            Kind::Symlink(to.as_os_str().as_bytes().to_vec())
        } else if kind.is_file() {
            seen.insert(stat.ino(), path.clone());
            Kind::File(if stat.len() > LARGE {
                Content::hole(stat.len())
            } else {
                fs::read(&host).unwrap().into()
            })
        } else if kind.is_char_device() {
            Kind::CharDevice { major, minor }
        } else if kind.is_block_device() {
            Kind::BlockDevice { major, minor }
        } else if kind.is_fifo() {
            Kind::Fifo
        } else {
            Kind::Socket
        };
        let meta = Meta {
            mode: (stat.mode() & 0o7777) as u16,
            uid: stat.uid(),
            gid: stat.gid(),
            mtime: stat.mtime() as u32,
            xattrs: if kind.is_dir() || kind.is_file() {
                xattrs(&host)
            } else {
                BTreeMap::new()
            },
        };
        let kind = inode_kind;
        tree.put(&path, Inode { meta, kind }).unwrap();
    }
    tree
}

/// A device as `unsquashfs -lln` prints it: it takes the number on disk for one of 8 bits each, signed.
fn listed_device(major: u32, minor: u32) -> String {
    let stored = (minor & 0xFF) | (major << 8) | ((minor & !0xFF) << 12);
    format!("{},{}", stored as i32 >> 8, stored & 0xFF)
}

/// The listing `unsquashfs -lln` should give, without directories' sizes (they count what is on disk) and dates.
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
            Kind::CharDevice { major, minor } => {
                ('c', listed_device(*major, *minor), String::new())
            }
            Kind::BlockDevice { major, minor } => {
                ('b', listed_device(*major, *minor), String::new())
            }
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
fn listing(image: &Path) -> Vec<String> {
    let printed = run(Command::new("unsquashfs")
        .args(["-d", "root", "-lln"])
        .arg(image));
    String::from_utf8_lossy(&printed)
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
    for options in all_options() {
        let tree = sample(options.block_size as usize);
        let image = write(&tree, &options, &NoCache).unwrap();
        assert_unsquashfs_agrees(&tree, &image);
    }
}

#[test]
fn reads_what_mksquashfs_makes() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    // unsquashfs puts a tree on the disk, as far as rights allow.
    let mut tree = sample(70_000);
    let set = |tree: &mut Tree, path: &str, name: &str, value: Vec<u8>| {
        let xattrs = &mut tree.get_mut(path).unwrap().meta.xattrs;
        xattrs.insert(name.into(), value);
    };
    set(&mut tree, "text/over", "user.small", b"value".to_vec());
    set(&mut tree, "many", "user.shared", vec![7; 100]);
    set(&mut tree, "text/one", "user.shared", vec![7; 100]);
    let seed = Options::new(Compression::Zstd { level: 1 });
    let (_seed, path) = on_disk(&write(&tree, &seed, &NoCache).unwrap());
    let unpacked = Command::new("unsquashfs")
        .args(["-no-progress", "-d"])
        .args([&root, &path])
        .output();
    unpacked.unwrap();
    let expected = load(&root);
    let mut without_xattrs = expected.clone();
    let paths: Vec<_> = expected.walk().map(|entry| entry.path).collect();
    for path in paths {
        let inode = without_xattrs.get_mut(path).unwrap();
        inode.meta.xattrs.clear();
    }
    assert!(expected.walk().count() > 320);

    let image = dir.path().join("image");
    for arguments in [
        "-comp gzip",
        "-comp gzip -b 4096 -Xcompression-level 3 -Xwindow-size 10 -Xstrategy default,filtered",
        "-comp gzip -b 1M -nopad -no-fragments",
        "-comp xz -b 256K -nopad -no-exports",
        "-comp xz -b 8K -Xbcj arm,x86,powerpc",
        "-comp xz -b 64K -Xdict-size 25% -always-use-fragments",
        "-comp zstd -b 4096",
        "-comp zstd -b 1M -Xcompression-level 22 -no-duplicates",
        "-comp gzip -noI -noD -noF -noX -noId",
        "-comp xz -no-xattrs -no-sparse",
    ] {
        run(Command::new("mksquashfs")
            .args([&root, &image])
            .args(["-noappend", "-no-progress", "-mkfs-time", "1234567890"])
            .args(arguments.split(' ')));
        let bytes = fs::read(&image).unwrap();
        let (tree, info) = read(&bytes).unwrap_or_else(|error| panic!("{arguments}: {error}"));
        let dropped = arguments.contains("-no-xattrs");
        assert_same(if dropped { &without_xattrs } else { &expected }, &tree);
        assert_eq!(info.mkfs_time, 1_234_567_890);
        assert_eq!(info.flags.has(Flags::NO_XATTRS), dropped);
        assert_eq!(info.inodes as usize, 333);
        let stats = run(Command::new("unsquashfs").arg("-stat").arg(&image));
        let stats = String::from_utf8_lossy(&stats).into_owned();
        assert!(stats.contains(&format!("Block size {}\n", info.block_size)));
        assert!(stats.contains(&format!("Number of fragments {}\n", info.fragments)));

        // And back: with the same kind of options, with and without the donor's blocks.
        let (_, _, seeds) = read_donor(&bytes).unwrap();
        let options = Options {
            root_owned: false,
            clamp_times: false,
            ..info.options()
        };
        let writer = Writer::new(&options).donor(&seeds);
        let again = writer.write(&tree).unwrap();
        // Without fragment blocks or compression there, the donor has nothing that we would make.
        let alike = !arguments.contains("-no-fragments") && !arguments.contains("-noD");
        assert_eq!(again.stats.from_donor > 0, alike, "{arguments}");
        assert_same(&tree, &read(&again.bytes).unwrap().0);
        assert_unsquashfs_agrees(&tree, &again.bytes);
    }
}

/// Looking into an image shows what reading it does, and single files come out as unsquashfs has them.
#[test]
fn browsing_shows_what_reading_does() {
    for options in all_options() {
        let tree = sample(options.block_size as usize);
        let image = write(&tree, &options, &NoCache).unwrap();
        let (read, info) = read(&image).unwrap();
        let mut browser = Browser::open(&image).unwrap();
        assert_eq!(*browser.info(), info);
        let outline = browser.tree().clone();
        let mut files = Vec::new();
        for (a, b) in read.walk().zip(outline.walk()) {
            assert_eq!((&a.path, &a.inode.meta), (&b.path, &b.inode.meta));
            match (&a.inode.kind, &b.inode.kind) {
                (Kind::File(a), Kind::File(b_content)) => {
                    assert_eq!(a.len(), b_content.len());
                    files.push((b.id, a.clone()));
                }
                (Kind::Dir(a), Kind::Dir(b)) => assert!(a.keys().eq(b.keys())),
                (a, b) => assert_eq!(a, b),
            }
        }
        let ids: Vec<_> = files.iter().map(|(id, _)| *id).collect();
        let contents = browser.contents(&ids).unwrap();
        assert!(contents.iter().eq(files.iter().map(|(_, content)| content)));
        assert!(browser.contents(&[outline.root()]).unwrap()[0].is_empty());
    }
}
