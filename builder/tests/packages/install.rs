//! From a profile that names a release to an image with other packages.

use std::fs;

use crate::world::{HERE, World, ending, same, succeeded};

both!(
    an_update_pins_and_a_build_installs,
    a_locked_build_needs_no_network,
    packages_that_need_each_other_are_installed,
);

fn an_update_pins_and_a_build_installs(world: World) {
    let said = world.update();
    assert!(said.contains("+ hello 1.0-r1"), "{said}");
    assert!(said.contains("+ libhello 1.0-r1"), "{said}");
    world.expect("lock", &world.lock());
    let lock: toml::Table = toml::from_str(&world.lock()).unwrap();
    for kind in ["feed", "package"] {
        let entries = lock[kind].as_array().unwrap();
        let key = match kind {
            "feed" => "place",
            _ => "name",
        };
        let names = entries.iter().map(|entry| entry[key].as_str().unwrap());
        assert!(names.is_sorted(), "{kind}s are not sorted");
    }

    let image = world.build(&[]);
    let files = world.unpack(&image);
    assert!(!files.contains("ppp"), "the unwanted package left: {files}");
    world.expect("files", &files);
    assert_eq!(world.read("new/usr/bin/hello"), "#!/bin/sh\necho hello\n");
    assert_eq!(world.read("new/etc/hello.made"), "made by the script\n");
    let database = match world.is_opkg() {
        true => world.read("new/usr/lib/opkg/status"),
        false => {
            world.read("new/lib/apk/db/installed") + "\nworld:\n" + &world.read("new/etc/apk/world")
        }
    };
    world.expect("database", &database);
    let folder = image.parent().unwrap();
    let manifest = fs::read_to_string(ending(folder, ".manifest")).unwrap();
    world.expect("manifest", &manifest);
    let bom: serde_json::Value =
        serde_json::from_slice(&fs::read(ending(folder, ".bom.cdx.json")).unwrap()).unwrap();
    let components = bom["components"].as_array().unwrap();
    let has = |name: &str| components.iter().any(|component| component["name"] == name);
    assert!(has("hello") && has("libhello") && !has("ppp"), "{bom}");
    world.sh(&format!(
        "cd '{}' && sha256sum --check --strict --quiet sha256sums",
        folder.display()
    ));
}

fn a_locked_build_needs_no_network(mut world: World) {
    world.update();
    let lock = world.path("profiles/clom.lock");
    let written = fs::metadata(&lock).unwrap().modified().unwrap();
    let first = world.build(&[]);

    // Nothing new: the lock is not even touched.
    let said = world.update();
    assert!(said.contains("clom.lock is up to date"), "{said}");
    assert_eq!(fs::metadata(&lock).unwrap().modified().unwrap(), written);

    let again = world.build(&["-o", "again", "-j", "1"]);
    assert!(same(&first, &again), "a second build");
    // Another folder, another cache.
    world.sh("mkdir elsewhere; cp -r profiles keys elsewhere/");
    let output = world
        .command(&[&["build"], &HERE[..]].concat())
        .current_dir(world.path("elsewhere"))
        .env("CLOM_PROFILES", world.path("elsewhere/profiles"))
        .env("CLOM_CACHE", world.path("elsewhere/cache"))
        .output()
        .unwrap();
    let said = succeeded(&output);
    let elsewhere = ending(
        &world.path("elsewhere").join(said.lines().next().unwrap()),
        ".bin",
    );
    assert!(same(&first, &elsewhere), "another folder and cache");

    let asked = world.server().requests().len();
    world.build(&["-o", "warm", "--force"]);
    assert_eq!(world.server().requests().len(), asked, "a server was asked");
    world.server = None;
    let stopped = world.build(&["-o", "stopped"]);
    assert!(same(&first, &stopped), "with the server stopped");
    let offline = world.build(&["-o", "offline", "--offline"]);
    assert!(same(&first, &offline), "offline");

    // With nothing in the store it says what is missing.
    world.sh("rm -rf cache out");
    let text = world.fails(&[&["build"], &HERE[..], &["--offline"]].concat());
    world.expect("offline_and_empty", &text);
}

fn packages_that_need_each_other_are_installed(world: World) {
    world.sh(
        "put pkg/hen/files/usr/share/hen 644 hen; put pkg/egg/files/usr/share/egg 644 egg
         package \"www/$base\" hen 1.0-r1 egg; package \"www/$base\" egg 1.0-r1 hen; index \"www/$base\" \"$feed_key\"",
    );
    world.site("[packages]\ninstall = [\"egg\"]\n[agent]\nenabled = false\n");
    world.update();
    let files = world.unpack(&world.build(&[]));
    assert!(
        files.contains(" /usr/share/hen") && files.contains(" /usr/share/egg"),
        "{files}"
    );
}
