//! `clom keys` as people and scripts meet it, with Debian's signify as the other side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use insta::assert_snapshot;
use serde_json::Value;

/// A folder with OpenWrt's published keys in `keys/` and a published, signed index.
struct Desk {
    dir: tempfile::TempDir,
}

/// The published key that the index is signed by.
const LEDE: &str = "792d9d9b39f180dc";

impl Desk {
    fn new() -> Self {
        let desk = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("formats/tests/fixtures");
        fs::create_dir(desk.path("keys")).unwrap();
        for entry in fs::read_dir(fixtures.join("usign")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), desk.path("keys").join(entry.file_name())).unwrap();
        }
        for name in ["Packages.gz", "Packages.sig"] {
            fs::copy(fixtures.join("opkg").join(name), desk.path(name)).unwrap();
        }
        desk.run("gunzip Packages.gz");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(&self.dir);
        let output = command.output().expect("scripts/setup installs it");
        output.status.success()
    }

    fn clom(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clom"));
        command.args(line.split(' ')).current_dir(&self.dir);
        command.output().unwrap()
    }

    /// Standard output of a command that must succeed.
    fn said(&self, line: &str) -> String {
        let output = self.clom(line);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Exit code and standard error of a command that must fail and say nothing else.
    fn refused(&self, line: &str) -> String {
        let output = self.clom(line);
        assert!(
            output.stdout.is_empty() && !output.status.success(),
            "{line}"
        );
        let code = output.status.code().unwrap();
        format!(
            "{line}\n{}exit code {code}\n",
            String::from_utf8_lossy(&output.stderr)
        )
    }

    fn event(&self, line: &str) -> Value {
        let output = self.clom(&format!("--json {line}"));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_pair_signs_and_verifies_here_and_with_signify() {
    let desk = Desk::new();
    let made = desk.event("keys new village.sec --comment Village");
    assert_eq!(
        (made["event"].as_str(), made["public"].as_str()),
        (Some("created"), Some("village.pub"))
    );
    assert_eq!(
        (
            mode(&desk.path("village.sec")),
            mode(&desk.path("village.pub"))
        ),
        (0o600, 0o644)
    );
    assert!(
        desk.read("village.sec")
            .starts_with("untrusted comment: Village secret key\n")
    );
    for file in ["village.sec", "village.pub"] {
        let shown = desk.event(&format!("keys show {file}"));
        assert_eq!(
            (&shown["number"], &shown["fingerprint"]),
            (&made["number"], &made["fingerprint"])
        );
    }
    fs::remove_file(desk.path("Packages.sig")).unwrap();
    assert_eq!(
        desk.said("keys sign --key village.sec Packages"),
        "Packages.sig\n"
    );
    assert!(desk.run("signify-openbsd -V -p village.pub -m Packages"));
    let ours = desk.read("Packages.sig");
    assert!(desk.run("signify-openbsd -S -s village.sec -m Packages"));
    // The second lines: Ed25519 gives one signature for one file.
    assert_eq!(
        ours.lines().nth(1),
        desk.read("Packages.sig").lines().nth(1)
    );

    let number = made["number"].as_str().unwrap();
    let good = format!("Packages: good signature by key {number} (Village public key)\n");
    assert_eq!(desk.said("keys verify --key village.pub Packages"), good);
    fs::rename(desk.path("village.pub"), desk.path("keys").join(number)).unwrap();
    assert_eq!(desk.said("keys verify --keys keys Packages"), good);
    let verified = desk.event("keys verify --keys keys Packages");
    assert_eq!(verified["key"], format!("keys/{number}"));
    assert_eq!(desk.said("--quiet keys verify --keys keys Packages"), "");
}

#[test]
fn keys_without_a_comment_are_named_as_usign_does() {
    let desk = Desk::new();
    desk.said("keys new build");
    let shown = desk.event("keys show build.pub");
    let number = shown["number"].as_str().unwrap();
    assert_eq!(shown["comment"], format!("public key {number}"));
    assert!(
        desk.read("build")
            .starts_with(&format!("untrusted comment: private key {number}\n"))
    );
}

#[test]
fn published_keys_and_a_published_index() {
    let desk = Desk::new();
    assert_snapshot!("list", desk.said("keys list keys"));
    assert_snapshot!(
        "show",
        desk.said(&format!("keys show keys/{LEDE} Packages.sig"))
    );
    assert_snapshot!("verify", desk.said("keys verify --keys keys Packages"));
    fs::rename(desk.path("Packages.sig"), desk.path("elsewhere")).unwrap();
    desk.said(&format!(
        "keys verify --key keys/{LEDE} --signature elsewhere Packages"
    ));
}

#[test]
fn each_mistake_is_told() {
    let desk = Desk::new();
    let mut told = String::new();
    let mut refused = |line: &str| told += &format!("{}\n", desk.refused(line));
    desk.said("keys new mine");
    let before = (desk.read("mine"), desk.read("mine.pub"));
    refused("keys new mine");
    fs::write(desk.path("half.pub"), "").unwrap();
    refused("keys new half");
    refused("keys new nowhere/key");
    assert!(!desk.path("half").exists());
    assert_eq!((desk.read("mine"), desk.read("mine.pub")), before);

    refused("keys show README");
    fs::write(desk.path("README"), "hello\n").unwrap();
    refused("keys show README");
    refused("keys list nowhere");
    refused("keys sign --key nowhere Packages");
    refused("keys sign --key keys/792d9d9b39f180dc Packages");
    refused("keys sign --key mine nowhere");
    refused("keys verify --keys nowhere Packages");
    refused("keys verify --key keys/1035ac73cc4e59e3 Packages");
    refused("keys verify --keys keys README");
    refused("keys verify --keys keys --signature Packages.sig README");
    refused("keys verify --keys keys --signature keys/792d9d9b39f180dc README");
    refused("keys verify --keys keys --signature Packages.sig README Packages");
    fs::rename(desk.path("keys").join(LEDE), desk.path("keys/lede.pub")).unwrap();
    refused("keys verify --keys keys Packages");
    fs::remove_file(desk.path("keys/lede.pub")).unwrap();
    refused("keys verify --keys keys Packages");
    assert_snapshot!("mistakes", told);
}

#[test]
fn sizes_that_old_routers_misread_are_warned_of() {
    let desk = Desk::new();
    desk.said("keys new key");
    fs::write(desk.path("text"), "x".repeat(46)).unwrap();
    let output = desk.clom("keys sign --key key text");
    assert_snapshot!("old_usign", String::from_utf8(output.stderr).unwrap());
    assert!(desk.run("signify-openbsd -V -p key.pub -m text"));
    fs::write(desk.path("text"), format!("{}\n\n", "x".repeat(46))).unwrap();
    assert!(desk.clom("keys sign --key key text").stderr.is_empty());
}

/// A folder of a package, of which `clom` makes packages and feeds, signed by keys of both kinds.
#[test]
fn packages_and_feeds_are_made_and_signed() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("hello/files/usr/bin")).unwrap();
    fs::write(desk.path("hello/files/usr/bin/hello"), "#!/bin/sh\n").unwrap();
    let toml = "name = \"hello\"\nversion = \"1.0\"\ndescription = \"Says hello\"\n";
    fs::write(desk.path("hello/package.toml"), toml).unwrap();
    for folder in ["out", "ipk", "apk"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }

    let made = desk.event("keys new --apk feed.pem");
    assert_eq!(made["public"], "feed.pub.pem");
    assert_eq!(mode(&desk.path("feed.pem")), 0o600);
    for file in ["feed.pem", "feed.pub.pem"] {
        let shown = desk.event(&format!("keys show {file}"));
        assert_eq!(shown["fingerprint"], made["fingerprint"]);
    }
    assert!(desk.run("openssl ec -in feed.pem -check -noout"));
    desk.said("keys new feed.sec");

    assert_eq!(
        desk.said("package build hello -o out"),
        "out/hello_1.0-r1_all.ipk\nout/hello-1.0-r1.apk\n"
    );
    desk.said("package build hello -o ipk --format ipk --key feed.sec");
    desk.said("package build hello -o apk --format apk --key feed.pem");
    assert!(desk.run("cmp out/hello_1.0-r1_all.ipk ipk/hello_1.0-r1_all.ipk"));
    desk.said("keys verify --key feed.pub ipk/hello_1.0-r1_all.ipk");
    desk.said("keys verify --key feed.pub.pem apk/hello-1.0-r1.apk");

    desk.said("feed index ipk --key feed.sec");
    assert!(desk.run("signify-openbsd -V -p feed.pub -m ipk/Packages"));
    desk.said("feed index apk --key feed.pem");
    desk.said("keys verify --key feed.pub.pem apk/packages.adb");
    desk.said("keys new --apk other.pem");
    desk.said("keys sign --key other.pem apk/packages.adb");
    for key in ["feed.pub.pem", "other.pub.pem"] {
        desk.said(&format!("keys verify --key {key} apk/packages.adb"));
    }

    let refused = [
        "keys new --apk feed.pem",
        "keys verify --key feed.pub.pem out/hello-1.0-r1.apk",
        "keys sign --key feed.pem hello/package.toml",
        "feed index apk --key feed.sec",
        "feed index out",
        "package build hello --format apk --key feed.sec",
        "package build none",
        "package agent --arch x86_64",
    ];
    let refused: Vec<_> = refused.iter().map(|line| desk.refused(line)).collect();
    assert_snapshot!("packages_refused", refused.join("\n"));
}
