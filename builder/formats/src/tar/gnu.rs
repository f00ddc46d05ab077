//! Archives to the bit as GNU tar makes them with `--format=gnu --numeric-owner --sort=name`.
//!
//! OpenWrt packs its packages so. [`super::write`] makes archives that mean the same, but other programs pad numbers otherwise.
//!
//! ```text
//! 0    100 name                    124  12 size             157 100 link's target
//! 100    8 mode                    136  12 time             257   8 "ustar  " NUL
//! 108    8 user                    148   8 checksum         265  64 names of user and group
//! 116    8 group                   156   1 type             329  16 device: NUL for other things
//! ```
//!
//! Numbers are octal, with zeros in front and NUL behind. Names over 100 bytes stand in an entry of their own (type `L`, links' targets
//! `K`) before the one they belong to. The archive ends in two blocks of zeros and is filled up to whole records of 20 blocks.
//!
//! Source: the GNU tar manual, "Basic Tar Format"; compared with GNU tar 1.34 and 1.35.

use std::collections::HashMap;

use thiserror::Error;

use crate::tree::{InodeId, Kind, Meta, Tree};

const BLOCK: usize = 512;
const RECORD: usize = 20 * BLOCK;
/// The longest name that fits into a header.
const NAME: usize = 100;

/// What an archive for packages cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("/{path} {problem}")]
pub struct Error {
    /// The path.
    pub path: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// An archive in the making.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
}

impl Archive {
    /// Adds a regular file.
    pub fn file(&mut self, name: &[u8], meta: &Meta, content: &[u8]) {
        self.header(name, b"", meta, content.len() as u64, b'0');
        self.bytes.extend_from_slice(content);
        self.fill(BLOCK);
    }

    /// Adds everything in `tree`, from `./` on, each with the time `mtime`.
    ///
    /// # Errors
    /// [`Error`](struct@Error) for devices, pipes, sockets and extended attributes.
    pub fn tree(&mut self, tree: &Tree, mtime: u32) -> Result<(), Error> {
        let mut seen: HashMap<InodeId, Vec<u8>> = HashMap::new();
        for entry in tree.walk() {
            let refuse = |problem| Error {
                path: String::from_utf8_lossy(&entry.path).into_owned(),
                problem,
            };
            if !entry.inode.meta.xattrs.is_empty() {
                return Err(refuse(
                    "has extended attributes, which these archives do not hold",
                ));
            }
            let meta = entry.inode.meta.clone().at(mtime);
            let mut name = [b"./", &entry.path[..]].concat();
            if let Some(first) = seen.get(&entry.id) {
                self.header(&name, first, &meta, 0, b'1');
                continue;
            }
            match &entry.inode.kind {
                Kind::Dir(_) => {
                    if !entry.path.is_empty() {
                        name.push(b'/');
                    }
                    self.header(&name, b"", &meta, 0, b'5');
                    continue;
                }
                Kind::File(content) => self.file(&name, &meta, &content.to_vec()),
                Kind::Symlink(target) => self.header(&name, target, &meta, 0, b'2'),
                Kind::CharDevice { .. } | Kind::BlockDevice { .. } => {
                    return Err(refuse("is a device, which packages must not bring"));
                }
                Kind::Fifo => return Err(refuse("is a named pipe, which packages must not bring")),
                Kind::Socket => return Err(refuse("is a socket, which packages must not bring")),
            }
            seen.insert(entry.id, name);
        }
        Ok(())
    }

    /// The whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.extend([0; 2 * BLOCK]);
        self.fill(RECORD);
        self.bytes
    }

    fn fill(&mut self, unit: usize) {
        let len = self.bytes.len().next_multiple_of(unit);
        self.bytes.resize(len, 0);
    }

    fn header(&mut self, name: &[u8], link: &[u8], meta: &Meta, size: u64, kind: u8) {
        // tar writes the target's long name first.
        if link.len() > NAME {
            self.long(link, b'K');
        }
        if name.len() > NAME {
            self.long(name, b'L');
        }
        let numbers = [
            u64::from(meta.mode & 0o7777),
            meta.uid.into(),
            meta.gid.into(),
            size,
            meta.mtime.into(),
        ];
        self.bytes.extend(block(name, link, numbers, kind));
    }

    /// A name that is too long for a header: as the content of an entry of its own.
    fn long(&mut self, text: &[u8], kind: u8) {
        let numbers = [0o644, 0, 0, text.len() as u64 + 1, 0];
        self.bytes
            .extend(block(b"././@LongLink", b"", numbers, kind));
        self.bytes.extend_from_slice(text);
        self.bytes.push(0);
        self.fill(BLOCK);
    }
}

/// One header; the numbers are mode, user, group, size, time.
fn block(name: &[u8], link: &[u8], numbers: [u64; 5], kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        let places = block.iter_mut().skip(at);
        places.zip(bytes).for_each(|(place, byte)| *place = *byte);
    };
    let cut = |text: &[u8]| text.get(..NAME).unwrap_or(text).to_vec();
    put(0, &cut(name));
    let fields = [(100, 8), (108, 8), (116, 8), (124, 12), (136, 12)];
    for ((at, width), number) in fields.into_iter().zip(numbers) {
        put(at, &octal(number, width));
    }
    put(148, b"        ");
    put(156, &[kind]);
    put(157, &cut(link));
    put(257, b"ustar  ");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    let places = block.iter_mut().skip(148);
    places
        .zip(sum.bytes())
        .for_each(|(place, byte)| *place = byte);
    block
}

/// A number in octal with NUL behind, or where it does not fit, in base 256 with the highest bit set.
fn octal(number: u64, width: usize) -> Vec<u8> {
    let digits = width - 1;
    let text = format!("{number:0digits$o}\0");
    if text.len() == width {
        return text.into_bytes();
    }
    let mut bytes = vec![0; width.saturating_sub(8)];
    bytes.extend(number.to_be_bytes());
    if let Some(first) = bytes.first_mut() {
        *first |= 0x80;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::tree::Inode;

    /// The same tree in memory, and on disk packed by GNU tar.
    #[test]
    fn archives_are_those_of_gnu_tar() {
        let long = format!("{}/{}", "d".repeat(80), "f".repeat(60));
        let exact = "e".repeat(98);
        let dir = tempfile::tempdir().unwrap();
        let script = format!(
            "umask 022; mkdir root; chmod 755 root; cd root; mkdir -p etc usr/bin {d} z; echo hello > usr/bin/hello; chmod 4755 usr/bin/hello
             ln usr/bin/hello usr/bin/hey; ln -s hello usr/bin/hi; ln -s /{long} etc/far; : > etc/empty; chmod 600 etc/empty
             echo x > {long}; ln {long} z/link; echo y > {exact}; chmod 1777 z
             tar --owner=70000 --group=3000000 --mtime=@1700000000 --format=gnu --numeric-owner --sort=name -cf ../x.tar .",
            d = "d".repeat(80)
        );
        let made = Command::new("bash")
            .args(["-euc", &script])
            .env("LC_ALL", "C")
            .current_dir(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");

        let owned = |meta: Meta| Meta {
            uid: 70000,
            gid: 3_000_000,
            ..meta
        };
        let mut tree = Tree::new(owned(Meta::dir(0o755)));
        let meta = owned(Meta::file(0o644));
        for path in ["etc", "usr", "usr/bin", &"d".repeat(80), "z"] {
            tree.make_dirs(path, 0).unwrap();
            tree.get_mut(path).unwrap().meta = owned(Meta::dir(0o755));
        }
        tree.get_mut("z").unwrap().meta.mode = 0o1777;
        tree.put_file("usr/bin/hello", "hello\n", owned(Meta::file(0o4755)))
            .unwrap();
        tree.link("usr/bin/hello", "usr/bin/hey").unwrap();
        for (path, target) in [
            ("usr/bin/hi", "hello".to_owned()),
            ("etc/far", format!("/{long}")),
        ] {
            let kind = Kind::Symlink(target.into_bytes());
            let meta = owned(Meta::file(0o777));
            tree.put(path, Inode { meta, kind }).unwrap();
        }
        tree.put_file("etc/empty", "", owned(Meta::file(0o600)))
            .unwrap();
        tree.put_file(&long, "x\n", meta.clone()).unwrap();
        tree.link(&long, "z/link").unwrap();
        tree.put_file(&exact, "y\n", meta).unwrap();

        let mut archive = Archive::default();
        archive.tree(&tree, 1_700_000_000).unwrap();
        let (ours, theirs) = (
            archive.finish(),
            std::fs::read(dir.path().join("x.tar")).unwrap(),
        );
        let differ = ours.iter().zip(&theirs).position(|(a, b)| a != b);
        assert!(
            ours == theirs,
            "at {differ:?}, of {} and {}",
            ours.len(),
            theirs.len()
        );
    }

    #[test]
    fn refuses_what_packages_must_not_bring() {
        for (kind, what) in [
            (Kind::Fifo, "named pipe"),
            (Kind::Socket, "socket"),
            (Kind::CharDevice { major: 1, minor: 3 }, "device"),
        ] {
            let mut tree = Tree::default();
            let meta = Meta::file(0o644);
            tree.put("dev", Inode { meta, kind }).unwrap();
            let error = Archive::default().tree(&tree, 0).unwrap_err().to_string();
            assert!(
                error.starts_with("/dev is a ") && error.contains(what),
                "{error}"
            );
        }
    }
}
