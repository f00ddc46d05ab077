//! `tree` and `cat` against unsquashfs.

use crate::fixture::Fixture;

#[test]
fn the_tree_is_what_unsquashfs_lists() {
    let fixture = Fixture::new();
    let text = fixture.good(&["image", "tree", "image.bin"]);
    insta::assert_snapshot!("tree", text);
    insta::assert_snapshot!(
        "tree_of_a_folder",
        fixture.good(&["image", "tree", "image.bin", "/etc"])
    );
    let one = fixture.good(&["image", "tree", "image.bin", "var/../bin/sh"]);
    assert!(
        one.ends_with(" /bin/busybox\n") && one.starts_with("-rwsr-xr-x "),
        "{one}"
    );
    // Mode, size and path of every entry, as unsquashfs has them.
    let expected = fixture.sh(
        "unsquashfs -lln root.squashfs | sed -n 's/squashfs-root//p' | awk '{print $1, $6, $7, $8}' | sed 's/ *$//' | sort",
    );
    let entries = fixture.json(&["image", "tree", "image.bin"]);
    let mut listed: Vec<String> = entries
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            let path = text("path");
            let path = if path == "/" { String::new() } else { path };
            let target = entry["target"].as_str().map(|to| format!(" -> {to}"));
            format!("{} {path}{}", text("type"), target.unwrap_or_default())
        })
        .collect();
    listed.sort();
    let mut unsquashed: Vec<String> = expected
        .lines()
        .map(|line| {
            let (mode, path) = line.split_once(' ').unwrap_or((line, ""));
            let kind = match mode.as_bytes()[0] {
                b'd' => "dir",
                b'l' => "symlink",
                _ => "file",
            };
            format!("{kind} {path}")
        })
        .collect();
    unsquashed.sort();
    assert_eq!(listed, unsquashed);
    assert!(
        entries
            .iter()
            .all(|entry| entry["event"] == "entry" && entry["uid"] == 0)
    );
}

#[test]
fn cat_gives_a_files_bytes() {
    let fixture = Fixture::new();
    for path in ["/etc/openwrt_release", "bin/busybox", "/etc/config/network"] {
        let output = fixture.clom(&["image", "cat", "signed.bin", path]);
        let plain = path.trim_start_matches('/');
        assert!(
            output.stdout == fixture.read(&format!("root/{plain}")),
            "{path}"
        );
    }
    // Links stay inside the image.
    let output = fixture.piped("image.bin", &["image", "cat", "-", "/etc/os-release"]);
    assert_eq!(output.stdout, fixture.read("root/usr/lib/os-release"));
    assert!(
        fixture
            .clom(&["image", "cat", "image.bin", "/bin/sh"])
            .stdout
            == fixture.read("root/bin/busybox")
    );
    insta::assert_snapshot!(
        "no_such_file",
        fixture.told(&["image", "cat", "image.bin", "/etc/none"])
    );
    insta::assert_snapshot!(
        "cat_folder",
        fixture.told(&["image", "cat", "image.bin", "/etc"])
    );
    insta::assert_snapshot!(
        "cat_without_rootfs",
        fixture.told(&["image", "cat", "kernel.uimage", "/etc/banner"])
    );
}
