//! A download server, a profile library, and `clom` between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::https::Server;

/// Each of these functions becomes two tests: with an opkg release and with an apk release.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod opkg {
            $(#[test] fn $name() { super::$name($crate::world::World::new("opkg")); })*
        }
        mod apk {
            $(#[test] fn $name() { super::$name($crate::world::World::new("apk")); })*
        }
    };
}

/// The build that the tests are about.
pub(crate) const HERE: [&str; 3] = ["here", "-d", "acme_r1"];
/// What the site wants if nothing else is said.
pub(crate) const PACKAGES: &str =
    "[packages]\ninstall = [\"hello\"]\nuninstall = [\"ppp\"]\n[agent]\nenabled = false\n";

/// A folder with all of it.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    /// Serves `www`.
    pub(crate) server: Option<Server>,
    /// `opkg` or `apk`.
    pub(crate) manager: &'static str,
}

impl World {
    /// A release with one device and two feeds, and a site that wants one package more and one less.
    pub(crate) fn new(manager: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let www = dir.path().join("www");
        fs::create_dir(&www).unwrap();
        let world = Self {
            server: Some(Server::https(&www)),
            dir,
            manager,
        };
        world.sh("world");
        world.trusts("");
        world.site(PACKAGES);
        world.device("acme_r1", &[world.url("")]);
        world
    }

    pub(crate) fn is_opkg(&self) -> bool {
        self.manager == "opkg"
    }

    /// The release.
    pub(crate) fn version(&self) -> &'static str {
        match self.is_opkg() {
            true => "24.10.4",
            false => "25.12.1",
        }
    }

    /// The folder of the feed with the packages, on the server.
    pub(crate) fn base(&self) -> String {
        format!("releases/{}/packages/aarch64_generic/base", self.version())
    }

    /// The folder of the target, on the server.
    pub(crate) fn target(&self) -> String {
        format!("releases/{}/targets/acme/r1", self.version())
    }

    /// The name of a package's file.
    pub(crate) fn file(&self, name: &str, version: &str) -> String {
        match self.is_opkg() {
            true => format!("{name}_{version}_aarch64_generic.ipk"),
            false => format!("{name}-{version}.apk"),
        }
    }

    /// An address on the server.
    pub(crate) fn url(&self, path: &str) -> String {
        let server = self.server.as_ref().expect("the server runs");
        server.url(path).trim_end_matches('/').to_owned()
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8(bytes).unwrap()
    }

    /// The lock's text; nothing where there is none.
    pub(crate) fn lock(&self) -> String {
        fs::read_to_string(self.path("profiles/clom.lock")).unwrap_or_default()
    }

    /// Writes the site's profile: its network, and this.
    pub(crate) fn site(&self, more: &str) {
        let network = "community = \"village\"\n[identity]\nhostname = \"v-{node:02|mac6}\"\n\
                       [networks.lan]\nports = [\"lan\"]\naddresses = [\"192.168.9.1/24\"]\n";
        self.write("profiles/sites/here.toml", &format!("{network}{more}"));
    }

    /// Writes a device's profile.
    pub(crate) fn device(&self, name: &str, mirrors: &[String]) {
        let text = format!(
            "[device]\ntitle = \"Acme R1\"\ncpu = \"aarch64\"\ntarget = \"acme/r1\"\nsupported_devices = [\"acme,r1\"]\n\
             ports = {{ lan = [\"eth0\"] }}\n[source]\nopenwrt = {{ release = \"{}\", mirror = {mirrors:?} }}\n",
            self.version(),
        );
        self.write(&format!("profiles/devices/{name}.toml"), &text);
    }

    /// Writes the community's profile, which trusts the release's keys; `more` goes to each of them.
    pub(crate) fn trusts(&self, more: &str) {
        let mut text = "[identity]\ncommunity = \"Village\"\n".to_owned();
        for name in ["release", "release-apk"] {
            if self.path(&format!("keys/{name}.pub")).exists() {
                text += &format!("[keys.{name}]\nfile = \"../../keys/{name}.pub\"\n{more}");
            }
        }
        self.write("profiles/communities/village.toml", &text);
    }

    /// Runs a shell script in the folder, with the functions of `world.sh`; its standard output.
    pub(crate) fn sh(&self, script: &str) -> String {
        let functions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/world.sh");
        let output = Command::new("bash")
            .args([
                "-euo",
                "pipefail",
                "-c",
                &format!(". {functions}\n{script}"),
            ])
            .current_dir(self.dir.path())
            .env("manager", self.manager)
            .env("version", self.version())
            .env("clom", env!("CARGO_BIN_EXE_clom"))
            .env_remove("SOURCE_DATE_EPOCH")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// `clom` with these arguments, in this folder, with a cache of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clom"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("CLOM_CACHE", self.path("cache"))
            .env("CLOM_AGENTS", self.path("agents"))
            .env("CLOM_PROFILES", self.path("profiles"));
        if let Some(server) = &self.server {
            command.env("SSL_CERT_FILE", server.ca());
        }
        command
    }

    /// Runs `clom`; its standard output.
    pub(crate) fn runs(&self, arguments: &[&str]) -> String {
        succeeded(&self.command(arguments).output().unwrap())
    }

    /// `clom update` of the build.
    pub(crate) fn update(&self) -> String {
        self.runs(&[&["update"], &HERE[..]].concat())
    }

    /// `clom build` of the build, with these arguments besides; the image.
    pub(crate) fn build(&self, arguments: &[&str]) -> PathBuf {
        let said = self.runs(&[&["build"], &HERE[..], arguments].concat());
        self.image(&said)
    }

    /// The image in the folder that `clom build` said.
    pub(crate) fn image(&self, said: &str) -> PathBuf {
        let folder = self.path(said.lines().next().expect("the result's folder"));
        ending(&folder, ".bin")
    }

    /// A run that must fail: what it says, after its exit code. The lock must be as it was, and nothing else be written.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let before = self.lock();
        let arguments = [arguments, &["--no-shipped"]].concat();
        let output = self.command(&arguments).output().unwrap();
        let said = self.told(&output);
        assert!(!output.status.success(), "{said}");
        assert_eq!(self.lock(), before, "the lock was changed");
        assert!(!self.path("out").exists(), "there is a result");
        format!(
            "exit code {}\n{said}",
            output.status.code().unwrap_or_default()
        )
    }

    /// `clom update` that must fail.
    pub(crate) fn update_fails(&self) -> String {
        self.fails(&[&["update"], &HERE[..]].concat())
    }

    /// Standard error without steps, which tell times, and without what differs from run to run.
    pub(crate) fn told(&self, output: &Output) -> String {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("      ...") && !line.contains(" s  "));
        let mut text = lines.collect::<Vec<_>>().join("\n");
        if let Some(server) = &self.server {
            text = text.replace(server.url("").trim_end_matches('/'), "SERVER");
        }
        text.replace(&*self.dir.path().to_string_lossy(), "DIR")
    }

    /// Compares with what was written down for this package manager; hashes and numbers of keys are random, and so are sizes.
    pub(crate) fn expect(&self, name: &str, text: &str) {
        insta::with_settings!({filters => vec![
            (r"\b[0-9a-f]{64}\b", "(SHA-256)"),
            (r"\b[0-9a-f]{32}\b", "(key)"),
            (r"\b[0-9a-f]{16}\b", "(key)"),
            (r"https?://localhost:\d+", "(a server)"),
            (r"(?m)^size = \d+", "size = (size)"),
            (r"(?m)^S:\d+$", "S:(size)"),
            (r"Q1[A-Za-z0-9+/]{27}=", "Q1(hash)"),
            (r"\b\d+ (bytes|B)\b", "(size)"),
            (r"\(size\), not \d+", "(size), not (size)"),
        ]}, {
            insta::assert_snapshot!(format!("{}-{name}", self.manager), text);
        });
    }

    /// Unpacks an image's root file system into `new`, and lists it: mode, owner, path and target of links.
    pub(crate) fn unpack(&self, image: &Path) -> String {
        self.sh(&format!(
            "at=$(LC_ALL=C grep -abom1 hsqs '{image}' | head -n 1 | cut -d : -f 1); rm -rf new\n\
             unsquashfs -no-progress -offset \"$at\" -d new '{image}' >/dev/null\n\
             unsquashfs -lln -offset \"$at\" '{image}' | awk '/squashfs-root/ {{print $1, $2, $6, $7, $8}}' | sed 's/squashfs-root//; s/ *$//' |\n\
             LC_ALL=C sort -k 3",
            image = image.display()
        ))
    }
}

/// Standard output of a run that must succeed.
pub(crate) fn succeeded(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The file in a folder whose name ends so.
pub(crate) fn ending(folder: &Path, end: &str) -> PathBuf {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found = names.filter(|path| path.to_string_lossy().ends_with(end));
    found
        .next()
        .unwrap_or_else(|| panic!("no {end} in {}", folder.display()))
}

/// Whether two files have the same bytes.
pub(crate) fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).unwrap() == fs::read(other).unwrap()
}
