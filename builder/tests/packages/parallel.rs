//! Several runs at once with one cache.

use std::process::{Child, Stdio};

use crate::world::{HERE, World, same, succeeded};

both!(runs_at_once_share_one_cache);

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
