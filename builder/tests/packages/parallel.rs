//! Several runs at once with one cache.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::https::Misbehaviour;
use crate::world::{HERE, World, same, succeeded};

both!(
    runs_at_once_share_one_cache,
    a_killed_update_leaves_nothing_behind_that_harms
);

fn runs_at_once_share_one_cache(world: World) {
    let start = |arguments: &[&str]| -> Child {
        world
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let update = [&["update"], &HERE[..]].concat();
    let updates: Vec<Child> = (0..3).map(|_| start(&update)).collect();
    for child in updates {
        succeeded(&child.wait_with_output().unwrap());
    }
    let lock = world.lock();
    assert!(world.update().contains("up to date"));
    assert_eq!(world.lock(), lock);

    // An empty cache that all fill at once, while one more looks for news; two write the same result.
    world.sh("rm -rf cache");
    let outs = ["one", "two", "two"];
    let builds = outs.map(|out| start(&[&["build"], &HERE[..], &["-o", out]].concat()));
    let news = start(&update);
    let images = builds.map(|child| world.image(&succeeded(&child.wait_with_output().unwrap())));
    succeeded(&news.wait_with_output().unwrap());
    assert!(same(&images[0], &images[1]) && same(&images[0], &images[2]));
    assert_eq!(world.lock(), lock);
}

fn a_killed_update_leaves_nothing_behind_that_harms(world: World) {
    // Slow enough to be killed in the middle of each kind of file.
    let base = world.base();
    let index = match world.is_opkg() {
        true => "Packages.gz",
        false => "packages.adb",
    };
    for path in [
        format!("{}/profiles.json", world.target()),
        format!("{base}/{index}"),
        format!("{base}/{}", world.file("hello", "1.0-r1")),
    ] {
        let slow = Misbehaviour::Drip {
            bytes: 10,
            pause: Duration::from_millis(100),
        };
        world.server().misbehave(&path, slow);
        let before = world.server().requests().len();
        let mut child = world
            .command(&[&["update"], &HERE[..]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let asked = || {
            let requests = world.server().requests();
            requests[before..].iter().any(|asked| asked.path == path)
        };
        while !asked() {
            assert!(
                child.try_wait().unwrap().is_none(),
                "{path} was not asked for"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(300));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(world.lock(), "", "{path}");
        world.server().behave();
    }
    world.update();
    world.build(&[]);
}
