//! Whom the fetcher believes.

use clom::fetch::Options;

use crate::desk::{Desk, came, failed, loose, pinned, quick};
use crate::https::{Misbehaviour::RedirectTo, Server};

#[test]
fn unknown_and_expired_certificates_are_refused_with_the_cure() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    let options = Options {
        extra_roots: Vec::new(),
        ..quick(server.ca())
    };
    // Even with a known hash: who listens learns what is asked for.
    let text = failed(
        desk.with(options)
            .get_one(&pinned(&bytes, &[server.url("f")])),
    );
    assert!(text.contains("its certificate is not accepted"), "{text}");
    assert!(text.contains("SSL_CERT_FILE"), "{text}");
    assert_eq!(server.requests(), []);

    let expired = Server::expired(&desk.site());
    let text = failed(
        desk.fetcher(expired.ca())
            .get_one(&loose(&[expired.url("f")])),
    );
    assert!(text.contains("expired"), "{text}");
    assert!(text.contains("clock"), "{text}");
}

#[test]
fn plain_http_needs_a_hash_or_a_signature() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::http(&desk.site());
    let urls = [server.url("f")];
    let fetcher = desk.fetcher(server.ca());
    let text = failed(fetcher.get_one(&loose(&urls)));
    assert!(text.contains("plain HTTP proves nothing"), "{text}");
    assert_eq!(server.requests(), []);
    came(fetcher.get_one(&loose(&urls).signed()), &bytes);
    came(fetcher.get_one(&pinned(&bytes, &urls)), &bytes);
}

#[test]
fn redirects_to_https_are_followed() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    let plain = Server::http(&desk.site());
    plain.misbehave("f", RedirectTo(server.url("f")));
    server.misbehave("g", RedirectTo(server.url("f")));
    let fetcher = desk.fetcher(server.ca());
    came(fetcher.get_one(&loose(&[plain.url("f")]).signed()), &bytes);
    came(fetcher.get_one(&loose(&[server.url("g")])), &bytes);
}

#[test]
fn passwords_are_sent_and_never_told() {
    let desk = Desk::new();
    desk.publish("f", 1000);
    let server = Server::https(&desk.site());
    let url = server.url("none").replace("https://", "https://me:hush@");
    let text = failed(desk.fetcher(server.ca()).get_one(&loose(&[url])));
    assert!(!text.contains("hush"), "{text}");
    // "me:hush"
    let sent = server.requests()[0]
        .field("authorization")
        .map(str::to_owned);
    assert_eq!(sent.as_deref(), Some("Basic bWU6aHVzaA=="));
}
