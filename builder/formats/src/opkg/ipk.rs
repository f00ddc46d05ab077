//! Packages: `.ipk`.
//!
//! ```text
//! gzip { tar {
//!   ./debian-binary      "2.0\n"
//!   ./data.tar.gz        gzip { tar of the files, as they lie below / }
//!   ./control.tar.gz     gzip { tar of control, conffiles, postinst, prerm, ... }
//! } }
//! ```
//!
//! Nothing of a package is believed: what it unpacks to is limited, and its entries stay below the root and are files, folders and links
//! only.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};
use thiserror::Error;

use super::{Error, Package};
use crate::tar as tree_tar;
use crate::tree::{Kind, Tree};

/// A package that was unpacked.
#[derive(Debug, Clone)]
pub struct Ipk {
    /// Its file `control`.
    pub package: Package,
    /// Its control files by name, `control` too: mode and content.
    pub control: BTreeMap<String, (u16, Vec<u8>)>,
    /// Its files. Links point where they want: nothing is to be written through them.
    pub data: Tree,
}

/// How much a package may unpack to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of each archive in it, and of the files in them together.
    pub bytes: u64,
    /// Entries of each archive in it.
    pub entries: usize,
}

/// More than any router holds.
impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 512 << 20,
            entries: 100_000,
        }
    }
}

/// Why a package cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IpkError {
    /// It is something else.
    #[error("not an .ipk package of OpenWrt: {0}")]
    Other(String),
    /// An archive is damaged.
    #[error("damaged .ipk package: {archive}: {why}")]
    Damaged {
        /// Which archive.
        archive: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It holds an entry that a package may not hold.
    #[error("refused .ipk package: {archive}: entry `{path}`: {why}")]
    Entry {
        /// Which archive.
        archive: &'static str,
        /// The entry's name.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// It unpacks to more than is allowed.
    #[error(
        "refused .ipk package: {archive} unpacks to more than {limit} {unit} (a decompression bomb?)"
    )]
    TooBig {
        /// Which archive.
        archive: &'static str,
        /// The limit.
        limit: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// Its control file makes no sense.
    #[error("damaged .ipk package: control: {0}")]
    Control(#[from] Error),
}

/// The three members, and how errors call the whole.
const WHOLE: &str = "the package";
const MEMBERS: [&str; 3] = ["debian-binary", "control.tar.gz", "data.tar.gz"];
const CONTROL: &str = MEMBERS[1];
const DATA: &str = MEMBERS[2];

impl Ipk {
    /// Opens a package. Its hash is to be compared before.
    ///
    /// # Errors
    /// Every [`IpkError`].
    pub fn open(file: &[u8], limits: Limits) -> Result<Self, IpkError> {
        match file {
            [0x1F, 0x8B, ..] => {}
            [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => {
                return Err(IpkError::Other(
                    "it is an ar archive, as Debian's packages are".into(),
                ));
            }
            [b'A', b'D', b'B', ..] => return Err(IpkError::Other("it is a package of apk".into())),
            _ => return Err(IpkError::Other("it is not compressed with gzip".into())),
        }
        let outer = unpack(file, WHOLE, limits)?;
        let mut members: BTreeMap<&'static str, Vec<u8>> = BTreeMap::new();
        entries(&outer, WHOLE, limits, |entry| {
            let Some(name) = MEMBERS.into_iter().find(|name| *name == entry.name()) else {
                return match entry.kind {
                    EntryType::Directory => Ok(()),
                    _ => Err(entry.refuse("it does not belong in a package")),
                };
            };
            if !entry.kind.is_file() {
                return Err(entry.refuse("it is not a file"));
            }
            let refused = entry.refuse("it is there twice");
            match members.insert(name, entry.content) {
                None => Ok(()),
                Some(_) => Err(refused),
            }
        })?;
        let mut member = |name: &'static str| {
            members
                .remove(name)
                .ok_or_else(|| IpkError::Other(format!("it holds no {name}")))
        };
        if member(MEMBERS[0])?.trim_ascii() != b"2.0" {
            return Err(IpkError::Other("its debian-binary does not say 2.0".into()));
        }
        let control = read_control(&unpack(&member(CONTROL)?, CONTROL, limits)?, limits)?;
        let data = read_data(&unpack(&member(DATA)?, DATA, limits)?, limits)?;
        let text = control.get("control").map(|(_, text)| text.as_slice());
        let text = text.ok_or_else(|| IpkError::Other("it holds no control file".into()))?;
        Ok(Self {
            package: Package::from_control(text)?,
            control,
            data,
        })
    }

    /// The paths of its configuration files.
    pub fn conffiles(&self) -> Vec<String> {
        let text = self.control.get("conffiles");
        let text = text.map(|(_, text)| String::from_utf8_lossy(text));
        let text = text.unwrap_or_default();
        let lines = text.lines().map(str::trim_ascii);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

fn read_control(
    archive: &[u8],
    limits: Limits,
) -> Result<BTreeMap<String, (u16, Vec<u8>)>, IpkError> {
    let mut files = BTreeMap::new();
    entries(archive, CONTROL, limits, |entry| {
        let name = entry.name().to_owned();
        if entry.kind.is_dir() && name.is_empty() {
            return Ok(());
        }
        if !entry.kind.is_file() || name.is_empty() || name.contains('/') {
            return Err(entry.refuse("only files without folders belong here"));
        }
        let refused = entry.refuse("it is there twice");
        match files.insert(name, (entry.mode, entry.content)) {
            None => Ok(()),
            Some(_) => Err(refused),
        }
    })?;
    Ok(files)
}

fn read_data(archive: &[u8], limits: Limits) -> Result<Tree, IpkError> {
    let mut count = 0;
    entries(archive, DATA, limits, |entry| {
        count += 1;
        match entry.kind {
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::Directory
            | EntryType::Symlink => Ok(()),
            EntryType::Link => match entry.link.as_deref() {
                Some(target) => check_path(target)
                    .map_err(|why| entry.refuse(&format!("it links to `{target}`: {why}"))),
                None => Err(entry.refuse("it is a link without target")),
            },
            EntryType::Char | EntryType::Block => {
                Err(entry.refuse("packages may not hold device nodes"))
            }
            EntryType::Fifo => Err(entry.refuse("packages may not hold pipes")),
            other => Err(entry.refuse(&format!(
                "entries of type `{}` are not known",
                char::from(other.as_byte())
            ))),
        }
    })?;
    if count == 0 {
        return Ok(Tree::default());
    }
    let tree = tree_tar::read(archive).map_err(|error| IpkError::Damaged {
        archive: DATA,
        why: error.to_string(),
    })?;
    // Files with holes are larger than the archive.
    let sizes = tree.walk().map(|entry| match &entry.inode.kind {
        Kind::File(content) => content.len(),
        _ => 0,
    });
    match sizes.fold(0, u64::saturating_add) > limits.bytes {
        true => Err(too_big(DATA, limits.bytes)),
        false => Ok(tree),
    }
}

fn too_big(archive: &'static str, limit: u64) -> IpkError {
    IpkError::TooBig {
        archive,
        limit,
        unit: "bytes",
    }
}

/// Decompresses an archive.
fn unpack(packed: &[u8], archive: &'static str, limits: Limits) -> Result<Vec<u8>, IpkError> {
    let mut bytes = Vec::new();
    let mut limited = MultiGzDecoder::new(packed).take(limits.bytes.saturating_add(1));
    let read = limited.read_to_end(&mut bytes);
    read.map_err(|error| IpkError::Damaged {
        archive,
        why: format!("it does not decompress: {error}"),
    })?;
    match bytes.len() as u64 > limits.bytes {
        true => Err(too_big(archive, limits.bytes)),
        false => Ok(bytes),
    }
}

/// One entry of an archive.
struct Entry {
    archive: &'static str,
    path: String,
    kind: EntryType,
    mode: u16,
    link: Option<String>,
    content: Vec<u8>,
}

impl Entry {
    /// The path without what says where it starts from.
    fn name(&self) -> &str {
        let path = self.path.strip_prefix("./").unwrap_or(&self.path);
        match path.trim_end_matches('/') {
            "." => "",
            name => name,
        }
    }

    fn refuse(&self, why: &str) -> IpkError {
        refuse(self.archive, &self.path, why)
    }
}

fn refuse(archive: &'static str, path: &str, why: &str) -> IpkError {
    let shown = |letter: char| if letter.is_control() { '?' } else { letter };
    IpkError::Entry {
        archive,
        path: path.chars().map(shown).collect(),
        why: why.to_owned(),
    }
}

/// Goes over an archive, every path checked.
fn entries(
    archive: &[u8],
    name: &'static str,
    limits: Limits,
    mut each: impl FnMut(Entry) -> Result<(), IpkError>,
) -> Result<(), IpkError> {
    let damaged = |error: std::io::Error| IpkError::Damaged {
        archive: name,
        why: error.to_string(),
    };
    let mut reader = Archive::new(archive);
    for (number, entry) in (1..).zip(reader.entries().map_err(damaged)?) {
        if number > limits.entries {
            return Err(IpkError::TooBig {
                archive: name,
                limit: limits.entries as u64,
                unit: "entries",
            });
        }
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        // Of the whole archive, not of an entry.
        if kind.is_pax_global_extensions() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        check_path(&path).map_err(|why| refuse(name, &path, why))?;
        let link = entry.link_name_bytes();
        let link = link.map(|link| String::from_utf8_lossy(&link).into_owned());
        let mode = entry.header().mode().map_err(damaged)?;
        // The archive is in memory already and was limited: this is no more than it.
        let mut content = Vec::new();
        if kind.is_file() {
            entry.read_to_end(&mut content).map_err(damaged)?;
        }
        each(Entry {
            archive: name,
            path,
            kind,
            mode: (mode & 0o7777) as u16,
            link,
            content,
        })?;
    }
    Ok(())
}

/// Whether a path stays below the root.
fn check_path(path: &str) -> Result<(), &'static str> {
    match () {
        () if path.starts_with('/') => Err("its path is absolute"),
        () if path.split('/').any(|part| part == "..") => Err("its path holds `..`"),
        () if path.is_empty() => Err("its path is empty"),
        () if path.contains(char::is_control) => Err("its path holds control characters"),
        () => Ok(()),
    }
}
