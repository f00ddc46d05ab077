//! Everything that can be wrong gives one clear error and changes nothing.

use std::fs;

use crate::fixture::{Fixture, told};

const BUILD: [&str; 4] = ["build", "here", "-d", "acme_r1"];

/// A fixture with a result, whose bytes must survive whatever fails.
fn with_result() -> (Fixture, String) {
    let fixture = Fixture::new();
    fixture.build(&[]);
    let sums = fixture.sh("find out | sort; find out -type f -exec sha256sum {} +");
    (fixture, sums)
}

fn unchanged((fixture, sums): &(Fixture, String)) {
    assert_eq!(
        fixture.sh("find out | sort; find out -type f -exec sha256sum {} +"),
        *sums
    );
}

#[test]
fn what_is_wrong_with_profiles() {
    let made = with_result();
    let fixture = &made.0;
    insta::assert_snapshot!(
        "no_such_site",
        fixture.fails(&["build", "hear", "-d", "acme_r1"])
    );
    fixture.write(
        "profiles/sites/typo.toml",
        "community = \"village\"\n[networks.lan]\nport = [\"lan\"]\n",
    );
    insta::assert_snapshot!(
        "unknown_key",
        fixture.fails(&["build", "typo", "-d", "acme_r1"])
    );
    fixture.write(
        "profiles/sites/type.toml",
        "community = \"village\"\n[agent]\nhttp_port = \"high\"\n",
    );
    insta::assert_snapshot!(
        "wrong_type",
        fixture.fails(&["build", "type", "-d", "acme_r1"])
    );
    fixture.write(
        "profiles/sites/a.toml",
        "community = \"village\"\ninherit = [\"b\"]\n",
    );
    fixture.write("profiles/sites/b.toml", "inherit = [\"a\"]\n");
    insta::assert_snapshot!("cycle", fixture.fails(&["build", "a", "-d", "acme_r1"]));
    fixture.write(
        "profiles/sites/overlay.toml",
        "community = \"village\"\n[overlays.gone]\npath = \"./gone\"\n",
    );
    insta::assert_snapshot!(
        "overlay",
        fixture.fails(&["build", "overlay", "-d", "acme_r1"])
    );
    fixture.write(
        "profiles/sites/service.toml",
        "community = \"village\"\n[services]\nenable = [\"krond\"]\n",
    );
    insta::assert_snapshot!(
        "service",
        fixture.fails(&["build", "service", "-d", "acme_r1"])
    );
    fixture.write(
        "profiles/sites/secret.toml",
        "community = \"village\"\n[system]\nroot_password_hash = \"env:NOT_SET_ANYWHERE\"\n",
    );
    insta::assert_snapshot!(
        "secret",
        fixture.fails(&["build", "secret", "-d", "acme_r1"])
    );
    fixture.write(
        "profiles/sites/package.toml",
        "community = \"village\"\n[packages]\ninstall = [\"tcpdump\"]\nuninstall = [\"busybox\"]\n",
    );
    insta::assert_snapshot!(
        "package",
        fixture.fails(&["build", "package", "-d", "acme_r1"])
    );
    unchanged(&made);
}

#[test]
fn what_is_wrong_with_donors() {
    let made = with_result();
    let fixture = &made.0;
    let donor = |name: &str, bytes: &[u8]| {
        fixture.write_bytes(name, bytes);
        fixture.fails(&[&BUILD[..], &["--donor", name]].concat())
    };
    let whole = fixture.read("donor.bin");
    insta::assert_snapshot!(
        "missing",
        fixture.fails(&[&BUILD[..], &["--donor", "none.bin"]].concat())
    );
    insta::assert_snapshot!("no_image", donor("text.bin", b"this is no image\n"));
    insta::assert_snapshot!("truncated", donor("cut.bin", &whole[..whole.len() / 2]));
    let mut flipped = whole.clone();
    let at = flipped.len() - 100;
    flipped[at] ^= 1;
    insta::assert_snapshot!("damaged", donor("flip.bin", &flipped));
    fixture.write(
        "profiles/devices/acme_r2.toml",
        &String::from_utf8(fixture.read("profiles/devices/acme_r1.toml"))
            .unwrap()
            .replace("acme,r1", "acme,r2"),
    );
    insta::assert_snapshot!(
        "another_device",
        fixture.fails(&["build", "here", "-d", "acme_r2"])
    );
    unchanged(&made);
}

#[test]
fn an_image_that_does_not_fit_shows_why() {
    let made = with_result();
    let fixture = &made.0;
    fixture.write(
        "profiles/sites/big.toml",
        "community = \"village\"\n[image]\nsize_limit = \"512K\"\n",
    );
    let text = fixture.fails(&["build", "big", "-d", "acme_r1"]);
    assert!(text.starts_with("exit code 5\n"), "{text}");
    for part in [
        "too big for the device",
        "limit 512 KiB",
        "|",
        "/bin/busybox",
        "help: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // OpenWrt's own word, as it is published beside the image, for a device whose entry says nothing.
    let device = String::from_utf8(fixture.read("profiles/devices/acme_r1.toml")).unwrap();
    let silent = device.replace("image_limit = \"8M\"\n", "");
    assert_ne!(silent, device);
    fixture.write("profiles/devices/acme_r3.toml", &silent);
    fixture.write(
        "profiles/profiles.json",
        r#"{"profiles":{"acme_r3":{"file_size_limits":{"image":524288,"kernel":null}}}}"#,
    );
    let text = fixture.fails(&["build", "here", "-d", "acme_r3"]);
    let expected = text.starts_with("exit code 5\n") && text.contains("limit 512 KiB");
    assert!(expected, "{text}");
    unchanged(&made);
}

#[test]
fn a_full_disk_loses_nothing() {
    let made = with_result();
    let fixture = &made.0;
    fixture.write("profiles/extra/etc/new", "makes another Plan");
    // No file may grow beyond 64 KiB; as on a full disk, writing fails in the middle.
    let clom = env!("CARGO_BIN_EXE_clom");
    let mut command = fixture.command(&[]);
    let program = command.get_program().to_owned();
    assert_eq!(program, clom);
    let mut limited = std::process::Command::new("bash");
    limited
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f 64; exec {clom} build here -d acme_r1"),
        ])
        .current_dir(fixture.dir.path());
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            limited.env(key, value);
        }
    }
    let text = told(fixture.dir.path(), &limited.output().unwrap());
    command.args(BUILD);
    assert!(text.starts_with("exit code 8\n"), "{text}");
    assert!(text.contains("cannot write out/here-acme_r1/"), "{text}");
    unchanged(&made);
    assert!(fs::read_dir(fixture.path("out")).unwrap().count() == 1);
    assert!(command.status().unwrap().success());
}
