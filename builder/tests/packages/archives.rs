//! Package files that are not what they should be.

use crate::https::Misbehaviour;
use crate::world::{HERE, World};

both!(
    a_package_that_is_not_the_feeds_is_refused,
    a_package_of_another_machine_is_refused
);

fn a_package_that_is_not_the_feeds_is_refused(world: World) {
    let path = format!("{}/{}", world.base(), world.file("hello", "1.0-r1"));
    world.server().misbehave(&path, Misbehaviour::WrongContent);
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("package_changed", &text);
    world.server().behave();

    world.sh(&format!("truncate -s -30 'www/{path}'"));
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("package_cut", &text);

    // Another version under the old name, of which the index knows nothing.
    world.sh(&format!(
        "package other hello 1.1-r1 ''; cp other/hello* 'www/{path}'"
    ));
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("package_mixed_up", &text);
}

fn a_package_of_another_machine_is_refused(world: World) {
    world.sh("rm \"www/$base\"/hello[-_]*; ARCH=mips_24kc package \"www/$base\" hello 1.0-r1 libhello; index \"www/$base\" \"$feed_key\"");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("mips_24kc"), "{text}");
    world.expect("other_machine", &text);
}

/// Archives that no build of OpenWrt makes, by Python's tarfile, in a feed whose index and signature are right.
#[test]
fn archives_that_reach_out_of_the_root_are_refused() {
    let world = World::new("opkg");
    let mut told = String::new();
    for (name, entries) in [
        ("up", "file('./../evil')"),
        ("deeper up", "file('./usr/../../evil')"),
        (
            "through a link",
            "link('./usr/lib/out', '/etc'), file('./usr/lib/out/evil')",
        ),
        (
            "through a link up",
            "link('./out', '../..'), file('./out/evil')",
        ),
        (
            "hard link out",
            "link('./usr/evil', '../../../etc/passwd', tarfile.LNKTYPE)",
        ),
        ("device", "device('./dev/mem')"),
    ] {
        world.write(
            "evil.py",
            &format!(
                r"
import io, tarfile
def file(name):
    entry = tarfile.TarInfo(name); entry.size = 4
    return entry
def link(name, to, kind=tarfile.SYMTYPE):
    entry = tarfile.TarInfo(name); entry.type, entry.linkname = kind, to
    return entry
def device(name):
    entry = tarfile.TarInfo(name); entry.type, entry.devmajor, entry.devminor = tarfile.CHRTYPE, 1, 1
    return entry
with tarfile.open('pkg/hello/data.tar.gz', 'w:gz', format=tarfile.GNU_FORMAT) as tar:
    for entry in [{entries}]:
        tar.addfile(entry, io.BytesIO(b'evil') if entry.size else None)
"
            ),
        );
        world.sh("python3 evil.py; package \"www/$base\" hello 1.0-r1 libhello; index \"www/$base\" \"$feed_key\"; rm -rf profiles/clom.lock");
        let update = world
            .command(&[&["update"], &HERE[..], &["--no-shipped"]].concat())
            .output()
            .unwrap();
        let text = match update.status.success() {
            true => {
                let text = world.fails(&[&["build"], &HERE[..]].concat());
                format!("pinned; {text}")
            }
            false => {
                assert_eq!(world.lock(), "", "{name}");
                format!(
                    "exit code {}\n{}",
                    update.status.code().unwrap_or_default(),
                    world.told(&update)
                )
            }
        };
        assert!(!world.path("out").exists(), "{name}");
        told += &format!("{name}: {text}\n\n");
    }
    assert!(!world.path("../evil").exists());
    world.expect("reaching_out", &told);
}

/// A link of one package must not lead the files of another out of their place.
#[test]
fn links_of_one_package_lead_no_other_astray() {
    let world = World::new("opkg");
    world.sh(
        "mkdir -p pkg/trap/files/usr/share; ln -s /etc pkg/trap/files/usr/share/out; ln -s ../../../../../../tmp pkg/trap/files/usr/share/far
         package \"www/$base\" trap 1.0-r1 ''
         put pkg/prey/files/usr/share/out/shadow 644 evil; put pkg/prey/files/usr/share/far/clom-evil 644 evil
         package \"www/$base\" prey 1.0-r1 trap; index \"www/$base\" \"$feed_key\"",
    );
    world.site("[packages]\ninstall = [\"prey\"]\n[agent]\nenabled = false\n");
    world.update();
    let text = world.fails(&[&["build"], &HERE[..]].concat());
    assert!(text.starts_with("exit code 4"), "{text}");
    // The same with the link only that stays within the root.
    world.sh(
        "rm pkg/trap/files/usr/share/far; package \"www/$base\" trap 1.0-r1 ''; index \"www/$base\" \"$feed_key\"",
    );
    world.update();
    let within = world.fails(&[&["build"], &HERE[..]].concat());
    assert!(within.starts_with("exit code 4"), "{within}");
    world.expect("astray", &format!("{text}\n{within}"));
    assert!(!std::path::Path::new("/tmp/clom-evil").exists());
}

/// A damaged archive inside a package that the index describes rightly.
#[test]
fn a_damaged_archive_is_refused() {
    let world = World::new("opkg");
    world.sh("packed pkg/hello/files | head -c 100 >cut; mv cut pkg/hello/data.tar.gz; package \"www/$base\" hello 1.0-r1 libhello; index \"www/$base\" \"$feed_key\"");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("damaged", &text);
}
