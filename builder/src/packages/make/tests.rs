//! Packages made of a folder, opened again by tar, gzip and our own readers.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use openwrt_formats::apk::package::{FileKind, Script, Trust};
use openwrt_formats::apk::{Package, PrivateKey};
use openwrt_formats::opkg::{Ipk, Limits};

use super::*;

const TOML: &str = r#"
name = "hello"
version = "1.2"
release = 3
architecture = "mipsel_24kc"
description = """
Says hello.
  In two lines."""
license = "MIT"
maintainer = "Ann <ann@example.org>"
url = "https://example.org/hello"
section = "utils"
source = "feeds/greenvale/hello"
cpe_id = "cpe:/a:example:hello"
depends = ["libc", "libubox (>= 2024)"]
conflicts = ["goodbye"]
provides = ["greeter", "@talker"]
replaces = ["hallo"]
conffiles = ["/etc/config/hello", "/etc/hello/", "/etc/hello.key"]
alternatives = ["100:/bin/hi:/usr/bin/hello"]
users = ["hello=413:hello=413:dialout=20,audio"]
[scripts]
postinst = "after.sh"
postrm = "gone.sh"
[modes]
"/usr/bin/hello" = "4755"
[owners]
"/etc/hello/motd" = "hello:dialout"
"#;

fn folder(toml: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put("package.toml", toml);
    put(
        "after.sh",
        "#!/bin/sh\n[ -n \"$IPKG_INSTROOT\" ] && exit 0\necho hello",
    );
    put("gone.sh", "#!/bin/sh\necho gone\n");
    put("files/etc/config/hello", "config hello\n");
    put("files/etc/hello/motd", "hi\n");
    put("files/usr/bin/hello", "#!/bin/sh\necho hello\n");
    std::os::unix::fs::symlink("hello", dir.path().join("files/usr/bin/hey")).unwrap();
    dir
}

fn source() -> Source {
    read(folder(TOML).path(), Some(1_700_000_000)).unwrap()
}

fn run(dir: &Path, script: &str) -> String {
    let done = Command::new("bash")
        .args(["-euc", script])
        .current_dir(dir)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn ipk_is_what_openwrts_build_makes() {
    let made = ipk(&source()).unwrap();
    assert_eq!(made.name, "hello_1.2-r3_mipsel_24kc.ipk");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.ipk"), &made.bytes).unwrap();
    let listed = run(
        dir.path(),
        "tar --numeric-owner --full-time -tvzf x.ipk; tar -xzf x.ipk; for x in control data; do tar --numeric-owner -tvzf $x.tar.gz; done; gzip -lv data.tar.gz | tail -1 | cut -c1-5; tar -xzf control.tar.gz; cat control conffiles postinst prerm postinst-pkg; wc -c < postrm; zcat data.tar.gz | wc -c; tar -xOzf data.tar.gz ./lib/upgrade/keep.d/hello",
    );
    insta::assert_snapshot!(listed);
    assert_eq!(made, ipk(&source()).unwrap());
    let open = Ipk::open(&made.bytes, Limits::default()).unwrap();
    assert_eq!(open.conffiles(), ["/etc/config/hello", "/etc/hello/motd"]);
}

#[test]
fn apk_is_what_openwrts_build_makes() {
    let made = apk(&source(), &[]).unwrap();
    assert_eq!(made.name, "hello-1.2-r3.apk");
    let package = Package::read(&made.bytes, Trust::Unverified).unwrap();
    let mut text = String::new();
    let info = &package.info;
    let join = |all: &[openwrt_formats::apk::Dependency]| {
        let all: Vec<_> = all.iter().map(ToString::to_string).collect();
        all.join(" ")
    };
    text += &format!(
        "{} {} {}\n{}\n{} | {} | {} | {}\n",
        info.name,
        info.version,
        info.arch,
        info.description,
        info.license,
        info.origin,
        info.url,
        info.maintainer
    );
    text += &format!(
        "depends {}\nprovides {}\nreplaces {}\ntags {:?}\n",
        join(&info.depends),
        join(&info.provides),
        join(&info.replaces),
        info.tags
    );
    for folder in &package.folders {
        for file in &folder.files {
            let name = format!(
                "/{}/{}",
                String::from_utf8_lossy(&folder.path),
                String::from_utf8_lossy(&file.name)
            );
            text += &format!(
                "{name} {:o} {}:{} {}\n",
                file.acl.mode, file.acl.user, file.acl.group, file.mtime
            );
            if let FileKind::Regular { content, .. } = &file.kind
                && name.starts_with("/lib/")
            {
                text += &String::from_utf8(content.to_vec()).unwrap();
            }
        }
    }
    for (script, own) in &package.scripts {
        text += &format!("--- {}\n{}", script.name(), String::from_utf8_lossy(own));
    }
    insta::assert_snapshot!(text);
    assert_eq!(made, apk(&source(), &[]).unwrap());
    assert!(!package.scripts.contains_key(&Script::PreInstall));
}

#[test]
fn apk_is_signed_by_its_maker() {
    let dir = tempfile::tempdir().unwrap();
    run(
        dir.path(),
        "openssl ecparam -name prime256v1 -genkey -noout -out k.pem 2>/dev/null",
    );
    let key = PrivateKey::from_pem(&fs::read_to_string(dir.path().join("k.pem")).unwrap()).unwrap();
    let made = apk(&source(), std::slice::from_ref(&key)).unwrap();
    assert!(Package::read(&made.bytes, Trust::Keys(&[key.public()])).is_ok());
    assert!(
        Package::read(
            &apk(&source(), &[]).unwrap().bytes,
            Trust::Keys(&[key.public()])
        )
        .is_err()
    );
}

#[test]
fn libraries_carry_their_abi_version() {
    let toml = "name = \"libhi2\"\nversion = \"1\"\ndescription = \"x\"\nabi_version = \"7\"\nprovides = [\"libgreet\"]\n";
    let source = read(folder(toml).path(), None).unwrap();
    let made = ipk(&source).unwrap();
    assert_eq!(made.name, "libhi2-7_1-r1_all.ipk");
    let control = Ipk::open(&made.bytes, Limits::default()).unwrap().package;
    assert_eq!(control.provides, ["libgreet", "libhi2", "libgreet-7"]);
    assert_eq!(control.abi_version.as_deref(), Some("-7"));
    let made = apk(&source, &[]).unwrap();
    assert_eq!(made.name, "libhi2-7-1-r1.apk");
    let info = Package::read(&made.bytes, Trust::Unverified).unwrap().info;
    let provides: Vec<_> = info.provides.iter().map(ToString::to_string).collect();
    assert_eq!(provides, ["libgreet-7=1-r1", "libhi2", "libhi2-any"]);
    assert_eq!(
        (info.arch.as_str(), info.abi_version()),
        ("noarch", Some("-7"))
    );
}

/// Every problem is told at once, with file, line and column.
#[test]
fn tells_what_is_wrong_and_where() {
    let wrong = |toml: &str| {
        let dir = folder(toml);
        let text = read(dir.path(), None).unwrap_err().to_string();
        text.replace(&dir.path().display().to_string(), "DIR")
    };
    let head = "name = \"x\"\nversion = \"1\"\ndescription = \"x\"\n";
    let mut all = String::new();
    for rest in [
        "descripton = \"y\"\n",
        "depends = [\"a b\", \"c (>= 1\", \"ok\"]\nconffiles = [\"etc/x\", \"/etc/../x\"]\nusers = [\"Bob\", \"x=0\", \"y=70000\"]\n",
        "alternatives = [\"100:/bin/x\", \"x:/bin/x:/bin/y\"]\nprovides = [\"a=1\"]\nlicense = \"a\\nb\"\n",
        "[scripts]\npreinst = \"../evil\"\npostinst = \"none.sh\"\n",
        "[modes]\n\"/none\" = \"755\"\n\"/usr/bin/hello\" = \"rwx\"\n[owners]\n\"/usr/bin/hello\" = \"bob:root\"\n",
        "name = \"twice\"\n",
    ] {
        all += &format!("{rest}=>\n{}\n\n", wrong(&format!("{head}{rest}")));
    }
    all +=
        &wrong("name = \"../x\"\nversion = \"1 2\"\ndescription = \"\"\narchitecture = \"a/b\"\n");
    insta::assert_snapshot!(all);
}

#[test]
fn what_apk_cannot_say_is_refused_for_apk_alone() {
    let toml = "name = \"x\"\nversion = \"1\"\ndescription = \"x\"\ndepends = [\"a | b\"]\n";
    let source = read(folder(toml).path(), None).unwrap();
    assert!(ipk(&source).is_ok());
    let error = apk(&source, &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "x: apk has no `|`: depend on something that a and b all provide"
    );
    let toml = "name = \"x\"\nversion = \"2024-10-01\"\ndescription = \"x\"\n";
    let source = read(folder(toml).path(), None).unwrap();
    assert!(ipk(&source).is_ok());
    let error = apk(&source, &[]).unwrap_err().to_string();
    assert!(error.contains("is no version"), "{error}");
}
