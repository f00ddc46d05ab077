use crate::container::Layout;
use crate::layer::testing::{assert_exact, sample_rootfs};

#[test]
fn every_usual_padding_is_exact() {
    for (block, extra) in [(0x1000, 0), (0x1_0000, 0), (0x2_0000, 0), (1, 4096)] {
        let opened = assert_exact(|_, rootfs| {
            let mut image = rootfs.to_vec();
            image.resize(image.len().next_multiple_of(block) + extra, 0);
            image
        });
        let layers = opened.container.layers();
        assert!(matches!(layers[0].layout, Layout::Filesystem(_)));
        assert!(opened.kernel.is_none());
    }
}

#[test]
fn a_squashfs_alone_is_an_image() {
    let rootfs = sample_rootfs(3);
    let opened = crate::container::prove(rootfs.clone()).unwrap();
    assert_eq!(opened.rootfs, rootfs);
    assert_eq!(opened.container.kind(), "squashfs");
}
