//! What is installed on a router: `lib/apk/db/installed`.
//!
//! Source: apk-tools' `src/database.c` and `src/package.c`.
//!
//! ```text
//! a record for each package, an empty line behind each
//! C: P: V: A: S: I: T: U: L: o: m: t: c: k: D: p: i: g: r: q: s: f:     what it is, in this order
//! F:folder           from the root, without "/" in front
//! M:uid:gid:mode     the folder's, unless 0:0:755; ":" and the checksum of its extended attributes behind, if it has any
//! R:file             in that folder
//! a:uid:gid:mode     the file's, unless 0:0:644; as above
//! Z:Q1base64         20 bytes of the SHA-256 of its content, or of its target
//! ```

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::Error;
use super::package::{Acl, FileKind, Owners, Package};

/// The bytes of a checksum.
type Checksum = [u8; 20];

/// The database of installed packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// All packages; apk-tools sorts them by name.
    pub packages: Vec<InstalledPackage>,
}

/// An installed package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstalledPackage {
    /// What it is: the letter of a line and its text, in order.
    pub lines: Vec<(u8, Vec<u8>)>,
    /// Its folders.
    pub folders: Vec<InstalledFolder>,
}

/// A folder of an installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledFolder {
    /// From the root, without `/` in front.
    pub path: Vec<u8>,
    /// Mode and owners, unless they are the usual ones.
    pub mode: Option<Mode>,
    /// Its files.
    pub files: Vec<InstalledFile>,
}

/// A file of an installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledFile {
    /// Its name.
    pub name: Vec<u8>,
    /// Mode and owners, unless they are the usual ones.
    pub mode: Option<Mode>,
    /// The checksum of its content or target.
    pub checksum: Option<Checksum>,
}

/// Mode and owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The low 12 bits of `st_mode`.
    pub mode: u16,
    /// The checksum of the extended attributes.
    pub xattrs: Option<Checksum>,
}

impl Installed {
    /// Reads the text. What is read is written again byte for byte, so what would not be is refused.
    ///
    /// # Errors
    /// [`Error::Installed`].
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        let mut packages = Vec::new();
        let mut package = InstalledPackage::default();
        let mut lines = text.split(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            let wrong = |problem: &str| Error::Installed {
                line: number + 1,
                problem: problem.into(),
            };
            if lines.peek().is_none() {
                // What stands behind the last line feed.
                if !line.is_empty() || package != InstalledPackage::default() {
                    return Err(wrong("is cut short, or has no empty line behind it"));
                }
            } else if line.is_empty() {
                if package.field(b'P').is_none() || package.field(b'V').is_none() {
                    return Err(wrong("ends a package without name (P:) or version (V:)"));
                }
                packages.push(std::mem::take(&mut package));
            } else {
                let [letter, b':', value @ ..] = line else {
                    return Err(wrong("is not a letter, a colon and a text"));
                };
                package.line(*letter, value).map_err(wrong)?;
            }
        }
        Ok(Self { packages })
    }

    /// The text.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for package in &self.packages {
            for (letter, value) in &package.lines {
                line(&mut out, *letter, value);
            }
            for folder in &package.folders {
                line(&mut out, b'F', &folder.path);
                if let Some(mode) = &folder.mode {
                    line(&mut out, b'M', mode.text().as_bytes());
                }
                for file in &folder.files {
                    line(&mut out, b'R', &file.name);
                    if let Some(mode) = &file.mode {
                        line(&mut out, b'a', mode.text().as_bytes());
                    }
                    if let Some(checksum) = &file.checksum {
                        line(&mut out, b'Z', checksum_text(checksum).as_bytes());
                    }
                }
            }
            out.push(b'\n');
        }
        out
    }

    /// The package of this name.
    pub fn get(&self, name: &str) -> Option<&InstalledPackage> {
        let mut packages = self.packages.iter();
        packages.find(|package| package.field(b'P') == Some(name.as_bytes()))
    }
}

impl InstalledPackage {
    /// The text of the first line with this letter, of those before the folders.
    pub fn field(&self, letter: u8) -> Option<&[u8]> {
        let found = self.lines.iter().find(|(of, _)| *of == letter);
        found.map(|(_, value)| &value[..])
    }

    /// What apk-tools writes for this package. `file_size` is that of the package's file.
    ///
    /// # Errors
    /// [`Error::Owner`]; [`Error::Field`] for a text with a line feed, which would be a line of its own.
    pub fn of(package: &Package, file_size: u64, owners: &Owners) -> Result<Self, Error> {
        let info = &package.info;
        let list = |list: &[super::Dependency]| {
            list.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let number = |number: u64| {
            if number == 0 {
                String::new()
            } else {
                number.to_string()
            }
        };
        // apk-tools keeps no more than 512 bytes of the description.
        let description = info.description.as_bytes();
        let commit: String = info
            .repo_commit
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let checksum: Checksum = short(&package.identity);
        let always: [(u8, Vec<u8>); 3] = [
            (b'C', checksum_text(&checksum).into()),
            (b'P', info.name.clone().into()),
            (b'V', info.version.to_string().into()),
        ];
        let mut lines = always.to_vec();
        let mut some = |letter, text: String| {
            if !text.is_empty() {
                lines.push((letter, text.into_bytes()));
            }
        };
        some(b'A', info.arch.clone());
        some(b'S', file_size.to_string());
        some(b'I', info.installed_size.to_string());
        lines.push((b'T', description.get(..512).unwrap_or(description).to_vec()));
        lines.push((b'U', info.url.clone().into()));
        lines.push((b'L', info.license.clone().into()));
        for (letter, text) in [
            (b'o', info.origin.clone()),
            (b'm', info.maintainer.clone()),
            (b't', number(info.build_time)),
            (b'c', commit),
            (b'k', number(info.provider_priority)),
            (b'D', list(&info.depends)),
            (b'p', list(&info.provides)),
            (b'i', list(&info.install_if)),
            (b'g', info.tags.join(" ")),
            (b'r', list(&info.replaces)),
            (b'q', number(package.replaces_priority)),
            (b'f', "S".into()),
        ] {
            if !text.is_empty() {
                lines.push((letter, text.into_bytes()));
            }
        }
        if lines.iter().any(|(_, value)| value.contains(&b'\n')) {
            return Err(Error::Field {
                owner: format!("the package \"{}\"", info.name),
                field: "without line feeds",
            });
        }
        let mode = |acl: &Acl, path: &[u8], usual| Mode::of(acl, path, usual, owners);
        let mut folders = Vec::new();
        for folder in &package.folders {
            // apk-tools has no line for the root.
            if folder.path.is_empty() && folder.files.is_empty() {
                continue;
            }
            let mut files = Vec::new();
            for file in &folder.files {
                let checksum = match &file.kind {
                    FileKind::Regular { sha256, .. } => Some(short(sha256)),
                    FileKind::Symlink(target) => Some(short(&Sha256::digest(target))),
                    FileKind::HardLink(target) => {
                        package.hash_of(target).map(|sha256| short(&sha256))
                    }
                };
                files.push(InstalledFile {
                    name: file.name.clone(),
                    mode: mode(&file.acl, &file.name, 0o644)?,
                    checksum,
                });
            }
            folders.push(InstalledFolder {
                path: folder.path.clone(),
                mode: mode(&folder.acl, &folder.path, 0o755)?,
                files,
            });
        }
        Ok(Self { lines, folders })
    }

    /// Takes a line. An error says what is wrong with it.
    fn line(&mut self, letter: u8, value: &[u8]) -> Result<(), &'static str> {
        let no_folder = "has no folder (F:) before it";
        let no_file = "has no file (R:) before it";
        match letter {
            b'F' => self.folders.push(InstalledFolder {
                path: value.to_vec(),
                mode: None,
                files: Vec::new(),
            }),
            b'M' => {
                let folder = self.folders.last_mut().ok_or(no_folder)?;
                if folder.mode.is_some() || !folder.files.is_empty() {
                    return Err("is out of order");
                }
                folder.mode = Some(Mode::read(value).ok_or("is no uid:gid:mode")?);
            }
            b'R' => self
                .folders
                .last_mut()
                .ok_or(no_folder)?
                .files
                .push(InstalledFile {
                    name: value.to_vec(),
                    mode: None,
                    checksum: None,
                }),
            b'a' | b'Z' => {
                let file = self
                    .folders
                    .last_mut()
                    .and_then(|folder| folder.files.last_mut());
                let file = file.ok_or(no_file)?;
                if file.checksum.is_some() || (letter == b'a' && file.mode.is_some()) {
                    return Err("is out of order");
                }
                if letter == b'a' {
                    file.mode = Some(Mode::read(value).ok_or("is no uid:gid:mode")?);
                } else {
                    file.checksum = Some(checksum(value).ok_or("is no checksum")?);
                }
            }
            _ if letter.is_ascii_alphabetic() && self.folders.is_empty() => {
                self.lines.push((letter, value.to_vec()))
            }
            _ => return Err("is out of order or begins with no letter"),
        }
        Ok(())
    }
}

impl Mode {
    fn of(acl: &Acl, path: &[u8], usual: u16, owners: &Owners) -> Result<Option<Self>, Error> {
        let (uid, gid) = owners.ids(&acl.user, &acl.group, path)?;
        // The checksum of extended attributes is a SHA-1 that nothing here needs otherwise; OpenWrt's packages have none.
        let mode = Self {
            uid,
            gid,
            mode: acl.mode,
            xattrs: None,
        };
        Ok(((uid, gid, acl.mode) != (0, 0, usual)).then_some(mode))
    }

    fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut fields = text.splitn(4, ':');
        let mode = Self {
            uid: fields.next()?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
            mode: u16::from_str_radix(fields.next()?, 8).ok()?,
            xattrs: match fields.next() {
                Some(text) => Some(checksum(text.as_bytes())?),
                None => None,
            },
        };
        // Only what is written the same again.
        (mode.text() == text).then_some(mode)
    }

    fn text(&self) -> String {
        let xattrs = self
            .xattrs
            .as_ref()
            .map(|sum| format!(":{}", checksum_text(sum)));
        format!(
            "{}:{}:{:o}{}",
            self.uid,
            self.gid,
            self.mode,
            xattrs.unwrap_or_default()
        )
    }
}

fn line(out: &mut Vec<u8>, letter: u8, value: &[u8]) {
    out.extend([letter, b':']);
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn short(hash: &[u8]) -> Checksum {
    let mut short = [0; 20];
    short
        .iter_mut()
        .zip(hash)
        .for_each(|(short, byte)| *short = *byte);
    short
}

fn checksum_text(checksum: &Checksum) -> String {
    format!("Q1{}", Base64::encode_string(checksum))
}

pub(super) fn checksum(text: &[u8]) -> Option<Checksum> {
    let text = std::str::from_utf8(text.strip_prefix(b"Q1")?).ok()?;
    Base64::decode_vec(text).ok()?.try_into().ok()
}
