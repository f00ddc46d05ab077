//! Servers that do not do what they should.

use crate::https::{Misbehaviour, Server};
use crate::world::{HERE, World, same};

both!(
    a_redirect_to_plain_http_is_refused,
    a_mirror_that_lies_is_left_for_another,
    a_server_without_the_release_is_told,
    a_server_that_falls_silent_is_given_up,
);

fn a_redirect_to_plain_http_is_refused(world: World) {
    let plain = Server::http(&world.path("www"));
    let path = format!("{}/sha256sums", world.target());
    let to = plain.url(&path);
    world
        .server()
        .misbehave(&path, Misbehaviour::RedirectTo(to));
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("redirects from https to http:"), "{text}");
    world.expect("redirect", &text);
    assert!(plain.requests().is_empty());
}

fn a_mirror_that_lies_is_left_for_another(world: World) {
    world.update();
    let first = world.build(&["-o", "good"]);
    let other = Server::https(&world.path("www"));
    let mirrors = [
        world.url(""),
        other.url("").trim_end_matches('/').to_owned(),
    ];
    world.device("acme_r1", &mirrors);
    let path = format!("{}/{}", world.base(), world.file("hello", "1.0-r1"));
    for (at, how) in [
        Misbehaviour::AnnounceLess(7),
        Misbehaviour::AnnounceMore(7),
        Misbehaviour::WrongContent,
        Misbehaviour::Endless,
        Misbehaviour::Status(503),
    ]
    .into_iter()
    .enumerate()
    {
        world.server().behave();
        world.sh("rm -rf cache");
        world.server().misbehave(&path, how.clone());
        let out = format!("lied-{at}");
        let arguments = [&["build"], &HERE[..], &["-o", &out]].concat();
        let output = world.command(&arguments).output().unwrap();
        let told = world.told(&output);
        assert!(output.status.success(), "{how:?}: {told}");
        if !matches!(how, Misbehaviour::Status(_)) {
            assert!(
                told.contains("is not what it should be, so another mirror is asked"),
                "{how:?}: {told}"
            );
        }
        let image = world.image(&String::from_utf8(output.stdout).unwrap());
        assert!(same(&first, &image), "{how:?}");
    }

    // An update asks the other one too, also where the index tells no hash of the file, as apk's.
    let lock = world.lock();
    for how in [Misbehaviour::WrongContent, Misbehaviour::AnnounceLess(7)] {
        world.sh("rm -rf cache profiles/clom.lock");
        world.server().misbehave(&path, how.clone());
        world.update();
        assert_eq!(world.lock(), lock, "{how:?}");
    }
}

fn a_server_without_the_release_is_told(mut world: World) {
    world.sh("mv www/releases www/elsewhere");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("no_release", &text);
    world.sh("mv www/elsewhere www/releases; mv \"www/$target/$donor\" gone");
    world.expect("no_image", &world.update_fails());
    // Nobody is there.
    world.server = None;
    let text = world.fails(&[&["update"], &HERE[..], &["--offline"]].concat());
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("offline", &text);
}

fn a_server_that_falls_silent_is_given_up(world: World) {
    let path = format!("{}/{}", world.base(), world.file("hello", "1.0-r1"));
    world
        .server()
        .misbehave(&path, Misbehaviour::Stall { after: 100 });
    let update = |arguments: &[&str]| {
        let mut command = world.command(&[&["update"], &HERE[..], arguments].concat());
        command.env("CLOM_STALL_TIMEOUT", "1").output().unwrap()
    };
    let output = update(&[]);
    let told = world.told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert_eq!(world.lock(), "");
    world.expect("silent", &told);

    let other = Server::https(&world.path("www"));
    world.device(
        "acme_r1",
        &[
            world.url(""),
            other.url("").trim_end_matches('/').to_owned(),
        ],
    );
    assert!(update(&[]).status.success());
    assert!(world.lock().contains("\"hello\""));
}
