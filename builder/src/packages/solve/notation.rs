//! A universe as text. A line is a package: name and version, then fields with `;` before them. `== name` begins a feed.
//!
//! ```text
//! D depends   P provides   C conflicts   R replaces   M recommends   I install_if   K priority   A architecture   B ABI version
//! ```

use std::fmt::Write;

use openwrt_formats::{apk, opkg};

use crate::packages::solve::{
    Installed, Question, Solution, Unsolvable, Unwanted, Want, Why, solve,
};
use crate::packages::universe::{Description, Feed, Manager, Universe};

/// A question that owns what it is about.
pub(in crate::packages) struct Case {
    pub(in crate::packages) universe: Universe,
    pub(in crate::packages) architectures: Vec<String>,
    pub(in crate::packages) installed: Vec<Installed>,
    pub(in crate::packages) want: Vec<Want>,
    pub(in crate::packages) unwanted: Vec<Unwanted>,
    pub(in crate::packages) kernel: Option<String>,
}

impl Case {
    pub(in crate::packages) fn new(manager: Manager, text: &str) -> Self {
        let mut feeds = vec![Feed {
            name: "base".into(),
            packages: Vec::new(),
        }];
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix("== ") {
                Some(name) => feeds.push(Feed {
                    name: name.into(),
                    packages: Vec::new(),
                }),
                None => feeds
                    .last_mut()
                    .unwrap()
                    .packages
                    .push(package(manager, line)),
            }
        }
        Self {
            universe: Universe { manager, feeds },
            architectures: vec!["all".into(), "noarch".into(), "mipsel_24kc".into()],
            installed: Vec::new(),
            want: Vec::new(),
            unwanted: Vec::new(),
            kernel: None,
        }
    }

    pub(in crate::packages) fn opkg(text: &str) -> Self {
        Self::new(Manager::Opkg, text)
    }

    pub(in crate::packages) fn apk(text: &str) -> Self {
        Self::new(Manager::Apk, text)
    }

    /// Packages that are installed; those with `*` before the name were asked for.
    pub(in crate::packages) fn installed(mut self, text: &str) -> Self {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (wanted, line) = match line.strip_prefix('*') {
                Some(line) => (true, line),
                None => (false, line),
            };
            self.installed.push(Installed {
                description: package(self.universe.manager, line),
                wanted,
            });
        }
        self
    }

    /// `foo` or `foo >= 1.0`, from a line of a profile.
    pub(in crate::packages) fn want(mut self, text: &str) -> Self {
        let mut words = text.split(' ');
        let line = self.want.len() + self.unwanted.len() + 10;
        self.want.push(Want {
            name: words.next().unwrap().to_owned(),
            constraint: words
                .next()
                .map(|operator| (operator.to_owned(), words.next().unwrap().to_owned())),
            why: format!("site lone-village (profiles/sites/lone-village.toml:{line})"),
            default: false,
        });
        self
    }

    /// A want of a list of defaults.
    pub(in crate::packages) fn default(self, text: &str) -> Self {
        let mut case = self.want(text);
        let last = case.want.last_mut().unwrap();
        last.default = true;
        last.why = "the release's default list".into();
        case
    }

    pub(in crate::packages) fn unwanted(mut self, name: &str) -> Self {
        let line = self.want.len() + self.unwanted.len() + 10;
        self.unwanted.push(Unwanted {
            name: name.into(),
            why: format!("site lone-village (profiles/sites/lone-village.toml:{line})"),
        });
        self
    }

    pub(in crate::packages) fn kernel(mut self, version: &str) -> Self {
        self.kernel = Some(version.into());
        self
    }

    pub(in crate::packages) fn question(&self) -> Question<'_> {
        Question {
            universe: &self.universe,
            architectures: &self.architectures,
            installed: &self.installed,
            want: &self.want,
            unwanted: &self.unwanted,
            kernel: self.kernel.as_deref(),
        }
    }

    pub(in crate::packages) fn solve(&self) -> Result<Solution, Unsolvable> {
        solve(&self.question())
    }

    /// What is installed, in order: `foo 1.0, bar 2`.
    pub(in crate::packages) fn installs(&self) -> String {
        let solution = self.solve().unwrap();
        let all = solution.installs();
        let all: Vec<_> = all
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        all.join(", ")
    }

    /// What goes, in order, and why.
    pub(in crate::packages) fn removes(&self) -> String {
        let solution = self.solve().unwrap();
        let all = solution.remove.iter().map(|removed| match &removed.why {
            Why::Unwanted(_) => format!("{}: unwanted", removed.name),
            Why::ReplacedBy(by) => format!("{}: {by} instead", removed.name),
            Why::NoLongerNeeded => format!("{}: no longer needed", removed.name),
        });
        all.collect::<Vec<_>>().join(", ")
    }

    /// The error as a person sees it.
    pub(in crate::packages) fn error(&self) -> String {
        let error = self.solve().unwrap_err();
        let mut text = format!("{:?}\n{error}", error.cause);
        for help in &error.help {
            write!(text, "\nhelp: {help}").unwrap();
        }
        text
    }
}

/// A package, from one line.
pub(in crate::packages) fn package(manager: Manager, line: &str) -> Description {
    let mut parts = line.split(';').map(str::trim);
    let (name, version) = parts.next().unwrap().split_once(' ').unwrap();
    let fields: Vec<(&str, &str)> = parts.map(|part| part.split_once(' ').unwrap()).collect();
    match manager {
        Manager::Opkg => {
            let mut text = format!("Package: {name}\nVersion: {version}\n");
            for (key, value) in fields {
                let key = match key {
                    "D" => "Depends",
                    "P" => "Provides",
                    "C" => "Conflicts",
                    "R" => "Replaces",
                    "M" => "Recommends",
                    "A" => "Architecture",
                    "B" => "ABIVersion",
                    "E" => "Essential",
                    "S" => "Size",
                    "L" => "Installed-Size",
                    other => panic!("no field {other}"),
                };
                writeln!(text, "{key}: {value}").unwrap();
            }
            let package = opkg::Package::from_control(text.as_bytes()).unwrap();
            Description::Opkg(Box::new(package))
        }
        Manager::Apk => {
            let mut package = apk::PackageInfo::new(name, version.parse().unwrap());
            package.arch = "mipsel_24kc".into();
            for (key, value) in fields {
                let list = || value.split(' ').map(|one| one.parse().unwrap()).collect();
                match key {
                    "D" => package.depends = list(),
                    "P" => package.provides = list(),
                    "R" => package.replaces = list(),
                    "I" => package.install_if = list(),
                    "K" => package.provider_priority = value.parse().unwrap(),
                    "A" => package.arch = value.into(),
                    "B" => package.tags.push(format!("openwrt:abiversion={value}")),
                    "S" => package.file_size = value.parse().unwrap(),
                    "L" => package.installed_size = value.parse().unwrap(),
                    other => panic!("no field {other}"),
                }
            }
            Description::Apk(Box::new(package))
        }
    }
}
