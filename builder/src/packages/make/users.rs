//! Users and groups that a package asks for.

use std::fmt;

/// A user and its groups: `proxy=52:proxy=52:shadow`, as OpenWrt's `USERID` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user's name; empty for groups alone (`:shadow=42`).
    pub user: String,
    /// Its number; without one the router takes a free one.
    pub uid: Option<u32>,
    /// Its groups with their numbers, its own first.
    pub groups: Vec<(String, Option<u32>)>,
}

impl Account {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ':');
        let (user, uid) = numbered(parts.next().unwrap_or_default())?;
        let mut groups = Vec::new();
        for group in parts.next().into_iter().chain(
            parts
                .next()
                .into_iter()
                .flat_map(|further| further.split(',')),
        ) {
            let group = numbered(group)?;
            if group.0.is_empty() {
                return Err("a group without name".to_owned());
            }
            groups.push(group);
        }
        match user.is_empty() && groups.is_empty() {
            true => Err("no name".to_owned()),
            false => Ok(Self { user, uid, groups }),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        if let Some(uid) = self.uid {
            write!(f, "={uid}")?;
        }
        for (number, (group, gid)) in self.groups.iter().enumerate() {
            f.write_str(if number < 2 { ":" } else { "," })?;
            f.write_str(group)?;
            if let Some(gid) = gid {
                write!(f, "={gid}")?;
            }
        }
        Ok(())
    }
}

/// `name=number` or `name`.
fn numbered(text: &str) -> Result<(String, Option<u32>), String> {
    let (name, number) = match text.split_once('=') {
        Some((name, number)) => (name, Some(number)),
        None => (text, None),
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if name.starts_with(|c: char| c.is_ascii_digit() || c == '-') || !name.chars().all(fits) {
        return Err(format!(
            "`{name}` is no name of a user or group: small letters, digits, `_` and `-`, a letter first"
        ));
    }
    // Above are the numbers that a router gives by itself, and those that mean nobody.
    let number = number.map(|text| match text.parse::<u32>() {
        Ok(id) if (1..32768).contains(&id) => Ok(id),
        _ => Err(format!("`{text}` is no number from 1 to 32767")),
    });
    Ok((name.to_owned(), number.transpose()?))
}
