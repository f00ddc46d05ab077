//! Containers: opening, proving, closing.

use openwrt_formats::container::{Content, Opened, Parts, Slot, prove};
use proptest::prelude::*;

use super::images::{IMAGES, Image, OTHER, ROOTFS};
use super::memory::{alone, measure};

/// Proves `bytes`. What is accepted must come out the same, and take another root file system.
fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (proved, peak) = measure(|| prove(bytes.to_vec()));
    let bound = 8 * bytes.len() + (1 << 20);
    prop_assert!(peak <= bound, "{peak} bytes for {}", bytes.len());
    match proved {
        Ok(opened) => {
            for slot in opened.container.root().walk() {
                let end = slot.at.map(|at| at as usize + slot.bytes.len());
                prop_assert!(end.is_none_or(|end| end <= bytes.len()));
            }
            let closed = opened.container.close(&opened.parts());
            prop_assert_eq!(closed.as_deref(), Ok(bytes));
            takes_another(&opened)
        }
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            Ok(())
        }
    }
}

/// Another root file system either does not fit, or makes an image that opens to just these parts.
fn takes_another(opened: &Opened) -> Result<(), TestCaseError> {
    let parts = Parts {
        rootfs: &OTHER,
        ..opened.parts()
    };
    let Ok(changed) = opened.container.close(&parts) else {
        return Ok(());
    };
    let again = prove(changed);
    prop_assert!(again.is_ok(), "{}: {:?}", opened.container, again.err());
    let again = again.unwrap();
    prop_assert_eq!(&again.kernel, &opened.kernel);
    prop_assert_eq!(&again.rootfs[..], &OTHER[..]);
    prop_assert_eq!(again.container.chunks(), opened.container.chunks());
    Ok(())
}

/// As it is, and with its checksums made right again.
fn check_both(image: &Image, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    check(&bytes).map_err(|error| blame(image, error))?;
    check_mended(image, bytes)
}

fn check_mended(image: &Image, mut bytes: Vec<u8>) -> Result<(), TestCaseError> {
    (image.mend)(&mut bytes);
    check(&bytes).map_err(|error| blame(image, error))
}

fn blame(image: &Image, error: TestCaseError) -> TestCaseError {
    match error {
        TestCaseError::Fail(why) => TestCaseError::fail(format!("{}: {why}", image.name)),
        other => other,
    }
}

/// Offsets where parts begin and end.
fn borders(bytes: &[u8]) -> Vec<usize> {
    let root = Slot::survey(bytes.to_vec().into());
    let ends = |slot: &Slot| {
        let at = slot.at.unwrap_or(0) as usize;
        [at, at + slot.bytes.len()]
    };
    let slots = root.walk().into_iter().flat_map(ends);
    let mut all: Vec<_> = slots
        .chain([0x200])
        .filter(|at| *at <= bytes.len())
        .collect();
    all.sort_unstable();
    all
}

/// Where the root file system begins.
fn rootfs_at(root: &Slot) -> usize {
    let slots = root.walk();
    let rootfs = slots
        .iter()
        .find(|slot| matches!(slot.content, Content::Rootfs(_)));
    rootfs.unwrap().at.unwrap() as usize
}

#[test]
fn the_images_are_good() {
    let _alone = alone();
    let kinds: Vec<_> = IMAGES
        .iter()
        .map(|image| {
            check(&image.bytes).unwrap_or_else(|error| panic!("{}: {error}", image.name));
            let opened = prove(image.bytes.clone()).unwrap();
            assert_eq!(&opened.rootfs[..], &ROOTFS[..], "{}", image.name);
            let mut mended = image.bytes.clone();
            (image.mend)(&mut mended);
            assert!(mended == image.bytes, "{}: mending changes it", image.name);
            opened
                .container
                .layers()
                .into_iter()
                .map(|layer| layer.layout.kind())
                .collect::<Vec<_>>()
        })
        .collect();
    for kind in [
        "plain",
        "tplink-v1-image",
        "tplink-v2-image",
        "sysupgrade-tar",
    ] {
        assert!(kinds.iter().flatten().any(|found| *found == kind), "{kind}");
    }
}

#[test]
fn cut_anywhere() {
    let _alone = alone();
    for image in IMAGES.iter() {
        let len = image.bytes.len();
        let near = borders(&image.bytes)
            .into_iter()
            .flat_map(|at| at.saturating_sub(3)..=(at + 3).min(len));
        let steps = (0..48).map(|step| len * step / 48);
        for end in near.chain(steps) {
            check_both(image, image.bytes[..end].to_vec()).unwrap();
        }
    }
}

/// Words of headers and trailer, big endian, and of the superblock, little endian; with the right checksums.
#[test]
fn extremes_in_every_field() {
    let _alone = alone();
    for image in IMAGES.iter() {
        let opened = prove(image.bytes.clone()).unwrap();
        let rootfs = rootfs_at(opened.container.root());
        let lead = if image.name.contains("recovery") {
            4096
        } else {
            0
        };
        let len = image.bytes.len();
        let header = (lead..lead + 0x98).step_by(4);
        let trailer = (len - 16..len).step_by(4);
        let superblock = (rootfs..rootfs + 96).step_by(4);
        let big = header.chain(trailer).map(|at| (at, true));
        let fields = big.chain(superblock.map(|at| (at, false)));
        for (at, big) in fields {
            for value in [0, len as u32 - 1, len as u32 + 1, 1 << 31, u32::MAX] {
                let word = if big {
                    value.to_be_bytes()
                } else {
                    value.to_le_bytes()
                };
                let mut changed = image.bytes.clone();
                changed[at..at + 4].copy_from_slice(&word);
                check_mended(image, changed).unwrap();
            }
        }
    }
}

#[test]
fn tar_sizes_of_all_kinds() {
    let _alone = alone();
    let image = IMAGES.iter().find(|image| image.name == "sysupgrade-tar");
    let image = image.unwrap();
    let headers: Vec<usize> = (0..image.bytes.len() - 512)
        .step_by(512)
        .filter(|at| image.bytes[at + 257..].starts_with(b"ustar"))
        .collect();
    assert_eq!(headers.len(), 4);
    for at in headers {
        for size in [
            "00000000000",
            "00000000001",
            "77777777777",
            "00000077777",
            "-0000000001",
            "+0000000001",
            "99999999999",
            "           ",
        ] {
            let mut changed = image.bytes.clone();
            changed[at + 124..at + 135].copy_from_slice(size.as_bytes());
            check_both(image, changed).unwrap();
        }
        for kind in 0..=255 {
            let mut changed = image.bytes.clone();
            changed[at + 156] = kind;
            check_both(image, changed).unwrap();
        }
    }
}

/// Many inputs, none kept: what is found becomes a test of its own.
fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn flipped_bytes() {
    let _alone = alone();
    proptest!(cases(), |(which in any::<prop::sample::Index>(), near in any::<bool>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), -70isize..70, any::<u8>()), 1..6))| {
        let image = which.get(&IMAGES[..]);
        let mut bytes = image.bytes.clone();
        let borders = borders(&bytes);
        for (border, anywhere, distance, value) in flips {
            let at = if near {
                border.get(&borders).saturating_add_signed(distance).min(bytes.len() - 1)
            } else {
                anywhere.index(bytes.len())
            };
            bytes[at] = value;
        }
        check_both(image, bytes)?;
    });
}

/// Parts of one image in the place of others', as a clumsy download or a cunning mind would have it.
#[test]
fn spliced() {
    let _alone = alone();
    proptest!(cases(), |(one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), at in any::<prop::sample::Index>())| {
        let (one, other) = (one.get(&IMAGES[..]), other.get(&IMAGES[..]));
        let (here, there) = (borders(&one.bytes), borders(&other.bytes));
        let (a, b) = (*from.get(&there), *to.get(&there));
        let mut bytes = one.bytes.clone();
        let at = *at.get(&here);
        bytes.splice(at..at, other.bytes[a.min(b)..a.max(b)].iter().copied());
        check_both(one, bytes)?;
    });
}

#[test]
fn any_bytes() {
    let _alone = alone();
    proptest!(cases(), |(bytes in prop::collection::vec(any::<u8>(), 0..3000))| {
        check(&bytes)?;
    });
}
