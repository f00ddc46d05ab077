//! The status file.

use super::*;

/// As opkg leaves it on a router.
const STATUS: &str = "Package: busybox
Version: 1.36.1-1
Depends: libc
Status: install user installed
Essential: yes
Architecture: mipsel_24kc
Conffiles:
 /etc/syslog.conf 6bd1b1c9c3cc7d1b1d0f0ffd1ac2a31d2b1cc0fa7a5ff6e2d7c2d0ef8cd5e9a1
 /etc/x 1111
Installed-Time: 1700000000
Alternatives: 100:/bin/x:/bin/busybox

Package: gone
Version: 1
Status: deinstall ok not-installed
Architecture: all

Package: libubox20240329
ABIVersion: 20240329
Version: 2024.03.29-1
Depends: libc
Provides: libubox
Status: install ok installed
Architecture: mipsel_24kc
Installed-Time: 1700000000
Auto-Installed: yes

";

#[test]
fn it_is_written_as_it_was_read() {
    let status = Status::parse(STATUS.as_bytes()).unwrap();
    assert_eq!(status.to_bytes(), STATUS.as_bytes());
    let installed = status.installed().unwrap();
    let names: Vec<&str> = installed
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(names, ["busybox", "libubox20240329"]);
    let conffiles = Conffile::of(status.get("busybox").unwrap());
    assert_eq!(
        (
            conffiles.len(),
            conffiles[1].path.as_str(),
            conffiles[1].sum.as_str()
        ),
        (2, "/etc/x", "1111")
    );
    assert_eq!(Status::parse(b"").unwrap().to_bytes(), b"");
}

#[test]
fn packages_are_written_as_opkg_does() {
    // Made again from what the file says, each is the same, byte for byte.
    let mut status = Status::parse(STATUS.as_bytes()).unwrap();
    for package in status.clone().installed().unwrap() {
        let conffiles = Conffile::of(&package.stanza);
        let entry = Entry {
            package: &package,
            conffiles: &conffiles,
            time: 1_700_000_000,
            user: package.stanza.value("Status").unwrap().contains("user"),
            auto: package.stanza.value("Auto-Installed").is_some(),
        };
        status.put(&entry);
    }
    assert_eq!(String::from_utf8(status.to_bytes()).unwrap(), STATUS);

    let control = "Package: new\nVersion: 2\nDepends: a(<<1)|b, c *\nConflicts: d | e\nReplaces: d\nArchitecture: all\nInstalled-Size: 5\nDescription: x\n";
    let package = Package::from_control(control.as_bytes()).unwrap();
    let entry = Entry {
        package: &package,
        conffiles: &[],
        time: 0,
        user: false,
        auto: false,
    };
    status.put(&entry);
    let new = "Package: new\nVersion: 2\nDepends: a (< 1) | b, c\nReplaces: d\nConflicts: d\nStatus: install ok installed\nArchitecture: all\n\n";
    assert_eq!(
        String::from_utf8(status.to_bytes()).unwrap(),
        format!("{STATUS}{new}")
    );
    assert!(status.remove("new") && !status.remove("new"));
    assert_eq!(status.to_bytes(), STATUS.as_bytes());
}

#[test]
fn one_field_can_be_changed() {
    let mut status = Status::parse(STATUS.as_bytes()).unwrap();
    for stanza in status.stanzas_mut() {
        if stanza.field("Installed-Time").is_some() {
            stanza.set("Installed-Time", "5");
        }
    }
    let want = STATUS.replace("1700000000", "5");
    assert_eq!(status.to_bytes(), want.as_bytes());
}

#[test]
fn files_that_end_too_early_can_be_added_to() {
    let control = "Package: new\nVersion: 2\n";
    let package = Package::from_control(control.as_bytes()).unwrap();
    let entry = Entry {
        package: &package,
        conffiles: &[],
        time: 0,
        user: true,
        auto: false,
    };
    for end in ["", "\n", "\n\n", "\n\n\n"] {
        let mut status = Status::parse(format!("Package: a\nVersion: 1{end}").as_bytes()).unwrap();
        status.put(&entry);
        let text = String::from_utf8(status.to_bytes()).unwrap();
        let gap = if end.len() < 2 { "\n\n" } else { end };
        assert_eq!(
            text,
            format!(
                "Package: a\nVersion: 1{gap}Package: new\nVersion: 2\nStatus: install user installed\n\n"
            )
        );
    }
}
