//! Users and groups that packages ask for.
//!
//! ```text
//! Require-User: user=uid:group=gid[:further[=gid],...] ...      opkg, in the control file
//! lib/apk/packages/NAME.rusers                                  apk, the same text
//!
//! /etc/passwd   user:x:uid:gid:user:/var/run/user:/bin/false
//! /etc/shadow   user:x:0:0:99999:7:::
//! /etc/group    group:x:gid:member,member
//! ```
//!
//! Without a number, the first free one from 32768 on. Source: OpenWrt's `package/base-files/files/lib/functions.sh`
//! (`add_group_and_user`), which lets two users have one number; that is an error here.

use std::collections::BTreeMap;

use openwrt_formats::tree::{Meta, Tree};

use super::InstallError;
use super::tree::{put_text, read};

const PASSWD: &str = "etc/passwd";
const GROUP: &str = "etc/group";
const SHADOW: &str = "etc/shadow";
/// The first number for those that ask for none.
const FIRST_FREE: u32 = 32768;

/// The root file system's users and groups while they change.
#[derive(Debug, Clone)]
pub(super) struct Accounts {
    passwd: Vec<String>,
    group: Vec<String>,
    shadow: Vec<String>,
    /// Whether there is a passwd and a group file.
    present: bool,
    changed: bool,
    /// Which package added a user or group, by kind and name.
    added: BTreeMap<(&'static str, String), String>,
}

/// What a package asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    text: String,
    user: Option<(String, Option<u32>)>,
    group: Option<(String, Option<u32>)>,
    further: Vec<(String, Option<u32>)>,
}

impl Wanted {
    /// Reads a text such as `user=5:group=5 other:other`.
    ///
    /// # Errors
    /// [`InstallError::Account`].
    pub(super) fn list(package: &str, text: &str) -> Result<Vec<Self>, InstallError> {
        let tuples = text.split_ascii_whitespace();
        tuples
            .map(|tuple| {
                let wrong = |problem: &str| InstallError::Account {
                    package: package.to_owned(),
                    wanted: tuple.to_owned(),
                    problem: problem.to_owned(),
                };
                let one = |text: &str| -> Result<Option<(String, Option<u32>)>, InstallError> {
                    let (name, id) = match text.split_once('=') {
                        Some((name, id)) => (name, Some(id)),
                        None => (text, None),
                    };
                    if name.is_empty() {
                        return Ok(None);
                    }
                    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
                    if !name.chars().all(fits) || name.starts_with(['-', '.']) {
                        return Err(wrong("names are of letters, digits and _-. only"));
                    }
                    let id = id.filter(|id| !id.is_empty()).map(str::parse).transpose();
                    let id = id.map_err(|_| wrong("the number behind = is none"))?;
                    Ok(Some((name.to_owned(), id)))
                };
                let mut parts = tuple.split(':');
                let mut next = || parts.next().unwrap_or_default();
                let (user, group, further) = (next(), next(), next());
                if parts.next().is_some() {
                    return Err(wrong("it has more than three parts"));
                }
                let further: Result<Vec<_>, _> = further.split(',').map(one).collect();
                Ok(Self {
                    text: tuple.to_owned(),
                    user: one(user)?,
                    group: one(group)?,
                    further: further?.into_iter().flatten().collect(),
                })
            })
            .collect()
    }

    /// The names of the users and of the groups in it.
    pub(super) fn names(&self) -> (Option<&str>, impl Iterator<Item = &str>) {
        let groups = self.group.iter().chain(&self.further);
        (
            self.user.as_ref().map(|(name, _)| name.as_str()),
            groups.map(|(name, _)| name.as_str()),
        )
    }
}

impl Accounts {
    pub(super) fn read(tree: &Tree) -> Self {
        let lines = |path| {
            let text = read(tree, path);
            let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            text.map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        };
        let (passwd, group) = (lines(PASSWD), lines(GROUP));
        Self {
            present: passwd.is_some() && group.is_some(),
            passwd: passwd.unwrap_or_default(),
            group: group.unwrap_or_default(),
            shadow: lines(SHADOW).unwrap_or_default(),
            changed: false,
            added: BTreeMap::new(),
        }
    }

    /// Adds what `package` asks for, as far as it is not there.
    pub(super) fn add(&mut self, package: &str, wanted: &Wanted) -> Result<(), InstallError> {
        if !self.present {
            return Err(InstallError::Account {
                package: package.to_owned(),
                wanted: wanted.text.clone(),
                problem: "the root file system has no /etc/passwd and /etc/group, which package base-files brings".into(),
            });
        }
        let gid = match &wanted.group {
            Some((name, gid)) => Some(self.add_group(package, name, *gid)?),
            None => None,
        };
        if let Some((name, uid)) = &wanted.user {
            self.add_user(package, name, *uid, gid)?;
            for (group, gid) in wanted.group.iter().chain(&wanted.further) {
                self.add_group(package, group, *gid)?;
                self.add_member(group, name);
            }
        }
        Ok(())
    }

    /// Takes away a user or group that a package had asked for.
    pub(super) fn remove(&mut self, kind: &'static str, name: &str) {
        let others = |line: &String| field(line, 0) != Some(name);
        let lists: &mut [&mut Vec<String>] = match kind {
            "user" => &mut [&mut self.passwd, &mut self.shadow],
            _ => &mut [&mut self.group],
        };
        for list in lists {
            let before = list.len();
            list.retain(others);
            self.changed |= list.len() < before;
        }
        if kind == "user" {
            for line in &mut self.group {
                let Some((front, members)) = line.rsplit_once(':') else {
                    continue;
                };
                if members.split(',').any(|member| member == name) {
                    let rest: Vec<&str> = members.split(',').filter(|m| *m != name).collect();
                    *line = format!("{front}:{}", rest.join(","));
                    self.changed = true;
                }
            }
        }
    }

    /// Writes the files if something changed.
    pub(super) fn write(&self, tree: &mut Tree, epoch: u32) -> Result<(), InstallError> {
        if !self.changed {
            return Ok(());
        }
        for (path, lines, mode) in [
            (PASSWD, &self.passwd, 0o644),
            (GROUP, &self.group, 0o644),
            (SHADOW, &self.shadow, 0o600),
        ] {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            put_text(tree, path, text, Meta::file(mode), epoch)?;
        }
        Ok(())
    }

    /// The texts of passwd and group.
    pub(super) fn texts(&self) -> (String, String) {
        (self.passwd.join("\n"), self.group.join("\n"))
    }

    fn add_group(
        &mut self,
        package: &str,
        name: &str,
        gid: Option<u32>,
    ) -> Result<u32, InstallError> {
        if let Some(gid) = id_of(&self.group, name) {
            return Ok(gid);
        }
        let gid = match gid {
            Some(gid) => self.check_free(package, "group", name, gid)?,
            None => first_free(&self.group),
        };
        self.group.push(format!("{name}:x:{gid}:"));
        self.note("group", name, package);
        Ok(gid)
    }

    fn add_user(
        &mut self,
        package: &str,
        name: &str,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<(), InstallError> {
        if id_of(&self.passwd, name).is_some() {
            return Ok(());
        }
        let uid = match uid {
            Some(uid) => self.check_free(package, "user", name, uid)?,
            None => first_free(&self.passwd),
        };
        let gid = gid.unwrap_or(uid);
        self.passwd.push(format!(
            "{name}:x:{uid}:{gid}:{name}:/var/run/{name}:/bin/false"
        ));
        self.shadow.push(format!("{name}:x:0:0:99999:7:::"));
        self.note("user", name, package);
        Ok(())
    }

    fn add_member(&mut self, group: &str, user: &str) {
        let line = self
            .group
            .iter_mut()
            .find(|line| field(line, 0) == Some(group));
        if let Some(line) = line {
            let members = line.rsplit(':').next().unwrap_or_default();
            if members.split(',').any(|member| member == user) {
                return;
            }
            if !members.is_empty() {
                line.push(',');
            }
            line.push_str(user);
            self.changed = true;
        }
    }

    fn note(&mut self, kind: &'static str, name: &str, package: &str) {
        self.changed = true;
        self.added
            .insert((kind, name.to_owned()), package.to_owned());
    }

    /// The number, if nobody has it.
    fn check_free(
        &self,
        package: &str,
        kind: &'static str,
        name: &str,
        id: u32,
    ) -> Result<u32, InstallError> {
        let lines = if kind == "user" {
            &self.passwd
        } else {
            &self.group
        };
        let text = id.to_string();
        match lines.iter().find(|line| field(line, 2) == Some(&text)) {
            None => Ok(id),
            Some(line) => {
                let holder = field(line, 0).unwrap_or_default().to_owned();
                Err(InstallError::IdTaken {
                    package: package.to_owned(),
                    kind,
                    id,
                    name: name.to_owned(),
                    by: self.added.get(&(kind, holder.clone())).cloned(),
                    holder,
                })
            }
        }
    }
}

fn field(line: &str, number: usize) -> Option<&str> {
    line.split(':').nth(number)
}

fn id_of(lines: &[String], name: &str) -> Option<u32> {
    let line = lines.iter().find(|line| field(line, 0) == Some(name))?;
    field(line, 2)?.parse().ok()
}

fn first_free(lines: &[String]) -> u32 {
    let taken = |id: &u32| {
        lines
            .iter()
            .any(|line| field(line, 2) == Some(&id.to_string()))
    };
    (FIRST_FREE..).find(|id| !taken(id)).unwrap_or(FIRST_FREE)
}
