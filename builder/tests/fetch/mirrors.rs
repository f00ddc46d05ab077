//! Servers that fail or lie, and others that help out.

use std::time::{Duration, Instant};

use clom::fetch::Problem;

use crate::desk::{Desk, came, failed, loose, noise, pinned, quick};
use crate::https::{Misbehaviour::*, Server};

#[test]
fn many_files_come_at_once_and_a_second_time_from_the_store() {
    let desk = Desk::new();
    let server = Server::https(&desk.site());
    let files: Vec<_> = (0..40)
        .map(|n| {
            (
                format!("packages/mips_24kc/base/p{n}_1.0+{n}~x.ipk"),
                1000 * n + 1,
            )
        })
        .map(|(path, size)| (desk.publish(&path, size), server.url(&path)))
        .collect();
    let wanted: Vec<_> = files
        .iter()
        .map(|(bytes, url)| pinned(bytes, std::slice::from_ref(url)))
        .collect();
    for round in 0..2 {
        let results = desk.fetcher(server.ca()).get(&wanted);
        for (result, (bytes, url)) in results.into_iter().zip(&files) {
            let fetched = came(result, bytes);
            let from = fetched.from.map(|from| from.to_string());
            assert_eq!(from.as_ref(), (round == 0).then_some(url));
        }
        assert_eq!(server.requests().len(), 40);
    }
    assert_eq!(desk.leftovers(), Vec::<String>::new());
}

#[test]
fn what_is_wanted_twice_is_fetched_once() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 200_000);
    let server = Server::https(&desk.site());
    let wanted = pinned(&bytes, &[server.url("f")]);
    for result in desk.fetcher(server.ca()).get(&vec![wanted; 5]) {
        came(result, &bytes);
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_second_mirror_helps_whatever_the_first_does() {
    let desk = Desk::new();
    let bytes = desk.publish("good", 100_000);
    desk.publish("bad", 100_000);
    desk.publish("other", 99_999);
    let server = Server::https(&desk.site());
    let plain = Server::http(&desk.site());
    for (number, how) in [
        Stall { after: 70_000 },
        CloseEarly { after: 0 },
        AnnounceMore(10),
        AnnounceLess(10),
        WrongContent,
        Encoded,
        Endless,
        Status(404),
        Status(503),
        Status(403),
        RedirectLoop,
        RedirectTo(plain.url("good")),
        RedirectTo("ftp://localhost/good".into()),
        RedirectTo(server.url("other")),
    ]
    .into_iter()
    .enumerate()
    {
        // Each time another cache, so that nothing is there from before.
        let desk = Desk::new();
        server.misbehave("bad", how.clone());
        let mut wanted = pinned(&bytes, &[server.url("bad"), server.url("good")]);
        wanted.at_most = 10_000_000;
        if number % 2 == 0 {
            wanted.size = Some(bytes.len() as u64);
        }
        let fetched = came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
        assert_eq!(
            fetched.from.unwrap().to_string(),
            server.url("good"),
            "{how:?}"
        );
        assert_eq!(desk.leftovers(), Vec::<String>::new());
    }
    assert_eq!(plain.requests(), []);
}

#[test]
fn alone_each_misbehaviour_is_told_for_what_it_is() {
    let site = Desk::new();
    let bytes = site.publish("f", 100_000);
    site.publish("other", 99_999);
    let server = Server::https(&site.site());
    let plain = Server::http(&site.site());
    let size = Some(bytes.len() as u64);
    for (how, size, told, cure) in [
        (
            Stall { after: 20_000 },
            None,
            "no bytes for 1 s, after 60000 bytes",
            "online?",
        ),
        (
            AnnounceMore(10),
            size,
            "it has 100010 bytes, not 100000",
            "clom update",
        ),
        (AnnounceLess(10), None, "its SHA-256 is", "clom update"),
        (
            AnnounceLess(10),
            size,
            "it has 99990 bytes, not 100000",
            "clom update",
        ),
        (
            WrongContent,
            size,
            "it is something else: its SHA-256 is",
            "name another",
        ),
        (
            Endless,
            None,
            "it is longer than the 1000000 bytes",
            "clom update",
        ),
        (
            Endless,
            size,
            "it is longer than the 100000 bytes",
            "clom update",
        ),
        (Encoded, None, "it sends gzip-encoded", ""),
        (
            Status(404),
            None,
            "the server answers 404 Not Found",
            "a mirror that still has it",
        ),
        (
            Status(503),
            None,
            "the server answers 503 Service Unavailable",
            "online?",
        ),
        (RedirectLoop, None, "it redirects more than 8 times", ""),
        (
            RedirectTo(plain.url("f")),
            None,
            "it redirects from https to http://localhost",
            "",
        ),
        (
            RedirectTo(server.url("other")),
            size,
            "it has 99999 bytes, not 100000",
            "clom update",
        ),
    ] {
        let desk = Desk::new();
        server.misbehave("f", how.clone());
        let mut wanted = pinned(&bytes, &[server.url("f")]).at_most(1_000_000);
        wanted.size = size;
        let start = Instant::now();
        let text = failed(desk.fetcher(server.ca()).get_one(&wanted));
        assert!(text.contains(told), "{how:?}: {text}");
        assert!(text.contains(cure), "{how:?}: {text}");
        assert!(text.contains("the thing"), "{text}");
        assert!(text.contains(&server.url("f")), "{text}");
        assert!(start.elapsed() < Duration::from_secs(8));
        assert!(!desk.store().contains(&wanted.sha256.unwrap()));
    }
    assert_eq!(plain.requests(), []);
}

#[test]
fn troubles_that_pass_are_waited_for() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    server.misbehave_times("f", Status(503), 2);
    let wanted = loose(&[server.url("f")]);
    came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
    assert_eq!(server.requests().len(), 3);
    // What is gone is gone.
    server.misbehave("f", Status(404));
    failed(desk.fetcher(server.ca()).get_one(&wanted));
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_slow_server_is_no_stalled_one() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    let pause = Duration::from_millis(150);
    server.misbehave("f", Drip { bytes: 100, pause });
    let wanted = loose(&[server.url("f")]);
    let start = Instant::now();
    came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
    assert!(
        start.elapsed() > Duration::from_secs(1),
        "longer than the stall timeout"
    );
}

#[test]
fn a_host_that_cannot_be_reached_is_asked_last_from_then_on() {
    let desk = Desk::new();
    let server = Server::https(&desk.site());
    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let wanted: Vec<_> = (1..20)
        .map(|n| {
            let bytes = desk.publish(&format!("f{n}"), n);
            let url = format!("https://127.0.0.1:{port}/f{n}");
            pinned(&bytes, &[url, server.url(&format!("f{n}"))])
        })
        .collect();
    for (n, result) in (1..20).zip(desk.fetcher(server.ca()).get(&wanted)) {
        came(result, &noise(n));
    }
    let alone = loose(&[format!("https://127.0.0.1:{port}/f")]);
    let error = desk.fetcher(server.ca()).get_one(&alone).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no connection: Connection refused"),
        "{error}"
    );
}

#[test]
fn a_body_without_length_ends_where_the_connection_does() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 50_000);
    // Over TLS, the end is only the end when the server says so; over plain HTTP, the hash decides.
    let server = Server::http(&desk.site());
    server.misbehave("f", NoLength);
    let wanted = pinned(&bytes, &[server.url("f")]);
    came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);

    let secure = Server::https(&desk.site());
    secure.misbehave("f", NoLength);
    let result = desk
        .fetcher(secure.ca())
        .get_one(&loose(&[secure.url("f")]));
    let text = result.unwrap_err().to_string();
    assert!(
        text.contains("the connection ended after 50000 bytes"),
        "{text}"
    );
}

#[test]
fn without_a_hash_a_wrong_length_is_no_end() {
    let desk = Desk::new();
    desk.publish("f", 100_000);
    let server = Server::https(&desk.site());
    server.misbehave("f", AnnounceMore(10));
    let text = failed(
        desk.fetcher(server.ca())
            .get_one(&loose(&[server.url("f")])),
    );
    let told = "the connection ended after 100000 of 100010 bytes";
    assert!(text.contains(told), "{text}");
}

#[test]
fn options_bound_how_much_happens_at_once() {
    let desk = Desk::new();
    let server = Server::https(&desk.site());
    let wanted: Vec<_> = (0..6)
        .map(|n| {
            let path = format!("f{n}");
            let bytes = desk.publish(&path, 100 + n);
            let pause = Duration::from_millis(100);
            server.misbehave(&path, Drip { bytes: 30, pause });
            pinned(&bytes, &[server.url(&path)])
        })
        .collect();
    let mut options = quick(server.ca());
    options.per_host = 1;
    let start = Instant::now();
    for result in desk.with(options).get(&wanted) {
        result.unwrap();
    }
    assert!(start.elapsed() > Duration::from_millis(6 * 300));
}

#[test]
fn problems_say_whether_they_may_pass() {
    for (code, passes) in [
        (404, false),
        (403, false),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let retry_after = None;
        assert_eq!(Problem::Status { code, retry_after }.may_pass(), passes);
    }
}
