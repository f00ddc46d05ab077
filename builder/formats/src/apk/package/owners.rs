//! Users and groups, which packages name and root file systems number.

use std::collections::BTreeMap;

use crate::apk::Error;

/// The users and groups of a root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Default for Owners {
    fn default() -> Self {
        Self::from_files("", "")
    }
}

impl Owners {
    /// From the texts of `/etc/passwd` and `/etc/group`. Root is always there; lines that do not hold are left out.
    pub fn from_files(passwd: &str, group: &str) -> Self {
        let read = |text: &str| {
            let mut found = BTreeMap::from([("root".to_string(), 0)]);
            for line in text.lines() {
                let mut fields = line.split(':');
                if let (Some(name), Some(_), Some(Ok(id))) =
                    (fields.next(), fields.next(), fields.next().map(str::parse))
                {
                    found.entry(name.into()).or_insert(id);
                }
            }
            found
        };
        Self {
            users: read(passwd),
            groups: read(group),
        }
    }

    /// The number of a user.
    pub fn user(&self, name: &str) -> Option<u32> {
        self.users.get(name).copied()
    }

    /// The number of a group.
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied()
    }

    /// The numbers of a user and a group, for what stands at `path`.
    pub(in crate::apk) fn ids(
        &self,
        user: &str,
        group: &str,
        path: &[u8],
    ) -> Result<(u32, u32), Error> {
        let find = |all: &BTreeMap<String, u32>, kind, name: &str, file| {
            all.get(name).copied().ok_or_else(|| Error::Owner {
                path: String::from_utf8_lossy(path).into_owned(),
                kind,
                name: name.into(),
                file,
            })
        };
        Ok((
            find(&self.users, "user", user, "/etc/passwd")?,
            find(&self.groups, "group", group, "/etc/group")?,
        ))
    }

    /// The names of a user and a group; the number as text where there is none.
    pub(super) fn names(&self, uid: u32, gid: u32) -> (String, String) {
        let find = |all: &BTreeMap<String, u32>, id: u32| {
            let found = all.iter().find(|(_, number)| **number == id);
            found.map_or_else(|| id.to_string(), |(name, _)| name.clone())
        };
        (find(&self.users, uid), find(&self.groups, gid))
    }
}
