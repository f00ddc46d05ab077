//! Downloads that break off go on where they were.

use std::fs;

use clom::store::Sha256;
use clom::store::content::Purpose;

use crate::desk::{Desk, came, failed, loose, pinned};
use crate::https::{Asked, Misbehaviour::*, Server};

fn ranges(requests: &[Asked]) -> Vec<Option<&str>> {
    requests.iter().map(|asked| asked.field("range")).collect()
}

#[test]
fn a_server_that_hangs_up_again_and_again_is_asked_for_the_rest() {
    for known in [true, false] {
        let desk = Desk::new();
        let bytes = desk.publish("f", 100_000);
        let server = Server::https(&desk.site());
        server.misbehave_times("f", CloseEarly { after: 30_000 }, 3);
        let urls = [server.url("f")];
        let wanted = if known {
            pinned(&bytes, &urls)
        } else {
            loose(&urls)
        };
        came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
        let requests = server.requests();
        assert_eq!(
            ranges(&requests),
            [
                None,
                Some("bytes=30000-"),
                Some("bytes=60000-"),
                Some("bytes=90000-")
            ]
        );
        assert!(requests[1].field("if-range").unwrap().starts_with('"'));
        assert!(
            requests
                .iter()
                .all(|asked| asked.field("accept-encoding") == Some("identity"))
        );
        assert_eq!(desk.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn another_mirror_gives_the_rest_when_the_hash_is_known() {
    let desk = Desk::new();
    let bytes = desk.publish("a", 100_000);
    desk.publish("b", 100_000);
    let server = Server::https(&desk.site());
    server.misbehave("a", Stall { after: 60_000 });
    let urls = [server.url("a"), server.url("b")];
    came(
        desk.fetcher(server.ca()).get_one(&pinned(&bytes, &urls)),
        &bytes,
    );
    let requests = server.requests();
    assert_eq!(ranges(&requests), [None, Some("bytes=60000-")]);
    // The second mirror has its own tags: the hash decides.
    assert_eq!(requests[1].field("if-range"), None);

    let desk = Desk::new();
    came(desk.fetcher(server.ca()).get_one(&loose(&urls)), &bytes);
    assert_eq!(ranges(&server.requests()[2..]), [None, None]);
}

#[test]
fn a_server_without_ranges_or_with_wrong_ones_starts_over() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 100_000);
    let server = Server::https(&desk.site());
    for how in [IgnoreRange, WrongRange] {
        let desk = Desk::new();
        let wanted = pinned(&bytes, &[server.url("f")]);
        server.misbehave("f", Stall { after: 60_000 });
        failed(desk.impatient(server.ca()).get_one(&wanted));
        assert_eq!(desk.leftovers().len(), 2, "the beginning and its origin");
        server.misbehave("f", how);
        came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
        assert_eq!(desk.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_not_patched_together() {
    let desk = Desk::new();
    desk.publish("f", 100_000);
    let server = Server::https(&desk.site());
    server.misbehave("f", Stall { after: 60_000 });
    let wanted = loose(&[server.url("f")]);
    failed(desk.impatient(server.ca()).get_one(&wanted));
    server.behave();
    let newer = desk.publish("f", 100_001);
    came(desk.fetcher(server.ca()).get_one(&wanted), &newer);
}

#[test]
fn a_damaged_beginning_is_given_up() {
    for (len, name) in [
        (60_000, "shorter"),
        (100_000, "as long"),
        (100_001, "longer"),
    ] {
        let desk = Desk::new();
        let bytes = desk.publish("f", 100_000);
        let server = Server::https(&desk.site());
        let wanted = pinned(&bytes, &[server.url("f")]);
        let hash = Sha256::of(&bytes);
        let mut partial = desk
            .store()
            .partial(&Purpose::Content(hash))
            .unwrap()
            .unwrap();
        partial.append(&vec![7; len]).unwrap();
        drop(partial);
        came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
        assert_eq!(server.requests().len(), 2, "{name}");
    }
}

#[test]
fn a_beginning_that_is_all_needs_no_server() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    let wanted = pinned(&bytes, &[server.url("f")]);
    let purpose = Purpose::Content(Sha256::of(&bytes));
    let mut partial = desk.store().partial(&purpose).unwrap().unwrap();
    partial.append(&bytes).unwrap();
    drop(partial);
    came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
    assert_eq!(server.requests(), []);
}

#[test]
fn a_damaged_entry_is_fetched_anew() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    let wanted = pinned(&bytes, &[server.url("f")]);
    let fetched = came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
    let mut damaged = bytes.clone();
    damaged[500] ^= 1;
    fs::write(&fetched.path, damaged).unwrap();
    let text = fetched.read().unwrap_err().to_string();
    assert!(text.contains("it is something else"), "{text}");
    came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
    assert_eq!(server.requests().len(), 2);
}
