//! Feeds of packages that we made, read by gzip, signify and our own readers.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use openwrt_formats::{apk, opkg};

use super::*;
use crate::failure::Failure;
use crate::keys::{self, Signer};
use crate::packages::make::{self, Source, Spec};
use crate::packages::universe::Manager;

fn source(name: &str, version: &str, architecture: &str, text: &str) -> Source {
    let mut files = openwrt_formats::tree::Tree::default();
    let meta = openwrt_formats::tree::Meta::file(0o644);
    files.put_file(format!("etc/{name}"), text, meta).unwrap();
    Source {
        spec: Spec {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: architecture.to_owned(),
            description: format!("The package {name}"),
            maintainer: Some("Ann <ann@example.org>".to_owned()),
            source: Some("feeds/x".to_owned()),
            ..Spec::default()
        },
        files,
        epoch: 1_700_000_000,
    }
}

fn put(dir: &Path, source: &Source) {
    for made in [make::ipk(source).unwrap(), make::apk(source, &[]).unwrap()] {
        let folder = dir.join(if made.name.ends_with("ipk") {
            "ipk"
        } else {
            "apk"
        });
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(made.name), made.bytes).unwrap();
    }
}

fn sample() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), &source("beta", "2-r1", "mipsel_24kc", "b"));
    put(dir.path(), &source("alpha", "1-r1", "all", "a"));
    put(dir.path(), &source("alpha", "1-r2", "all", "a2"));
    put(dir.path(), &source("kernel", "6.6-r1", "mipsel_24kc", "k"));
    put(dir.path(), &source("libc", "1.2-r1", "mipsel_24kc", "l"));
    let mut library = source("libhi", "3-r1", "mipsel_24kc", "h");
    library.spec.abi_version = Some("7".to_owned());
    put(dir.path(), &library);
    dir
}

fn run(dir: &Path, script: &str) -> String {
    let done = Command::new("bash")
        .args(["-euc", script])
        .current_dir(dir)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn opkg_feeds_are_as_openwrt_makes_them() {
    let dir = sample();
    let folder = dir.path().join("ipk");
    keys::make(&dir.path().join("feed.sec"), None).unwrap();
    let key = Signer::read(&dir.path().join("feed.sec")).unwrap();
    let made = index(&folder, None, None, Some(&key)).unwrap();
    assert_eq!((made.manager, made.packages), (Manager::Opkg, 4));
    insta::assert_snapshot!(run(
        &folder,
        "cat Packages.manifest; echo ----; diff Packages Packages.manifest || true; cat index.json"
    ));
    run(&folder, "zcat Packages.gz | cmp - Packages; gzip -9nc Packages | cmp - Packages.gz; signify-openbsd -V -q -p ../feed.pub -x Packages.sig -m Packages
        sed -n 's/^SHA256sum: //p' Packages > sums; sed -n 's/^Filename: //p' Packages > names; paste -d' ' sums - < names | sed 's/ /  /' | sha256sum -c --quiet");
    let read = opkg::Index::parse(&fs::read(folder.join("Packages")).unwrap()).unwrap();
    for package in &read.packages {
        let file = fs::read(folder.join(package.filename.as_ref().unwrap())).unwrap();
        assert_eq!(package.size, Some(file.len() as u64));
    }
    // Unsigned again, the old signature goes.
    index(&folder, None, None, None).unwrap();
    assert!(!folder.join("Packages.sig").exists());
}

#[test]
fn apk_feeds_hold_what_their_packages_say() {
    let dir = sample();
    let folder = dir.path().join("apk");
    let made = keys::apk::make(&dir.path().join("feed.pem"), Some("the feed")).unwrap();
    let key = Signer::read(&made.secret).unwrap();
    let feed = index(&folder, None, None, Some(&key)).unwrap();
    assert_eq!((feed.manager, feed.packages), (Manager::Apk, 6));
    let bytes = fs::read(folder.join("packages.adb")).unwrap();
    let trusted = [keys::apk::public(&made.public).unwrap()];
    let (read, _) = apk::Index::read(&bytes, &trusted).unwrap();
    let names: Vec<_> = read
        .packages
        .iter()
        .map(|p| format!("{}={}", p.name, p.version))
        .collect();
    assert_eq!(
        names,
        [
            "alpha=1-r1",
            "alpha=1-r2",
            "beta=2-r1",
            "kernel=6.6-r1",
            "libc=1.2-r1",
            "libhi7=3-r1"
        ]
    );
    for package in &read.packages {
        let file = fs::read(folder.join(read.file_name(package).unwrap())).unwrap();
        assert_eq!(package.file_size, file.len() as u64);
        assert!(apk::Package::read(&file, apk::package::Trust::Identity(&package.hashes)).is_ok());
    }
    insta::assert_snapshot!(run(&folder, "cat index.json"));
}

fn refused(dir: &Path, manager: Option<Manager>) -> String {
    let before = run(dir, "ls -la --time-style=full-iso");
    let failure: Failure = index(dir, manager, None, None).unwrap_err();
    assert_eq!(run(dir, "ls -la --time-style=full-iso"), before);
    failure
        .to_string()
        .replace(&dir.display().to_string(), "DIR")
}

#[test]
fn bad_packages_leave_the_old_feed_as_it_is() {
    let dir = sample();
    let (ipk, apk) = (dir.path().join("ipk"), dir.path().join("apk"));
    index(&ipk, None, None, None).unwrap();
    index(&apk, None, None, None).unwrap();
    fs::create_dir(dir.path().join("none")).unwrap();
    let mut all = vec![refused(&dir.path().join("none"), None)];

    let twice = make::ipk(&source("beta", "2-r1", "mipsel_24kc", "other")).unwrap();
    fs::write(ipk.join("beta_other.ipk"), twice.bytes).unwrap();
    all.push(refused(&ipk, None));
    fs::copy(
        ipk.join("beta_2-r1_mipsel_24kc.ipk"),
        ipk.join("beta_other.ipk"),
    )
    .unwrap();
    assert_eq!(index(&ipk, None, None, None).unwrap().remarks.len(), 1);
    fs::write(ipk.join("beta_other.ipk"), "hello").unwrap();
    all.push(refused(&ipk, None));
    let whole = fs::read(ipk.join("beta_2-r1_mipsel_24kc.ipk")).unwrap();
    fs::write(ipk.join("beta_other.ipk"), &whole[..whole.len() / 2]).unwrap();
    all.push(refused(&ipk, None));
    let foreign = make::ipk(&source("gamma", "2-r1", "mips_24kc", "x")).unwrap();
    fs::write(ipk.join("beta_other.ipk"), foreign.bytes).unwrap();
    all.push(refused(&ipk, None));
    assert!(index(&ipk, None, Some("mips_24kc"), None).is_ok());

    fs::rename(apk.join("beta-2-r1.apk"), apk.join("b.apk")).unwrap();
    all.push(refused(&apk, None));
    let mut whole = fs::read(apk.join("b.apk")).unwrap();
    let middle = whole.len() / 2;
    whole[middle] ^= 1;
    fs::write(apk.join("b.apk"), whole).unwrap();
    all.push(refused(&apk, None));
    fs::remove_file(apk.join("b.apk")).unwrap();
    fs::copy(ipk.join("alpha_1-r1_all.ipk"), apk.join("a.ipk")).unwrap();
    all.push(refused(&apk, None));
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn sizes_that_old_usign_reads_wrongly_are_padded() {
    use openwrt_formats::usign::misread_by_old_usign;
    let mut padded = 0;
    for len in 0..128 {
        let mut feed = Opkg::default();
        let mut one = source("alpha", "1-r1", "all", "a");
        one.spec.description = "x".repeat(len + 1);
        feed.add("alpha.ipk", &make::ipk(&one).unwrap().bytes)
            .unwrap();
        let files = feed.finish(None).files;
        let (_, packages) = files.iter().find(|(name, _)| name == "Packages").unwrap();
        assert!(!misread_by_old_usign(packages.len() as u64));
        padded += usize::from(packages.ends_with(b"\n\n\n\n"));
    }
    assert_eq!(padded, 2);
}
