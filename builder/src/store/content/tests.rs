//! The content store without a network.

use std::fs::{self, File};

use super::*;
use crate::store::clean::{Policy, Shelf, Worth, choose, remove};

fn store() -> (tempfile::TempDir, ContentStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = ContentStore::open(dir.path());
    (dir, store)
}

fn purpose() -> Purpose {
    Purpose::Url("https://a.example/x".into())
}

#[test]
fn what_was_put_is_got_also_after_a_move() {
    let (dir, store) = store();
    assert_eq!(store.get(&Sha256::of(b"one")).unwrap(), None);
    let hash = store.put(b"one").unwrap();
    assert_eq!(store.put(b"one").unwrap(), hash);
    assert_eq!(store.get(&hash).unwrap().unwrap(), "one");
    assert_eq!(store.verify(&hash).unwrap(), Some(3));
    assert!(store.contains(&hash));
    let name = hash.to_string();
    assert!(
        dir.path()
            .join("content")
            .join(&name[..2])
            .join(&name)
            .is_file()
    );
    let moved = tempfile::tempdir().unwrap();
    fs::rename(dir.path().join("content"), moved.path().join("content")).unwrap();
    assert!(!store.contains(&hash));
    assert_eq!(
        ContentStore::open(moved.path())
            .get(&hash)
            .unwrap()
            .unwrap(),
        "one"
    );
    assert_eq!(store.put(b"").unwrap(), Sha256::of(b""));
}

#[test]
fn a_damaged_entry_is_removed_and_counts_as_absent() {
    let (_dir, store) = store();
    for damage in [&b"twO"[..], b"tw", b"two!", b""] {
        let hash = store.put(b"two").unwrap();
        fs::write(store.path(&hash), damage).unwrap();
        assert_eq!(store.get(&hash).unwrap(), None);
        assert!(!store.contains(&hash));
        store.put(b"two").unwrap();
        fs::write(store.path(&hash), damage).unwrap();
        // Putting it mends it.
        store.put(b"two").unwrap();
        assert_eq!(store.get(&hash).unwrap().unwrap(), "two");
    }
}

#[test]
fn a_partial_goes_on_where_it_was_and_is_one_processs_at_a_time() {
    let (_dir, store) = store();
    let origin = Origin {
        url: "https://a.example/x".into(),
        validator: Some("\"1\"".into()),
    };
    let mut partial = store.partial(&purpose()).unwrap().unwrap();
    assert!(store.partial(&purpose()).unwrap().is_none(), "it is taken");
    partial.restart(&origin).unwrap();
    partial.append(b"abc").unwrap();
    drop(partial);
    let mut partial = store.partial(&purpose()).unwrap().unwrap();
    assert_eq!((partial.len(), partial.origin()), (3, Some(origin.clone())));
    partial.append(b"def").unwrap();
    assert_eq!(partial.hash(), Sha256::of(b"abcdef"));
    let (hash, len) = partial.commit().unwrap();
    assert_eq!((hash, len), (Sha256::of(b"abcdef"), 6));
    assert_eq!(store.get(&hash).unwrap().unwrap(), "abcdef");
    let mut partial = store.partial(&purpose()).unwrap().unwrap();
    assert!(partial.is_empty() && partial.origin().is_none());
    partial.append(b"abc").unwrap();
    partial.restart(&origin).unwrap();
    partial.append(b"x").unwrap();
    assert_eq!(partial.commit().unwrap().0, Sha256::of(b"x"));
    // Nothing is left of one that never got anything.
    drop(store.partial(&purpose()).unwrap().unwrap());
    assert_eq!(fs::read_dir(store.dir().join(PARTIAL)).unwrap().count(), 0);
}

#[test]
fn more_than_the_disk_has_is_refused_in_advance() {
    let (_dir, store) = store();
    store.make_sure_of_room(1).unwrap();
    let text = store.make_sure_of_room(u64::MAX).unwrap_err().to_string();
    assert!(
        text.contains("no room in") && text.contains("are free"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_written_says_where() {
    let dir = tempfile::tempdir().unwrap();
    // A file where the folder should be: writing fails, for root too.
    fs::write(dir.path().join("content"), "in the way").unwrap();
    let store = ContentStore::open(dir.path());
    let text = store.put(b"x").unwrap_err().to_string();
    let here = dir.path().join("content").display().to_string();
    assert!(text.contains(&here), "{text}");
    let text = store.partial(&purpose()).unwrap_err().to_string();
    assert!(text.contains(&here), "{text}");
}

#[test]
fn entries_are_listed_for_cleaning_and_those_in_use_stay() {
    let (_dir, store) = store();
    assert_eq!(store.entries().unwrap(), []);
    let hash = store.put(b"content").unwrap();
    let leftover = store.path(&hash).with_file_name(".new-Xy");
    fs::write(&leftover, "con").unwrap();
    let mut partial = store.partial(&purpose()).unwrap().unwrap();
    partial.append(b"part").unwrap();
    let entries = store.entries().unwrap();
    let of = |shelf, worth| {
        let is = |entry: &&crate::store::clean::Entry| (entry.shelf, entry.worth) == (shelf, worth);
        entries
            .iter()
            .filter(is)
            .map(|entry| entry.bytes)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Shelf::Downloads, Worth::Time), [7]);
    assert_eq!(of(Shelf::Downloads, Worth::Nothing), [3]);
    assert_eq!(of(Shelf::Unfinished, Worth::Time), [4]);

    let all = Policy {
        all: true,
        ..Policy::default()
    };
    for entry in choose(entries.clone(), &all, SystemTime::now()) {
        assert_eq!(remove(&entry).unwrap(), entry.shelf != Shelf::Unfinished);
    }
    assert!(!store.contains(&hash) && !leftover.exists());
    partial.append(b"ial").unwrap();
    let (hash, _) = partial.commit().unwrap();
    assert_eq!(store.get(&hash).unwrap().unwrap(), "partial");
}

#[test]
fn reading_marks_an_entry_as_used() {
    let (_dir, store) = store();
    let hash = store.put(b"old").unwrap();
    let ago = SystemTime::now() - Duration::from_secs(40 * 24 * 3600);
    let file = File::options()
        .append(true)
        .open(store.path(&hash))
        .unwrap();
    file.set_modified(ago).unwrap();
    let used = || store.entries().unwrap()[0].used;
    assert!(used() < SystemTime::now() - Duration::from_secs(3600));
    store.get(&hash).unwrap();
    assert!(used() > SystemTime::now() - Duration::from_secs(3600));
}
