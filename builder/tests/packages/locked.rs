//! The lock: what is not pinned is not built, and what is pinned stays.

use crate::https::Server;
use crate::world::{HERE, PACKAGES, World, ending, same};

both!(
    without_a_lock_nothing_is_built,
    a_feed_that_moves_on_breaks_no_locked_build,
    other_builds_stay_as_they_were_pinned,
    what_single_nodes_want_is_pinned_too,
);

fn without_a_lock_nothing_is_built(world: World) {
    let build = |device: &str| world.fails(&["build", "here", "-d", device]);
    let text = build("acme_r1");
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("clom update here -d acme_r1"), "{text}");
    world.expect("no_lock", &text);

    // The lock is there, and knows another device only.
    world.device("acme_r2", &[world.url("")]);
    world.update();
    let text = build("acme_r2");
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("clom update here -d acme_r2"), "{text}");
    world.expect("not_in_the_lock", &text);

    // The lock knows the device, and the profile wants more since.
    world.site("[packages]\ninstall = [\"hello\", \"core-thing\"]\n[agent]\nenabled = false\n");
    let text = build("acme_r1");
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("clom update here -d acme_r1"), "{text}");
    world.expect("package_not_in_the_lock", &text);

    world.write("profiles/clom.lock", "<<<<<<< HEAD\n");
    let text = build("acme_r1");
    world.expect("damaged_lock", &text);
}

fn a_feed_that_moves_on_breaks_no_locked_build(world: World) {
    world.update();
    let old = world.lock();
    let first = world.build(&[]);
    world.sh("cp -r www www-old; rm \"www/$base\"/hello[-_]*
         put pkg/hello/files/usr/bin/hello 755 '#!/bin/sh\\necho hello again\\n'
         package \"www/$base\" hello 1.1-r1 libhello; index \"www/$base\" \"$feed_key\"");
    let stored = world.build(&["-o", "stored", "--force"]);
    assert!(same(&first, &stored), "from the store");

    // An empty store, and a second mirror that still has it.
    let other = Server::https(&world.path("www-old"));
    let other_url = other.url("").trim_end_matches('/').to_owned();
    world.device("acme_r1", &[world.url(""), other_url.clone()]);
    world.sh("rm -rf cache");
    let arguments = [&["build"], &HERE[..], &["-o", "mirrored"]].concat();
    let output = world.command(&arguments).output().unwrap();
    let told = world.told(&output);
    assert!(output.status.success(), "{told}");
    let mirrored = world.image(&String::from_utf8(output.stdout).unwrap());
    assert!(same(&first, &mirrored), "from a second mirror");

    // Neither.
    world.device("acme_r1", &[world.url("")]);
    world.sh("rm -rf cache out");
    let text = world.fails(&[&["build"], &HERE[..]].concat());
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("clom update"), "{text}");
    world.expect("gone", &text);

    let said = world.runs(&[&["update"], &HERE[..], &["--dry-run"]].concat());
    assert!(said.contains("~ hello 1.0-r1 -> 1.1-r1"), "{said}");
    assert!(said.contains("would change; it is as it was"), "{said}");
    assert_eq!(world.lock(), old);
    let said = world.runs(&["update"]);
    assert!(said.contains("~ hello 1.0-r1 -> 1.1-r1"), "{said}");
    assert_ne!(world.lock(), old);
    world.unpack(&world.build(&[]));
    assert_eq!(
        world.read("new/usr/bin/hello"),
        "#!/bin/sh\necho hello again\n"
    );
}

fn other_builds_stay_as_they_were_pinned(world: World) {
    world.device("acme_r2", &[world.url("")]);
    world.sh("sed -i 's/\"acme_r1\":{/\"acme_r2\":{\"images\":[]},&/' \"www/$target/profiles.json\"; release");
    world.write(
        "profiles/sites/there.toml",
        &world
            .read("profiles/sites/here.toml")
            .replace("[\"hello\"]", "[\"core-thing\"]"),
    );
    world.update();
    world.runs(&["update", "there", "-d", "acme_r1"]);
    let both = world.lock();
    for name in ["here", "there", "hello", "core-thing"] {
        assert!(both.contains(&format!("\"{name}\"")), "{name}: {both}");
    }
    // A profile that is gone takes what only it needed along.
    world.sh("rm profiles/sites/there.toml");
    world.update();
    assert!(!world.lock().contains("core-thing"), "{}", world.lock());
    world.site(PACKAGES);
    assert!(world.update().contains("up to date"));
}

fn what_single_nodes_want_is_pinned_too(world: World) {
    world.write(
        "profiles/nodes/here/well.toml",
        "device = \"acme_r1\"\n[node]\nnumber = 7\n[packages]\ninstall = [\"hello\", \"core-thing\"]\n",
    );
    world.update();
    assert!(world.lock().contains("\"core-thing\""), "{}", world.lock());
    let manifest = |image: &std::path::Path| {
        std::fs::read_to_string(ending(image.parent().unwrap(), ".manifest")).unwrap()
    };
    let all = manifest(&world.build(&[]));
    assert!(
        !all.contains("core-thing") && all.contains("hello"),
        "{all}"
    );
    let well = manifest(&world.build(&["-n", "well", "--offline"]));
    assert!(
        well.contains("core-thing") && well.contains("hello"),
        "{well}"
    );
}
