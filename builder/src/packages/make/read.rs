//! Reading a package's source.

use std::fs;
use std::path::{Component, Path};

use openwrt_formats::opkg::Dependency;
use openwrt_formats::tree::Tree;

use super::Source;
use super::problem::{Problem, Problems, Text};
use super::raw::{self, Raw};
use super::spec::{Alternative, Scripts, Spec};
use super::users::Account;
use crate::build::overlay;

/// Reads a folder: `package.toml` and `files/`. The time is `epoch`, else the file's key `epoch`, else 0.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn read(folder: &Path, epoch: Option<u32>) -> Result<Source, Problems> {
    let path = folder.join("package.toml");
    let text = fs::read_to_string(&path)
        .map_err(|error| Problems::one(path.display(), format!("cannot be read: {error}")))?;
    let name = path.display().to_string();
    let raw = decode(&Text { name, text: &text })?;
    let mut check = Check {
        text: Text {
            name: path.display().to_string(),
            text: &text,
        },
        folder,
        problems: Vec::new(),
    };
    let spec = check.spec(&raw);
    let epoch = epoch.or(raw.epoch).unwrap_or(0);
    let files = folder.join("files");
    let mut tree = Tree::default();
    if files.exists() {
        match overlay::read(&files, epoch) {
            Ok(read) => tree = read,
            Err(error) => check.problems.push(Problem {
                place: files.display().to_string(),
                what: format!("{:#}", anyhow::Error::from(error)),
            }),
        }
    }
    check.modes(&raw, &spec, &mut tree);
    match check.problems.is_empty() {
        true => Ok(Source {
            spec,
            files: tree,
            epoch,
        }),
        false => Err(Problems(check.problems)),
    }
}

fn decode(text: &Text<'_>) -> Result<Raw, Problems> {
    toml::from_str(text.text).map_err(|error| {
        let place = text.place(&error.span().unwrap_or(0..0));
        Problems::one(place, error.message())
    })
}

/// Checks values one after the other, so that all problems are found at once.
struct Check<'a> {
    text: Text<'a>,
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn wrong(&mut self, value: &raw::Text, what: impl Into<String>) {
        self.problems.push(Problem {
            place: self.text.place(&value.span()),
            what: what.into(),
        });
    }

    /// A value that is one line and, if anything but `letters` is in it, no good.
    fn word(&mut self, key: &str, value: &raw::Text, letters: &str) -> String {
        let text = value.get_ref();
        let fits = |c: char| c.is_ascii_alphanumeric() || letters.contains(c);
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || !text.chars().all(fits) {
            let list = letters
                .chars()
                .map(|c| format!("`{c}`"))
                .collect::<Vec<_>>();
            self.wrong(
                value,
                format!(
                    "{key}: `{}` must begin with a letter or digit and go on with these or {}",
                    text.escape_debug(),
                    list.join(" ")
                ),
            );
        }
        text.clone()
    }

    /// A value of one line.
    fn line(&mut self, key: &str, value: Option<&raw::Text>) -> Option<String> {
        let value = value?;
        let text = value.get_ref().trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            self.wrong(
                value,
                format!("{key}: it must be one line with something in it"),
            );
        }
        Some(text.to_owned())
    }

    /// A list, each read by `parse`.
    fn list<T>(
        &mut self,
        key: &str,
        values: &[raw::Text],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for value in values {
            match parse(value.get_ref()) {
                Ok(one) => all.push(one),
                Err(why) => self.wrong(value, format!("{key}: {why}")),
            }
        }
        all
    }

    fn spec(&mut self, raw: &Raw) -> Spec {
        let name = self.word("name", &raw.name, "+-._");
        let version = self.word("version", &raw.version, ".+~:_-");
        let architecture = match &raw.architecture {
            Some(value) => self.word("architecture", value, "+-._"),
            None => "all".to_owned(),
        };
        let description = raw.description.get_ref().trim();
        if description.is_empty() || description.contains(|c: char| c.is_control() && c != '\n') {
            self.wrong(&raw.description, "description: it must be text");
        }
        let abi_version = raw.abi_version.as_ref().map(|value| {
            let abi = self.word("abi_version", value, "+-._");
            let dash = name.ends_with(|c: char| c.is_ascii_digit());
            if dash { format!("-{abi}") } else { abi }
        });
        Spec {
            version: format!("{version}-r{}", raw.release.unwrap_or(1)),
            architecture,
            description: description.to_owned(),
            license: self.line("license", raw.license.as_ref()),
            license_files: self.list("license_files", &raw.license_files, one_word),
            maintainer: self.line("maintainer", raw.maintainer.as_ref()),
            url: self.line("url", raw.url.as_ref()),
            section: self.line("section", raw.section.as_ref()),
            source: self.line("source", raw.source.as_ref()),
            source_name: self.line("source_name", raw.source_name.as_ref()),
            cpe_id: self.line("cpe_id", raw.cpe_id.as_ref()),
            abi_version,
            essential: raw.essential,
            provider_priority: raw.provider_priority,
            depends: self.list("depends", &raw.depends, dependency),
            conflicts: self.list("conflicts", &raw.conflicts, |text| {
                match dependency(text)? {
                    conflict if conflict.alternatives.len() == 1 => Ok(conflict),
                    _ => Err(format!("`{text}`: name each in a value of its own")),
                }
            }),
            provides: self.list("provides", &raw.provides, |text| {
                plain_name(text.trim_start_matches('@')).map(|()| text.to_owned())
            }),
            replaces: self.list("replaces", &raw.replaces, |text| {
                plain_name(text).map(|()| text.to_owned())
            }),
            conffiles: self.list("conffiles", &raw.conffiles, |text| {
                absolute(text).map(|()| text.to_owned())
            }),
            alternatives: self.list("alternatives", &raw.alternatives, alternative),
            users: self.list("users", &raw.users, Account::parse),
            scripts: Scripts {
                preinst: self.script(raw.scripts.preinst.as_ref()),
                postinst: self.script(raw.scripts.postinst.as_ref()),
                prerm: self.script(raw.scripts.prerm.as_ref()),
                postrm: self.script(raw.scripts.postrm.as_ref()),
            },
            name,
        }
    }

    /// The text of a script that lies in the source's folder.
    fn script(&mut self, value: Option<&raw::Text>) -> Option<String> {
        let value = value?;
        let inside = Path::new(value.get_ref());
        let mut parts = inside.components();
        if !parts.all(|part| matches!(part, Component::Normal(_))) {
            self.wrong(
                value,
                "scripts: it must name a file below the folder of package.toml",
            );
            return None;
        }
        match fs::read_to_string(self.folder.join(inside)) {
            Ok(mut text) => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                Some(text)
            }
            Err(error) => {
                self.wrong(
                    value,
                    format!("scripts: {} cannot be read: {error}", value.get_ref()),
                );
                None
            }
        }
    }

    /// Gives files the modes and owners that package.toml says.
    fn modes(&mut self, raw: &Raw, spec: &Spec, tree: &mut Tree) {
        for (path, mode) in &raw.modes {
            let number = u16::from_str_radix(mode.get_ref(), 8);
            match (tree.get_mut(path.get_ref()), number) {
                (None, _) => self.missing("modes", path),
                (Some(inode), Ok(number)) if number <= 0o7777 => inode.meta.mode = number,
                _ => self.wrong(mode, "modes: write it as \"0755\""),
            }
        }
        for (path, owner) in &raw.owners {
            let ids = owner_ids(spec, owner.get_ref());
            match (tree.get_mut(path.get_ref()), ids) {
                (None, _) => self.missing("owners", path),
                (Some(inode), Ok((uid, gid))) => (inode.meta.uid, inode.meta.gid) = (uid, gid),
                (_, Err(why)) => self.wrong(owner, format!("owners: {why}")),
            }
        }
    }

    fn missing(&mut self, key: &str, path: &raw::Text) {
        let what = format!("{key}: there is no `{}` in files/", path.get_ref());
        self.wrong(path, what);
    }
}

/// The numbers of `user:group`, which the package itself must have asked for.
fn owner_ids(spec: &Spec, text: &str) -> Result<(u32, u32), String> {
    let (user, group) = text.split_once(':').ok_or("write it as \"user:group\"")?;
    let known = |what: &str, name: &str, id: Option<Option<u32>>| match (name, id) {
        ("root", _) => Ok(0),
        (_, Some(Some(id))) => Ok(id),
        (_, Some(None)) => Err(format!("the {what} `{name}` has no number in `users`")),
        (_, None) => Err(format!("the {what} `{name}` is not in `users`")),
    };
    let uid = spec.users.iter().find(|account| account.user == user);
    let mut groups = spec.users.iter().flat_map(|account| &account.groups);
    let gid = groups.find(|(name, _)| name == group);
    Ok((
        known("user", user, uid.map(|account| account.uid))?,
        known("group", group, gid.map(|(_, gid)| *gid))?,
    ))
}

fn one_word(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        true => Err(format!("`{}` is not one word", text.escape_debug())),
        false => Ok(text.to_owned()),
    }
}

fn plain_name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits) {
        true => Ok(()),
        false => Err(format!("`{}` is no name of a package", text.escape_debug())),
    }
}

fn dependency(text: &str) -> Result<Dependency, String> {
    let mut all = Dependency::list(text)?;
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => {
            let mut names = one.alternatives.iter().map(|one| &one.name);
            names.try_for_each(|name| plain_name(name))?;
            Ok(one)
        }
        _ => Err(format!(
            "`{}` is not one dependency, as `name` or `name (>= 1.2)`",
            text.escape_debug()
        )),
    }
}

fn alternative(text: &str) -> Result<Alternative, String> {
    let read = || {
        let (priority, rest) = text.split_once(':')?;
        let (path, target) = rest.split_once(':')?;
        absolute(path).and_then(|()| absolute(target)).ok()?;
        Some(Alternative {
            priority: priority.parse().ok()?,
            path: path.to_owned(),
            target: target.to_owned(),
        })
    };
    read().ok_or_else(|| format!("`{text}` is not PRIORITY:/LINK:/TARGET"))
}

/// An absolute path without anything that would split it where OpenWrt's scripts read it.
fn absolute(text: &str) -> Result<(), String> {
    let climbs = text.split('/').any(|part| part == ".." || part == ".");
    let odd = |c: char| c.is_whitespace() || c.is_control() || ":,*?[\\\"'$`;".contains(c);
    match text.starts_with('/') && text.len() > 1 && !climbs && !text.contains(odd) {
        true => Ok(()),
        false => Err(format!("`{}` is no absolute path", text.escape_debug())),
    }
}
