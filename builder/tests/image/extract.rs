//! The parts come out byte for byte, into the folder and nowhere else.

use crate::fixture::Fixture;

#[test]
fn the_parts_are_what_went_in() {
    let fixture = Fixture::new();
    let told = fixture.good(&["image", "extract", "signed.bin", "--output", "deep/parts"]);
    assert!(told.contains("rootfs.squashfs"), "{told}");
    let names = fixture.sh("ls deep/parts");
    assert_eq!(
        names,
        "kernel\nlayout.json\nmetadata.json\nrootfs.squashfs\nsignature.ucert\n"
    );
    fixture.sh("cmp deep/parts/kernel kernel.uimage; cmp deep/parts/rootfs.squashfs root.squashfs");
    let metadata = fixture.sh("python3 -c 'import json; print(json.load(open(\"deep/parts/metadata.json\"))[\"supported_devices\"][0])'");
    assert_eq!(metadata, "acme,r1\n");
    // Each file is where the layout says, and has the sum it says.
    fixture.sh(r#"python3 - <<'P'
import hashlib, json
layout = json.load(open("deep/parts/layout.json"))
image = open("signed.bin", "rb").read()
assert layout["sha256"] == hashlib.sha256(image).hexdigest()
for f in layout["files"]:
    data = open("deep/parts/" + f["file"], "rb").read()
    assert hashlib.sha256(data).hexdigest() == f["sha256"] and len(data) == f["size"], f
    assert f["at"] is None or image[f["at"]:f["at"] + f["size"]] == data, f
P"#);
    // An empty folder will do, from standard input too.
    fixture.sh("mkdir empty");
    assert!(
        fixture
            .piped("signed.bin", &["image", "extract", "-", "-o", "empty"])
            .status
            .success()
    );
    fixture.sh("cmp empty/kernel kernel.uimage");
}

#[test]
fn what_is_around_a_root_file_system_in_an_unknown_file_comes_too() {
    let fixture = Fixture::new();
    fixture
        .sh("(printf 'ODD!vendor'; head -c 5000 kernel.raw; cat root.squashfs; echo tail) > odd");
    fixture.good(&["image", "extract", "odd", "-o", "parts"]);
    assert_eq!(
        fixture.sh("ls parts"),
        "head.bin\nlayout.json\nrootfs.squashfs\ntail.bin\n"
    );
    fixture.sh("cat parts/head.bin parts/rootfs.squashfs parts/tail.bin | cmp - odd");
}

#[test]
fn only_new_or_empty_folders_are_written_to() {
    let fixture = Fixture::new();
    fixture.sh("mkdir full; echo x > full/x");
    let before = fixture.sh("find | sort");
    insta::assert_snapshot!(
        "not_empty",
        fixture.told(&["image", "extract", "image.bin", "-o", "full"])
    );
    insta::assert_snapshot!(
        "a_file",
        fixture.told(&["image", "extract", "image.bin", "-o", "make.py"])
    );
    assert_eq!(fixture.sh("find | sort"), before);
}

/// A sysupgrade tarball whose names lead elsewhere.
#[test]
fn nothing_is_written_outside() {
    let fixture = Fixture::new();
    fixture.sh(r#"mkdir in; python3 - <<'P'
import io, tarfile
for number, board in enumerate(["../../evil", "/evil", "a/../../evil", "evil\x1b[31m"]):
    with tarfile.open(f"{number}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        def add(name, data, kind=tarfile.REGTYPE):
            info = tarfile.TarInfo(name); info.size = len(data); info.type = kind
            tar.addfile(info, io.BytesIO(data))
        top = "sysupgrade-" + board
        add(top, b"", tarfile.DIRTYPE)
        add(top + "/CONTROL", f"BOARD={board}\n".encode())
        add(top + "/kernel", open("kernel.uimage", "rb").read())
        add(top + "/root", open("root.squashfs", "rb").read())
P"#);
    let before = fixture.sh("find . -not -path './in*' | sort");
    for number in 0..4 {
        let (file, out) = (format!("{number}.tar"), format!("in/{number}"));
        let output = fixture.clom(&["image", "extract", &file, "-o", &out]);
        assert!(output.status.success(), "{output:?}");
        assert!(!output.stdout.contains(&0x1b));
    }
    assert_eq!(fixture.sh("find . -not -path './in*' | sort"), before);
    let names = fixture.sh("ls in/*");
    assert!(
        names.chars().all(|c| c.is_ascii_graphic() || c == '\n'),
        "{names}"
    );
}
