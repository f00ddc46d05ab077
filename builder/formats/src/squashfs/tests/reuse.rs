//! The bytes depend on tree, options and donor only; cache and donor save work.

use std::collections::HashMap;
use std::sync::Mutex;

use super::*;

fn options() -> Options {
    Options::openwrt(64, false, 1_700_000_000).effort(Effort::Fast)
}

#[test]
fn the_number_of_threads_does_not_matter() {
    for options in all_options() {
        let tree = sample(options.block_size as usize / 2 + 5);
        let with = |threads| {
            let options = Options {
                threads,
                ..options.clone()
            };
            write(&tree, &options, &NoCache).unwrap()
        };
        let one = with(1);
        assert!(one == with(2));
        assert!(one == with(7));
    }
}

#[test]
fn a_cache_saves_all_compressing_and_changes_nothing() {
    let tree = sample(70_000);
    let options = options();
    let plain = write(&tree, &options, &NoCache).unwrap();
    let cache = MemoryCache::default();
    let first = Writer::new(&options).cache(&cache).write(&tree).unwrap();
    let second = Writer::new(&options).cache(&cache).write(&tree).unwrap();
    assert!(first.bytes == plain && second.bytes == plain);
    assert_eq!(first.stats.from_cache, 0);
    assert_eq!(second.stats.compressed, 0);
    assert_eq!(second.stats.from_cache, first.stats.compressed);
}

#[test]
fn settings_keep_cached_blocks_apart() {
    let tree = sample(70_000);
    let cache = MemoryCache::default();
    for options in [
        options(),
        options().effort(Effort::Best),
        Options::openwrt(64, true, 1_700_000_000).effort(Effort::Fast),
        Options::openwrt(128, false, 1_700_000_000).effort(Effort::Fast),
        Options::new(Compression::Gzip { level: 9 }),
        Options::new(Compression::Gzip { level: 1 }),
    ] {
        let cached = Writer::new(&options).cache(&cache).write(&tree).unwrap();
        assert_eq!(cached.stats.from_cache, 0);
        assert!(cached.bytes == write(&tree, &options, &NoCache).unwrap());
    }
}

#[test]
fn a_cache_that_forgets_at_random_changes_nothing() {
    /// Forgets every other block.
    #[derive(Default)]
    struct Forgetful(Mutex<HashMap<Key, Vec<u8>>>);
    impl BlockCache for Forgetful {
        fn get(&self, key: &Key) -> Option<Vec<u8>> {
            let kept = key.0[0].is_multiple_of(2);
            self.0.lock().unwrap().get(key).filter(|_| kept).cloned()
        }
        fn put(&self, key: &Key, bytes: &[u8]) {
            self.0.lock().unwrap().insert(*key, bytes.to_vec());
        }
    }
    let tree = sample(70_000);
    let cache = Forgetful::default();
    let plain = write(&tree, &options(), &NoCache).unwrap();
    for _ in 0..3 {
        assert!(plain == write(&tree, &options(), &cache).unwrap());
    }
}

#[test]
fn a_changed_file_leaves_most_blocks_as_they_were() {
    let mut tree = Tree::default();
    for n in 0..400usize {
        let content = text(500 + n * 37 % 9000, n as u64);
        tree.put_file(format!("etc/{n:03}"), content, Meta::file(0o644))
            .unwrap();
    }
    let cache = MemoryCache::default();
    let options = options();
    let writer = Writer::new(&options).cache(&cache);
    let all = writer.write(&tree).unwrap().stats.compressed;
    assert!(all > 20, "{all}");
    // A file early in the order grows, shrinks, vanishes: most fragment blocks after it stay.
    for content in [text(3000, 9), text(10, 9)] {
        tree.put_file("etc/020", content, Meta::file(0o644))
            .unwrap();
        let changed = writer.write(&tree).unwrap().stats.compressed;
        assert!(changed * 4 <= all, "{changed} of {all}");
    }
    assert!(tree.remove("etc/020"));
    let changed = writer.write(&tree).unwrap().stats.compressed;
    assert!(changed * 4 <= all, "{changed} of {all}");
}

#[test]
fn a_donors_blocks_are_taken_over() {
    // The donor was compressed harder than we do, as OpenWrt's images are.
    let donor = write(&sample(70_000), &options().effort(Effort::Best), &NoCache).unwrap();
    let (mut tree, info, seeds) = read_donor(&donor).unwrap();
    let mut options = info.options().effort(Effort::Fast);
    let plain = write(&tree, &options, &NoCache).unwrap();

    let same = Writer::new(&options).donor(&seeds).write(&tree).unwrap();
    assert_eq!(same.stats.compressed, 0);
    assert!(same.stats.from_donor > 0);
    assert!(same.bytes.len() < plain.len());
    assert_same(&tree, &read(&same.bytes).unwrap().0);

    // With another file before all others, only that one is compressed; a cache neither matters nor learns.
    tree.put_file("aaa", text(2000, 99), Meta::file(0o644))
        .unwrap();
    let cache = MemoryCache::default();
    let writer = Writer::new(&options).donor(&seeds);
    let more = writer.write(&tree).unwrap();
    assert_eq!(more.stats.compressed, 1);
    assert_same(&tree, &read(&more.bytes).unwrap().0);
    let filled = write(&tree, &options, &cache);
    assert!(filled.unwrap() != more.bytes);
    assert!(writer.cache(&cache).write(&tree).unwrap().bytes == more.bytes);
    assert!(writer.cache(&cache).write(&tree).unwrap().bytes == more.bytes);

    // What was removed leaves no bytes behind in a shared fragment block.
    let before = more.stats.from_donor;
    assert!(tree.remove("many/file-100"));
    let fewer = Writer::new(&options).donor(&seeds).write(&tree).unwrap();
    assert!(fewer.stats.from_donor < before);
    assert_same(&tree, &read(&fewer.bytes).unwrap().0);

    // Blocks of another size do not fit.
    options.block_size *= 2;
    let other = Writer::new(&options).donor(&seeds).write(&tree).unwrap();
    assert_eq!(other.stats.from_donor, 0);
}

#[test]
fn progress_reaches_the_end() {
    let seen = Mutex::new(Vec::new());
    let note = |done, total| seen.lock().unwrap().push((done, total));
    let image = Writer::new(&options())
        .progress(&note)
        .write(&sample(70_000))
        .unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort();
    let total = image.stats.compressed;
    let expected: Vec<_> = (1..=total).map(|done| (done, total)).collect();
    assert_eq!(seen, expected);
    assert_eq!((image.stats.files, image.stats.duplicates), (320, 5));
}

#[test]
fn compressed_bytes_are_those_of_the_named_library_versions() {
    // When this fails, a library's output has changed: name the new version in the codec, so that caches
    // filled by the old one are not used, and then take over the new hashes.
    let tree = sample(70_000);
    let hash = |options: &Options| {
        let image = write(&tree, options, &NoCache).unwrap();
        blake3::hash(&image).to_hex()[..16].to_owned()
    };
    let epoch = 1_700_000_000;
    let found = [
        hash(&Options::openwrt(256, false, epoch)),
        hash(&Options::openwrt(256, true, epoch).effort(Effort::Best)),
        hash(&Options::new(Compression::Gzip { level: 9 })),
        hash(&Options::new(Compression::Zstd { level: 15 })),
    ];
    assert_eq!(
        found,
        [
            "8e887384fa876c71",
            "9065c750471ed677",
            "acdaa72946579438",
            "6e8dff73bc3eb5d4"
        ]
    );
}
