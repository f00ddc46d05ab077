//! Why packages could not be installed or removed.

use openwrt_formats::apk;
use openwrt_formats::opkg::IpkError;
use openwrt_formats::tree::TreeError;
use thiserror::Error;

use super::super::universe::Manager;

/// Why packages could not be installed or removed. The caller's tree is as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InstallError {
    /// An `.ipk` that does not open.
    #[error("package {package}: {error}")]
    Ipk {
        /// The package.
        package: String,
        /// What is wrong with its file.
        error: IpkError,
    },
    /// An `.apk` that does not open.
    #[error("package {package}: {error}")]
    Apk {
        /// The package.
        package: String,
        /// What is wrong with its file.
        error: apk::Error,
    },
    /// The file is not the one that the index or lock means.
    #[error(
        "package {package}: its file {problem}: it was cut short, changed or mixed up; fetch it again"
    )]
    Mismatch {
        /// The package.
        package: String,
        /// In what it differs.
        problem: String,
    },
    /// A package of the other manager.
    #[error("package {package} is not one of {manager}, which the image has")]
    Manager {
        /// The package.
        package: String,
        /// What the image has.
        manager: Manager,
    },
    /// A package for other machines.
    #[error(
        "package {package} is built for {found}, and the device needs {wanted}: take it from a feed for {wanted}"
    )]
    Architecture {
        /// The package.
        package: String,
        /// What it is built for.
        found: String,
        /// What the device needs.
        wanted: String,
    },
    /// The same package is to be installed twice, or both installed and removed.
    #[error("package {0} is named twice in what is to change")]
    Twice(String),
    /// A package to be removed is not there.
    #[error("package {0} cannot be removed: it is not installed")]
    NotInstalled(String),
    /// A package that stays needs what goes.
    #[error(
        "package {by} needs {dependency}, which only {package} brings, and {package} is to be removed"
    )]
    StillNeeded {
        /// What is to be removed, or is replaced by a version without it.
        package: String,
        /// Who needs it.
        by: String,
        /// What it needs, in the manager's own words.
        dependency: String,
    },
    /// Two packages bring the same file.
    #[error(
        "packages {owner} and {package} both bring /{path}, and neither says that it replaces the other: leave one of them out"
    )]
    Clash {
        /// The later package.
        package: String,
        /// The package that has it.
        owner: String,
        /// The file.
        path: String,
    },
    /// A file is there that no package brought.
    #[error(
        "package {package} brings /{path}, where the root file system has a file of no package: opkg does not overwrite such files"
    )]
    Unowned {
        /// The package.
        package: String,
        /// The file.
        path: String,
    },
    /// A file where a folder stands, or the other way round, or a link that leads out of the root.
    #[error("package {package}: /{path} {problem}")]
    Path {
        /// The package.
        package: String,
        /// The path.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file belongs to somebody whom nobody adds.
    #[error(
        "package {package}: /{path} belongs to the {kind} `{name}`, which neither the root file system nor a package has"
    )]
    Owner {
        /// The package.
        package: String,
        /// The file.
        path: String,
        /// "user" or "group".
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A user or group that cannot be added.
    #[error("package {package} asks for the user `{wanted}`: {problem}")]
    Account {
        /// The package.
        package: String,
        /// What it asks for, `user=uid:group=gid`.
        wanted: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two want the same number.
    #[error("package {package} wants the {kind} number {id} for `{name}`, and it is that of `{holder}`{}", of_package(.by))]
    IdTaken {
        /// The package.
        package: String,
        /// "user" or "group".
        kind: &'static str,
        /// The number.
        id: u32,
        /// Who is to have it.
        name: String,
        /// Who has it.
        holder: String,
        /// The package that added the holder, where that is known.
        by: Option<String>,
    },
    /// A script failed.
    #[error("package {package}: its {script} script {problem}{}", output_lines(.output))]
    Script {
        /// The package.
        package: String,
        /// Which script.
        script: &'static str,
        /// How it failed.
        problem: String,
        /// The last of what it wrote.
        output: String,
    },
    /// A script has to run, and this host cannot run one.
    #[error("package {package}: its {script} script cannot be run on this host: {problem}")]
    Host {
        /// The package.
        package: String,
        /// Which script.
        script: &'static str,
        /// What is missing.
        problem: String,
    },
    /// The root file system's own record of packages does not hold.
    #[error("the root file system's /{file} cannot be read: {problem}")]
    Database {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The tree refused a change.
    #[error("root file system: {0}")]
    Tree(#[from] TreeError),
}

fn of_package(package: &Option<String>) -> String {
    match package {
        Some(package) => format!(", which package {package} asks for"),
        None => String::new(),
    }
}

fn output_lines(output: &str) -> String {
    match output.trim_end() {
        "" => String::new(),
        output => format!("; its last output:\n  {}", output.replace('\n', "\n  ")),
    }
}
