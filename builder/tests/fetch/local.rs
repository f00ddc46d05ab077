//! Files of this machine, and being offline.

use std::fs;

use clom::fetch::{Location, Options, Wanted};
use clom::store::Sha256;

use crate::desk::{Desk, came, failed, loose, pinned, quick};
use crate::https::Server;

#[test]
fn local_files_are_checked_and_not_copied() {
    let desk = Desk::new();
    let bytes = desk.publish("feed/a b.ipk", 5000);
    let path = desk.site().join("feed/a b.ipk");
    let url = format!("file://{}", path.display()).replace(' ', "%20");
    let fetcher = desk.with(Options::default());
    for place in [path.display().to_string(), url] {
        let fetched = came(
            fetcher.get_one(&loose(std::slice::from_ref(&place))),
            &bytes,
        );
        assert_eq!(fetched.path, path);
        came(fetcher.get_one(&pinned(&bytes, &[place])), &bytes);
    }
    assert!(!desk.cache().exists());

    let place = path.display().to_string();
    let other = pinned(b"other", std::slice::from_ref(&place));
    assert!(failed(fetcher.get_one(&other)).contains("it is something else"));
    let small = loose(std::slice::from_ref(&place)).at_most(4999);
    assert!(failed(fetcher.get_one(&small)).contains("longer than the 4999 bytes"));
    let folder = loose(&[desk.site().display().to_string()]);
    assert!(failed(fetcher.get_one(&folder)).contains("it is not a file"));
    let none = loose(&["/none".into()]);
    assert!(failed(fetcher.get_one(&none)).contains("/none: No such file"));
    let nowhere = Wanted::new("the thing", Vec::new());
    assert!(failed(fetcher.get_one(&nowhere)).contains("nothing says where"));

    let fetched = came(fetcher.get_one(&loose(&[place])), &bytes);
    fs::write(path, "changed").unwrap();
    assert!(fetched.read().is_err());
}

#[test]
fn offline_asks_nobody() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 5000);
    let server = Server::https(&desk.site());
    let offline = desk.with(Options {
        offline: true,
        ..quick(server.ca())
    });
    let urls = [server.url("f")];
    for wanted in [pinned(&bytes, &urls), loose(&urls)] {
        let text = failed(offline.get_one(&wanted));
        assert!(text.contains("the thing while offline"), "{text}");
        assert!(text.contains(&urls[0]), "{text}");
        assert!(text.contains("--offline"), "{text}");
    }
    let mut mixed = pinned(&bytes, &urls);
    let local = Location::from(desk.site().join("f"));
    mixed.urls.push(local);
    came(offline.get_one(&mixed), &bytes);
    came(
        desk.fetcher(server.ca()).get_one(&pinned(&bytes, &urls)),
        &bytes,
    );
    assert_eq!(server.requests().len(), 1);
    came(offline.get_one(&pinned(&bytes, &urls)), &bytes);
    assert!(desk.store().contains(&Sha256::of(&bytes)));
    assert_eq!(server.requests().len(), 1);
}
