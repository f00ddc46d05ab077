use super::Layout;
use crate::layer::testing::{assert_exact, assert_repacks, random, sample_kernel, sample_rootfs};
use crate::layer::{Data, Format, le32};
use crate::pad_rootfs::{DEFAULT_KIB, Rule};
use crate::ubi::tests::{NAND, ubinize};

/// The tools' `-f`, `-A`, `-a` and `-b`, written from their descriptions.
enum Step<'a> {
    Add(&'a [u8]),
    Append(&'a [u8]),
    Align(usize),
    PadTo(usize),
}

fn to(image: &mut Vec<u8>, block: usize) {
    while !image.len().is_multiple_of(block) {
        image.push(0);
    }
}

/// CRC-32 bit by bit, without the final inversion.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

fn trx(magic: &[u8; 4], version: u8, steps: &[Step]) -> Vec<u8> {
    let mut image = [&magic[..], &[0; 8], &[0, 0, version, 0], &[0; 12]].concat();
    if version == 2 {
        image.extend([0; 4]);
    }
    let mut at = 16;
    for step in steps {
        match step {
            Step::Add(part) => {
                let offset = image.len() as u32;
                image[at..at + 4].copy_from_slice(&offset.to_le_bytes());
                at += 4;
                image.extend_from_slice(part);
                to(&mut image, 4);
            }
            Step::Append(part) => {
                image.extend_from_slice(part);
                to(&mut image, 4);
            }
            Step::Align(block) => to(&mut image, *block),
            Step::PadTo(offset) => image.resize(*offset, 0),
        }
    }
    to(&mut image, 4096);
    seal(&mut image);
    image
}

fn seal(image: &mut [u8]) {
    let len = image.len() as u32;
    image[4..8].copy_from_slice(&len.to_le_bytes());
    let mut counted = image.to_vec();
    if image[14] == 2 {
        let pattern = u32::from_le_bytes(image[28..32].try_into().unwrap()) as usize;
        counted[pattern + 22..pattern + 30].fill(0xFF);
    }
    let crc = crc(&counted[12..]);
    image[8..12].copy_from_slice(&crc.to_le_bytes());
}

/// What `padjffs2` makes of a file with a marker alone, as the recipes do.
fn fs_mark() -> Vec<u8> {
    let mut mark = b"\xde\xad\xc0\xde".to_vec();
    mark.extend(Rule::padjffs2(&DEFAULT_KIB).unwrap().padding(4));
    mark
}

fn loader() -> Vec<u8> {
    [b"\x1f\x8b\x08".to_vec(), random(2000, 3), vec![0]].concat()
}

pub(crate) fn with_loader(kernel: &[u8], rootfs: &[u8]) -> Vec<u8> {
    use Step::{Add, Align, Append};
    let steps = [
        Add(&loader()),
        Add(kernel),
        Align(1024),
        Add(rootfs),
        Align(0x1_0000),
        Append(&fs_mark()),
    ];
    trx(b"HDR0", 1, &steps)
}

#[test]
fn with_loader_is_exact() {
    let opened = assert_exact(with_loader);
    let trx = opened.container.layers()[0];
    let names: Vec<_> = trx.slots.iter().map(|slot| &slot.name[..]).collect();
    assert_eq!(names, ["loader", "kernel", "rootfs"]);
}

#[test]
fn without_loader_is_exact() {
    use Step::{Add, Align, Append};
    assert_exact(|kernel, rootfs| {
        let steps = [
            Add(kernel),
            Align(1024),
            Add(rootfs),
            Align(0x1_0000),
            Append(&fs_mark()),
        ];
        trx(b"HDR0", 1, &steps)
    });
}

#[test]
fn version_2_is_exact() {
    use Step::{Add, Align, Append};
    let mut pattern = b"3G2V\0\0\0\0\x7c\x01\x01\x03\x00\x18U2ND\0\x06".to_vec();
    pattern.extend(b"\0\0s\0t\0\xff\xff\xff\xff\0\0");
    assert_eq!(pattern.len(), 32);
    assert_exact(|kernel, rootfs| {
        let steps = [
            Add(&loader()),
            Add(kernel),
            Align(1024),
            Add(rootfs),
            Add(&pattern),
            Align(0x1_0000),
            Append(&fs_mark()),
        ];
        trx(b"HDR0", 2, &steps)
    });
}

/// ramips: the root file system right behind the kernel, the overlay's markers behind the whole, another magic.
#[test]
fn ramips_is_exact() {
    use Step::{Add, Align};
    for magic in [*b"HDR0", 0x746f_435c_u32.to_le_bytes()] {
        assert_exact(|kernel, rootfs| {
            let steps = [Add(kernel), Align(4), Add(rootfs)];
            let mut image = trx(&magic, 1, &steps);
            let padding = Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64);
            image.extend(padding);
            image
        });
    }
}

fn asus(kernel: &[u8], rootfs: &[u8]) -> Vec<u8> {
    let mut image = with_loader(kernel, rootfs);
    let at = image.len() - 64;
    image[at + 4..at + 16].copy_from_slice(b"WL500gpv2   ");
    seal(&mut image);
    image
}

#[test]
fn asus_is_exact() {
    let opened = assert_exact(asus);
    assert_eq!(opened.container.layers()[0].facts[0].value, "WL500gpv2");
}

#[test]
fn text_behind_is_exact() {
    assert_exact(|kernel, rootfs| {
        let text = b"BCM-5352-2050-0000000-01\n";
        [&with_loader(kernel, rootfs)[..], text].concat()
    });
}

/// `trx-nand` and `buffalo-trx`: any UBI image goes where the first one was.
#[test]
fn ubi_images_are_exchanged() {
    use Step::{Add, Align, Append, PadTo};
    let kernel = sample_kernel(100_000);
    let ubi = |blocks: usize| [b"UBI#\x01\0\0\0", &random(blocks * 0x2_0000 - 8, 5)[..]].concat();
    let nand = |magic: &[u8; 4], offset, ubi: &[u8], product: Option<&[u8; 12]>| {
        let steps = [
            Add(&kernel),
            Align(0x2_0000),
            PadTo(offset),
            Add(ubi),
            Append(b"\xde\xad\xc0\xde"),
            Align(0x2_0000),
        ];
        let mut image = trx(magic, 1, &steps);
        if let Some(product) = product {
            let at = image.len() - 64;
            image[at + 4..at + 16].copy_from_slice(product);
            seal(&mut image);
        }
        image
    };
    for (magic, offset, product) in [
        (*b"HDR0", 0x40_0000, None),
        (*b"HDR0", 0x40_0000, Some(b"RT-AC68U\0\0\0\0")),
        (0x3250_4844_u32.to_le_bytes(), 0x60_0000, None),
    ] {
        let donor = nand(&magic, offset, &ubi(2), product);
        let opened = Layout::open(&donor).unwrap().unwrap();
        assert!(opened.checks[0].holds());
        let found: Vec<_> = opened.parts.iter().map(|part| part.data.clone()).collect();
        let lies = |range| Data::At(range);
        assert_eq!(
            found,
            [
                lies(28..28 + kernel.len()),
                lies(offset..offset + 2 * 0x2_0000)
            ]
        );
        for blocks in [1, 2, 5] {
            let closed = opened.layout.close(&[&kernel, &ubi(blocks)]).unwrap();
            assert!(closed == nand(&magic, offset, &ubi(blocks), product));
        }
        let long = vec![1; offset];
        assert!(opened.layout.close(&[&long, &ubi(1)]).is_err());
    }
}

/// Worked out by hand from the description.
#[test]
fn the_header_is_as_described() {
    let image = with_loader(&sample_kernel(1000), &sample_rootfs(0));
    // Loader: 28 + 2004; kernel: 2032 + 1064 = 3096; root file system on the next multiple of 1024.
    assert_eq!(image[..4], *b"HDR0");
    assert_eq!(
        image[12..28],
        [0, 0, 1, 0, 28, 0, 0, 0, 0xF0, 7, 0, 0, 0, 0x10, 0, 0]
    );
    let closed = crate::container::prove(image.clone()).unwrap();
    assert_eq!(le32(&image, 4), Some(image.len() as u32));
    assert_eq!(closed.rootfs, sample_rootfs(0));
}

pub(crate) fn nand(kernel: &[u8], rootfs: &[u8]) -> Vec<u8> {
    use Step::{Add, Align, Append, PadTo};
    let data = "vol_size=1MiB\nvol_flags=autoresize\n";
    let volumes = [("rootfs", Some(rootfs), ""), ("rootfs_data", None, data)];
    let steps = [
        Add(kernel),
        Align(0x2_0000),
        PadTo(0x40_0000),
        Add(&ubinize(NAND, &volumes)),
        Append(b"\xde\xad\xc0\xde"),
        Align(0x2_0000),
    ];
    trx(b"HDR0", 1, &steps)
}

#[test]
fn nand_is_exact() {
    let opened = assert_repacks(nand);
    let trx = opened.container.layers()[0];
    assert_eq!(trx.slots[1].layer().unwrap().layout.kind(), "ubi");
}

#[test]
fn nand_of_asus_is_exact() {
    let opened = assert_repacks(|kernel, rootfs| {
        let mut image = nand(kernel, rootfs);
        let at = image.len() - 64;
        image[at + 4..at + 12].copy_from_slice(b"RT-AC68U");
        seal(&mut image);
        image
    });
    assert_eq!(opened.container.layers()[0].facts[0].value, "RT-AC68U");
}
