//! The sysupgrade tarball as a format.

use super::read::{self, Layout};
use crate::layer::{Error, Format, Opened, Part, Role};

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "sysupgrade-tar"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        if !read::looks_like(image) {
            return None;
        }
        let opened = match read::open(image) {
            Err(error) => return Some(Err(error.into())),
            Ok(opened) => opened,
        };
        let board = opened.layout.board.clone();
        let parts = vec![
            Part::at("kernel", opened.kernel, Role::Kernel),
            Part::at("rootfs", opened.rootfs, Role::Rootfs),
        ];
        let opened = Opened::new(opened.layout, parts);
        Some(Ok(match board {
            Some(board) => opened.fact("board", board),
            None => opened,
        }))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, rootfs] = parts else {
            return Err(Error::damaged(
                0,
                "a sysupgrade tarball has a kernel and a root file system",
            ));
        };
        Ok(self.put_together(kernel, rootfs)?)
    }
}
