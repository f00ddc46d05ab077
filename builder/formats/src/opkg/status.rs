//! The database of what is installed: `/usr/lib/opkg/status`.

use std::fmt::Write;

use super::{Dependency, Error, Field, Operator, Package, Stanza, Stanzas};

/// `/usr/lib/opkg/status`, written byte for byte as it was read but for what was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    stanzas: Stanzas,
}

/// A file that an upgrade does not replace when somebody has changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conffile {
    /// Absolute.
    pub path: String,
    /// SHA-256 of it as installed, in hexadecimal; MD5 in old files.
    pub sum: String,
}

/// What is written of a package that was installed.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The package.
    pub package: &'a Package,
    /// Its configuration files, in the order of its list of them.
    pub conffiles: &'a [Conffile],
    /// When it was installed, in seconds since 1970; 0 is left out.
    pub time: u64,
    /// Asked for by the user, and not as a dependency only.
    pub user: bool,
    /// As a dependency only: removed with the last package that needs it.
    pub auto: bool,
}

impl Status {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Line`].
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            stanzas: Stanzas::parse(text)?,
        })
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.stanzas.to_bytes()
    }

    /// The stanzas, one for each package.
    pub fn stanzas(&self) -> &[Stanza] {
        &self.stanzas.stanzas
    }

    /// The stanzas, to be changed.
    pub fn stanzas_mut(&mut self) -> &mut Vec<Stanza> {
        &mut self.stanzas.stanzas
    }

    /// The packages that are installed: their `Status` ends so, or that they are unpacked.
    ///
    /// # Errors
    /// [`Error::Field`].
    pub fn installed(&self) -> Result<Vec<Package>, Error> {
        let all = self.stanzas().iter();
        let installed = all.filter(|stanza| {
            let status = stanza.value("Status").unwrap_or_default();
            matches!(
                status.split_ascii_whitespace().nth(2),
                Some("installed" | "unpacked")
            )
        });
        installed.cloned().map(Package::read).collect()
    }

    /// The stanza of a package.
    pub fn get(&self, name: &str) -> Option<&Stanza> {
        let named = |stanza: &&Stanza| stanza.value("Package").is_some_and(|found| found == name);
        self.stanzas().iter().find(named)
    }

    /// Removes a package's stanza; whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.stanzas().len();
        let other = |stanza: &Stanza| stanza.value("Package").is_none_or(|found| found != name);
        self.stanzas.stanzas.retain(other);
        self.stanzas().len() < before
    }

    /// Adds a package that was installed, in place of an older stanza of it or at the end.
    pub fn put(&mut self, entry: &Entry<'_>) {
        let new = entry.stanza();
        let name = &entry.package.name;
        let old = self.stanzas.stanzas.iter_mut();
        let mut old =
            old.filter(|stanza| stanza.value("Package").is_some_and(|found| found == *name));
        match old.next() {
            Some(stanza) => *stanza = new,
            None => self.stanzas.stanzas.push(new),
        }
    }
}

impl Conffile {
    /// The field `Conffiles` of a stanza.
    pub fn of(stanza: &Stanza) -> Vec<Self> {
        let lines = stanza.field("Conffiles").into_iter().flat_map(Field::lines);
        lines
            .filter_map(|line| {
                let (path, sum) = line.split_once(' ')?;
                Some(Self {
                    path: path.to_owned(),
                    sum: sum.trim_ascii().to_owned(),
                })
            })
            .collect()
    }
}

impl Entry<'_> {
    /// The stanza that opkg writes: its fields, in its order, in its spelling.
    pub fn stanza(&self) -> Stanza {
        let package = self.package;
        let mut fields = Vec::new();
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                fields.push(Field::new(name, &value));
            }
        };
        let kept = |name: &str| package.stanza.value(name).unwrap_or_default().into_owned();
        add("Package", package.name.clone());
        add(
            "ABIVersion",
            package.abi_version.clone().unwrap_or_default(),
        );
        add("Version", package.version.to_string());
        add("Depends", list(&package.depends));
        add("Recommends", list(&package.recommends));
        add("Suggests", list(&package.suggests));
        add("Provides", package.provides.join(", "));
        add("Replaces", package.replaces.join(", "));
        // opkg writes the first of alternatives here.
        let first = package.conflicts.iter().map(|conflict| Dependency {
            alternatives: conflict.alternatives.iter().take(1).cloned().collect(),
            greedy: false,
        });
        add("Conflicts", list(&first.collect::<Vec<_>>()));
        let flag = if self.user { "user" } else { "ok" };
        add("Status", format!("install {flag} installed"));
        add(
            "Essential",
            if package.essential {
                "yes".to_owned()
            } else {
                String::new()
            },
        );
        add("Architecture", kept("Architecture"));
        if !self.conffiles.is_empty() {
            let lines = self.conffiles.iter().fold(String::new(), |mut text, file| {
                let _ = write!(text, "\n {} {}", file.path, file.sum);
                text
            });
            fields.push(Field {
                name: "Conffiles".to_owned(),
                raw: lines.into_bytes(),
            });
        }
        let mut add = |name: &str, value: String| fields.push(Field::new(name, &value));
        if self.time > 0 {
            add("Installed-Time", self.time.to_string());
        }
        if self.auto {
            add("Auto-Installed", "yes".to_owned());
        }
        if !package.alternatives.is_empty() {
            let all = package.alternatives.iter();
            let all = all.map(|one| format!("{}:{}:{}", one.priority, one.path, one.target));
            add("Alternatives", all.collect::<Vec<_>>().join(", "));
        }
        Stanza::new(fields)
    }
}

/// Dependencies as opkg writes them: `<<` as `<` and `>>` as `>`, which it reads as `<=` and `>=`, and no `*`.
fn list(dependencies: &[Dependency]) -> String {
    let relation = |relation: &super::Relation| match &relation.version {
        None => relation.name.clone(),
        Some((operator, version)) => {
            let sign = match operator {
                Operator::Earlier => "<".to_owned(),
                Operator::Later => ">".to_owned(),
                other => other.to_string(),
            };
            format!("{} ({sign} {version})", relation.name)
        }
    };
    let one = |dependency: &Dependency| {
        let all: Vec<_> = dependency.alternatives.iter().map(relation).collect();
        all.join(" | ")
    };
    dependencies.iter().map(one).collect::<Vec<_>>().join(", ")
}
