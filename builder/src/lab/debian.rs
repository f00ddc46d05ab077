//! Debian's archive for other architectures, without touching the host's own package configuration:
//! apt runs on a private one below the cache, with the host's mirror and keyring.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};

use super::host;
use super::slot;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// The release that has packages of all four architectures, and the kernel series of [`super::kernel`].
const RELEASE: &str = "bookworm";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// How long a downloaded package list is good enough.
const FRESH: Duration = Duration::from_secs(24 * 3600);
const CURE: &str = "see that the network and Debian's mirror can be reached, then run it again";

/// apt for one architecture.
#[derive(Debug)]
pub(super) struct Archive {
    configuration: PathBuf,
    architecture: &'static str,
}

/// A package as the archive has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// The file's SHA-256, which apt checks when it downloads.
    pub(super) sha256: String,
}

impl Archive {
    /// Opens the archive and brings its package lists up to date. Call with the lock held.
    pub(super) fn open(architecture: &'static str, ui: &Ui) -> Result<Self, Failure> {
        host::need("apt-get", "apt")?;
        host::need("dpkg-deb", "dpkg")?;
        if !Path::new(KEYRING).exists() {
            return Err(
                Failure::new(Class::Host, anyhow!("{KEYRING}: Debian's keys are missing"))
                    .help("apt-get install debian-archive-keyring"),
            );
        }
        let dir = slot::root().join("apt").join(architecture);
        let archive = Self {
            configuration: dir.join("apt.conf"),
            architecture,
        };
        archive
            .configure(&dir)
            .with_context(|| format!("{}: apt can't be configured", dir.display()))
            .or_fail(Class::Host)?;
        archive.update(&dir, ui)?;
        Ok(archive)
    }

    fn configure(&self, dir: &Path) -> anyhow::Result<()> {
        for sub in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        fs::write(dir.join("state/status"), "")?;
        let mirror = mirror()?;
        let line = |kind: &str| format!("{kind} [signed-by={KEYRING}] {mirror} {RELEASE} main\n");
        fs::write(dir.join("sources.list"), line("deb") + &line("deb-src"))?;
        let at = dir.display();
        let text = format!(
            "Dir::State \"{at}/state\";\n\
             Dir::State::status \"{at}/state/status\";\n\
             Dir::Cache \"{at}/cache\";\n\
             Dir::Etc::sourcelist \"{at}/sources.list\";\n\
             Dir::Etc::sourceparts \"/dev/null\";\n\
             APT::Architecture \"{architecture}\";\n\
             APT::Architectures {{ \"{architecture}\"; }};\n\
             APT::Sandbox::User \"root\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::Retries \"3\";\n\
             Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n\
             #clear APT::Update::Post-Invoke;\n\
             #clear APT::Update::Post-Invoke-Success;\n",
            architecture = self.architecture,
        );
        fs::write(&self.configuration, text)?;
        Ok(())
    }

    fn update(&self, dir: &Path, ui: &Ui) -> Result<(), Failure> {
        let stamp = dir.join("updated");
        let fresh = fs::metadata(&stamp)
            .and_then(|meta| meta.modified())
            .ok()
            .and_then(|at| SystemTime::now().duration_since(at).ok())
            .is_some_and(|age| age < FRESH);
        if fresh {
            return Ok(());
        }
        let step = ui.step(
            "lab-apt",
            &format!("Debian's package lists for {}", self.architecture),
        );
        host::run_or(
            self.apt("apt-get").args(["-q", "update"]),
            Class::Source,
            CURE,
        )?;
        fs::write(&stamp, "")
            .with_context(|| stamp.display().to_string())
            .or_fail(Class::Host)?;
        step.done(RELEASE);
        Ok(())
    }

    fn apt(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        command
            .arg("-c")
            .arg(&self.configuration)
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// The package that `meta` (such as `linux-image-arm64`) depends on, whose name begins with `prefix`.
    pub(super) fn behind(&self, meta: &str, prefix: &str) -> Result<Package, Failure> {
        let out = host::run_or(
            self.apt("apt-cache").args(["depends", "--important", meta]),
            Class::Source,
            CURE,
        )?;
        let text = String::from_utf8_lossy(&out);
        let name = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Depends: "))
            .map(|name| name.split(':').next().unwrap_or(name))
            .find(|name| name.starts_with(prefix))
            .ok_or_else(|| {
                Failure::new(
                    Class::Source,
                    anyhow!(
                        "{meta} ({}): depends on no package named {prefix}*; this archive is not as expected",
                        self.architecture
                    ),
                )
            })?;
        self.package(name)
    }

    /// A package's present version and checksum.
    pub(super) fn package(&self, name: &str) -> Result<Package, Failure> {
        let out = host::run_or(
            self.apt("apt-cache")
                .args(["show", "--no-all-versions", name]),
            Class::Source,
            CURE,
        )?;
        let text = String::from_utf8_lossy(&out).into_owned();
        let field = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
                .map(str::to_owned)
                .ok_or_else(|| {
                    Failure::new(
                        Class::Source,
                        anyhow!(
                            "{name} ({}): the archive does not say its {key}",
                            self.architecture
                        ),
                    )
                })
        };
        Ok(Package {
            name: name.to_owned(),
            version: field("Version")?,
            sha256: field("SHA256")?,
        })
    }

    /// Downloads a package and unpacks it into `to`.
    pub(super) fn unpack(&self, package: &Package, to: &Path, ui: &Ui) -> Result<(), Failure> {
        let text = format!(
            "{} {} for {}",
            package.name, package.version, self.architecture
        );
        let step = ui.step("lab-package", &text);
        let inner = || -> anyhow::Result<()> {
            let downloads = to.with_extension("deb");
            fs::create_dir_all(&downloads)?;
            fs::create_dir_all(to)?;
            host::run(
                self.apt("apt-get")
                    .args(["-q", "download"])
                    .arg(format!("{}={}", package.name, package.version))
                    .current_dir(&downloads),
            )?;
            let deb = only_file(&downloads, "deb")?;
            host::run(Command::new("dpkg-deb").arg("--extract").arg(&deb).arg(to))?;
            fs::remove_dir_all(&downloads)?;
            Ok(())
        };
        inner()
            .with_context(|| text.clone())
            .or_fail(Class::Source)
            .map_err(|failure| failure.help(CURE))?;
        step.done("unpacked");
        Ok(())
    }

    /// Downloads a source package and unpacks it, with Debian's patches, into `to` (which must not exist).
    pub(super) fn unpack_source(&self, name: &str, to: &Path, ui: &Ui) -> Result<(), Failure> {
        host::need("dpkg-source", "dpkg-dev")?;
        host::need("patch", "patch")?;
        let step = ui.step("lab-source", &format!("Debian's source of {name}"));
        let inner = || -> anyhow::Result<()> {
            let downloads = to.with_extension("dsc");
            fs::create_dir_all(&downloads)?;
            host::run(
                self.apt("apt-get")
                    .args(["-q", "source", "--download-only", name])
                    .current_dir(&downloads),
            )?;
            // apt has checked the files against the signed package list.
            host::run(
                Command::new("dpkg-source")
                    .args(["--no-check", "--extract"])
                    .arg(only_file(&downloads, "dsc")?)
                    .arg(to),
            )?;
            fs::remove_dir_all(&downloads)?;
            Ok(())
        };
        inner()
            .or_fail(Class::Source)
            .map_err(|failure| failure.help(CURE))?;
        step.done("unpacked");
        Ok(())
    }

    /// The version that [`Archive::unpack_source`] would get.
    pub(super) fn source_version(&self, name: &str) -> Result<String, Failure> {
        let out = host::run_or(
            self.apt("apt-cache")
                .args(["showsrc", "--only-source", name]),
            Class::Source,
            CURE,
        )?;
        String::from_utf8_lossy(&out)
            .lines()
            .find_map(|line| line.strip_prefix("Version: "))
            .map(str::to_owned)
            .ok_or_else(|| {
                Failure::new(
                    Class::Source,
                    anyhow!("{name}: the archive has no source of it"),
                )
            })
    }
}

fn only_file(dir: &Path, extension: &str) -> anyhow::Result<PathBuf> {
    let found = fs::read_dir(dir)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == extension));
    found.ok_or_else(|| anyhow!("{}: apt left no .{extension} file there", dir.display()))
}

/// The Debian mirror that the host uses.
fn mirror() -> anyhow::Result<String> {
    let out = host::run(
        Command::new("apt-get")
            .args(["indextargets", "--format", "$(REPO_URI) $(RELEASE)"])
            .arg("Created-By: Packages"),
    )?;
    pick_mirror(&String::from_utf8_lossy(&out)).ok_or_else(|| {
        anyhow!(
            "the host's package sources name no Debian archive; the lab takes its mirror from them"
        )
    })
}

/// The first repository whose release is a plain one (not `-security`, not `-updates`) of a Debian archive.
fn pick_mirror(targets: &str) -> Option<String> {
    let pairs = || targets.lines().filter_map(|line| line.split_once(' '));
    let debian = |uri: &str| uri.trim_end_matches('/').ends_with("/debian");
    pairs()
        .find(|(uri, release)| *release == RELEASE && debian(uri))
        .or_else(|| pairs().find(|(uri, release)| debian(uri) && !release.contains('-')))
        .map(|(uri, _)| uri.to_owned())
}

#[cfg(test)]
mod tests {
    use super::pick_mirror;

    #[test]
    fn takes_the_main_archive_of_the_host() {
        let targets = "http://a/debian-security/ bookworm-security\nhttp://cloud/apt thing\n\
                       http://a/debian/ bookworm-updates\nhttp://a/debian/ bookworm\n";
        assert_eq!(pick_mirror(targets).as_deref(), Some("http://a/debian/"));
        let newer = "http://b/debian trixie-updates\nhttp://b/debian trixie\n";
        assert_eq!(pick_mirror(newer).as_deref(), Some("http://b/debian"));
        assert_eq!(pick_mirror("http://x/ubuntu jammy\n"), None);
    }
}
