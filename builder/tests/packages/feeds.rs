//! Feeds and files besides the release's own.

use crate::world::{World, ending, same, succeeded};

both!(
    files_and_folders_of_ones_own_are_installed,
    a_communitys_feed_is_trusted_by_its_own_key,
);

fn files_and_folders_of_ones_own_are_installed(world: World) {
    let file = world.file("mine", "1.0-r1");
    world.sh(
        "put pkg/mine/files/usr/bin/mine 755 mine; package own mine 1.0-r1 libhello
         put pkg/near/files/usr/bin/near 755 near; package near near 1.0-r1 ''; index near",
    );
    world.site(&format!(
        "[packages]\ninstall = [\"near\"]\nfiles = [\"../../own/{file}\"]\n[agent]\nenabled = false\n\
         [feeds.local]\nurl = \"../../near\"\nunsigned = true\n"
    ));
    let said = world.update();
    // A dependency of the file comes from the release's feed.
    assert!(said.contains("+ libhello 1.0-r1"), "{said}");
    assert!(said.contains("+ near 1.0-r1"), "{said}");
    assert!(!world.lock().contains("mine"), "{}", world.lock());
    // The lock names the folder from where it lies itself.
    let lock = world.lock();
    assert!(lock.contains("place = \"../near/"), "{lock}");
    let image = world.build(&[]);
    let files = world.unpack(&image);
    for path in [
        " /usr/bin/mine",
        " /usr/bin/near",
        " /usr/lib/libhello.so.1",
    ] {
        assert!(files.contains(path), "{path}: {files}");
    }

    // A copy elsewhere, reached by another path, needs nothing but what the lock pins, and gives the same.
    world.sh("mkdir -p elsewhere/deeper; cp -r profiles keys own near elsewhere/deeper/");
    let output = world
        .command(&["build", "here", "-d", "acme_r1"])
        .current_dir(world.path("elsewhere/deeper"))
        .env("CLOM_PROFILES", "profiles")
        .env("CLOM_CACHE", world.path("elsewhere/cache"))
        .output()
        .unwrap();
    let said = succeeded(&output);
    let folder = world
        .path("elsewhere/deeper")
        .join(said.lines().next().unwrap());
    assert!(same(&image, &ending(&folder, ".bin")));
    // An offline mirror has the folder too, and where it does not lie there, the copy's own serves.
    world.runs(&["mirror", "--to", "stick", "--no-agents"]);
    for mirror in ["../../stick", "../../stick-without"] {
        world.sh("rm -rf elsewhere/cache elsewhere/deeper/out stick-without; cp -r stick stick-without; rm -r stick-without/elsewhere");
        let output = world
            .command(&[
                "build",
                "here",
                "-d",
                "acme_r1",
                "--offline",
                "--mirror",
                mirror,
            ])
            .current_dir(world.path("elsewhere/deeper"))
            .env("CLOM_PROFILES", "profiles")
            .env("CLOM_CACHE", world.path("elsewhere/cache"))
            .output()
            .unwrap();
        succeeded(&output);
        assert!(same(&image, &ending(&folder, ".bin")), "{mirror}");
    }

    // A folder whose packages changed is another one than was pinned.
    world.sh("put pkg/near/files/usr/bin/near 755 nearer; package near near 1.1-r1 ''; rm -f near/packages.adb; index near; rm -rf out cache");
    let text = world.fails(&["build", "here", "-d", "acme_r1"]);
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("folder_changed", &text);
    assert!(world.update().contains("~ near 1.0-r1 -> 1.1-r1"));
    world.unpack(&world.build(&[]));
    assert_eq!(world.read("new/usr/bin/near"), "nearer");

    // A file that is damaged is the profile's fault.
    world.sh(&format!("truncate -s -20 own/{file}; rm -rf out"));
    let text = world.update_fails();
    assert!(text.starts_with("exit code 3"), "{text}");
    world.expect("own_file_damaged", &text);
}

fn a_communitys_feed_is_trusted_by_its_own_key(world: World) {
    world.sh("feed_key community; put pkg/commons/files/usr/bin/commons 755 x; package www/commons commons 1.0-r1 ''; index www/commons community");
    let site = format!(
        "[packages]\ninstall = [\"commons\"]\n[agent]\nenabled = false\n\
         [keys.community]\nfile = \"../../keys/community.pub\"\n\
         [feeds.commons]\nurl = \"{}\"\nkeys = [\"community\"]\n",
        world.url("commons")
    );
    world.site(&site);
    world.update();
    assert!(
        world.lock().contains("signed_by = \"community "),
        "{}",
        world.lock()
    );
    let files = world.unpack(&world.build(&["-o", "good"]));
    assert!(files.contains(" /usr/bin/commons"), "{files}");

    // The release's key is trusted, and not for this feed.
    world.sh("rm -f www/commons/packages.adb; index www/commons \"$feed_key\"");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 9"), "{text}");
    world.expect("key_not_of_the_feed", &text);

    // From elsewhere nothing is taken unsigned, and a key that is named must be there.
    world.site(&site.replace("keys = [\"community\"]", "unsigned = true"));
    world.expect("unsigned_from_elsewhere", &world.update_fails());
    world.site(&site.replace("keys = [\"community\"]", "keys = [\"comunity\"]"));
    let text = world.update_fails();
    assert!(text.starts_with("exit code 3"), "{text}");
    world.expect("no_such_key", &text);
}
