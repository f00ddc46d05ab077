use proptest::prelude::*;

use crate::apk::adb::{self, Compression, Database, Encoder, File, Limits, Schema};
use crate::apk::{Error, Index};

/// A container by hand: the root is a list of the text "ab" and the number 7.
fn by_hand() -> Vec<u8> {
    let mut file = b"ADB.indx".to_vec();
    file.extend(28u32.to_le_bytes()); // type 0, 4 + 24 bytes
    file.extend([0, 0, 0, 0, 0x0c, 0, 0, 0xe0]); // header, root: object at 12
    file.extend([2, b'a', b'b', 0]); // at 8
    file.extend([3, 0, 0, 0, 8, 0, 0, 0x80, 7, 0, 0, 0x10]); // at 12: 3 slots, blob8 at 8, int 7
    file.resize(8 + 32, 0);
    file
}

#[test]
fn a_container_by_hand_reads() {
    let file = by_hand();
    let file = File::read(&file).unwrap();
    assert_eq!((file.schema, file.values.len()), (Schema::INDEX, 24));
    let database = file.database().unwrap();
    let root = database.slots(database.root()).unwrap();
    assert_eq!(root.len(), 2);
    assert_eq!(database.blob(root.get(1)).unwrap(), Some(&b"ab"[..]));
    assert_eq!(database.int(root.get(2)).unwrap(), Some(7));
    assert!(root.get(3).is_null() && root.get(0).is_null());
}

#[test]
fn the_encoder_writes_the_container_by_hand() {
    let mut encoder = Encoder::default();
    let fields = [encoder.blob(b"ab").unwrap(), encoder.int(7).unwrap()];
    let root = encoder.object(&fields).unwrap();
    assert_eq!(
        adb::write(Schema::INDEX, &encoder.finish(root), &[], &[]),
        by_hand()
    );
}

#[test]
fn every_type_of_value_is_the_same_again() {
    let mut encoder = Encoder::default();
    let numbers = [
        0,
        1,
        (1 << 28) - 1,
        1 << 28,
        u64::from(u32::MAX),
        1 << 32,
        u64::MAX,
    ];
    let texts = [
        vec![1; 1],
        vec![2; 255],
        vec![3; 256],
        vec![4; 65535],
        vec![5; 65536],
    ];
    let mut values: Vec<_> = numbers
        .iter()
        .map(|number| encoder.int(*number).unwrap())
        .collect();
    values.extend(texts.iter().map(|text| encoder.blob(text).unwrap()));
    assert!(encoder.blob(b"").unwrap().is_null());
    assert_eq!(encoder.blob(&texts[1]).unwrap(), values[8], "written once");
    let root = encoder.object(&values).unwrap();
    let bytes = encoder.finish(root);
    let database = Database::new(&bytes).unwrap();
    let slots = database.slots(database.root()).unwrap();
    for (slot, number) in numbers.iter().enumerate() {
        assert_eq!(database.int(slots.get(slot + 1)).unwrap(), Some(*number));
    }
    for (slot, text) in texts.iter().enumerate() {
        assert_eq!(database.blob(slots.get(slot + 8)).unwrap(), Some(&text[..]));
    }
}

#[test]
fn every_compression_is_undone() {
    let plain = by_hand();
    for compression in [
        Compression::None,
        Compression::Deflate,
        Compression::Zstd(3),
        Compression::Zstd(19),
    ] {
        let packed = adb::pack(&plain, compression).unwrap();
        assert_eq!(
            adb::unpack(&packed, Limits::INDEX).unwrap(),
            plain,
            "{compression:?}"
        );
        if compression != Compression::None {
            for len in [0, 3, 4, 5, packed.len() / 2, packed.len() - 1] {
                let cut = adb::unpack(&packed[..len], Limits::INDEX);
                assert!(
                    cut.is_err() || File::read(&cut.unwrap()).is_err(),
                    "{compression:?} cut to {len}"
                );
            }
        }
    }
    let stored = [b"ADBc\0\x01", &plain[..]].concat();
    assert_eq!(adb::unpack(&stored, Limits::INDEX).unwrap(), plain);
    assert_eq!(
        adb::unpack(b"ADBc\x03\0xx", Limits::INDEX),
        Err(Error::Compression(3))
    );
    assert_eq!(adb::unpack(b"ADBx", Limits::INDEX), Err(Error::NotAdb));
    assert_eq!(
        adb::unpack(b"\x1f\x8b\x08\0", Limits::INDEX),
        Err(Error::NotAdb)
    );
}

#[test]
fn bombs_are_refused() {
    let bomb = vec![0; 6 << 20];
    for compression in [Compression::Deflate, Compression::Zstd(19)] {
        let packed = adb::pack(&bomb, compression).unwrap();
        let refused = adb::unpack(&packed, Limits::INDEX).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
    }
}

#[test]
fn blocks_in_disorder_are_refused() {
    let values = [0u8; 8];
    let plain = adb::write(Schema::INDEX, &values, &[vec![9; 20]], &[vec![1; 9]]);
    let file = File::read(&plain).unwrap();
    assert_eq!((file.signatures.len(), file.data.len()), (1, 1));
    for len in 0..plain.len() {
        // Cut between blocks, the rest is a shorter container.
        let whole = [8 + 16, 8 + 16 + 24].contains(&len);
        assert_eq!(File::read(&plain[..len]).is_ok(), whole, "{len}");
    }
    let two = [&plain[..], &plain[8..24]].concat();
    assert_eq!(
        File::read(&two),
        Err(Error::Block {
            kind: 0,
            at: plain.len()
        })
    );
    let late = [&plain[..], &plain[24..48]].concat();
    assert_eq!(
        File::read(&late),
        Err(Error::Block {
            kind: 1,
            at: plain.len()
        })
    );
    let first = [&plain[..8], &plain[24..]].concat();
    assert_eq!(File::read(&first), Err(Error::Block { kind: 1, at: 8 }));
    // The long form of a block's header, by hand.
    let mut long = plain[..24].to_vec();
    long.extend((3u32 << 30 | 2).to_le_bytes());
    long.extend([0; 4]);
    long.extend(17u64.to_le_bytes());
    long.extend([7, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(File::read(&long).unwrap().data, [[7]]);
    let at = long.len() - 16;
    long[at..at + 8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(File::read(&long).is_err());
    assert_eq!(
        Database::new(&[1, 0, 0, 0, 0, 0, 0, 0]).unwrap_err(),
        Error::Compatibility(1)
    );
}

#[test]
fn values_that_point_astray_are_refused() {
    let astray: [&[u8]; 7] = [
        &[0x0c, 0, 0, 0x80], // text behind the end
        &[4, 0, 0, 0x80],    // text in the header
        &[8, 0, 0, 0x90],    // longer than the rest
        &[9, 0, 0, 0xd0],    // no room for the number of slots
        &[8, 0, 0, 0xe0],    // more slots than there are
        &[0xff, 0xff, 0xff, 0xaf],
        &[1, 0, 0, 0], // a truth value
    ];
    for value in astray {
        let block = [&[0, 0, 0, 0], value, &[9, 9, 9, 9]].concat();
        let database = Database::new(&block).unwrap();
        let root = database.root();
        assert!(database.blob(root).is_err(), "{value:x?}");
        assert!(database.slots(root).is_err(), "{value:x?}");
        assert!(database.int(root).is_err(), "{value:x?}");
    }
    // No slots at all, not even the number itself.
    let database = Database::new(&[0, 0, 0, 0, 8, 0, 0, 0xd0, 0, 0, 0, 0]).unwrap();
    assert!(database.slots(database.root()).is_err());
}

/// Thousands of packages that all are one, with thousands of dependencies that all are one.
#[test]
fn repetition_is_bounded() {
    let mut encoder = Encoder::default();
    let name = encoder.blob(b"a").unwrap();
    let version = encoder.blob(b"1").unwrap();
    let dependency = encoder.object(&[name]).unwrap();
    let depends = encoder.object(&vec![dependency; 20_000]).unwrap();
    let mut fields = vec![adb::Value::NULL; 15];
    (fields[0], fields[1], fields[14]) = (name, version, depends);
    let package = encoder.object(&fields).unwrap();
    let packages = encoder.object(&vec![package; 20_000]).unwrap();
    let root = encoder.object(&[adb::Value::NULL, packages]).unwrap();
    let values = encoder.finish(root);
    let refused = Index::read_values(&Database::new(&values).unwrap());
    assert_eq!(refused, Err(Error::Repetition(16)));
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = [b"ADB.indx", &bytes[..]].concat();
        let _ = Index::read_unverified(&file);
        let block = [&[0; 4], &bytes[..]].concat();
        if let Ok(database) = Database::new(&block) {
            let _ = Index::read_values(&database);
        }
        let _ = adb::unpack(&[b"ADBd", &bytes[..]].concat(), Limits::INDEX);
        let _ = adb::unpack(&[b"ADBc\x02\0", &bytes[..]].concat(), Limits::INDEX);
    }
}
