//! The plain image as a format.

use super::read::{self, Error as PlainError, Layout};
use crate::layer::{Error, Format, Opened, Part, Role};
use crate::rootfs;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "plain"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let opened = match read::open(image) {
            Err(PlainError::Rootfs(rootfs::Error::NotFound)) => return None,
            Err(error) => return Some(Err(error.into())),
            Ok(opened) => opened,
        };
        let kind = opened.kind.to_string();
        let parts = vec![
            Part::at("kernel", opened.kernel, Role::Kernel),
            Part::at("rootfs", opened.rootfs, Role::Rootfs),
        ];
        Some(Ok(Opened::new(opened.layout, parts).fact("kernel", kind)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, rootfs] = parts else {
            return Err(Error::damaged(
                0,
                "a plain image has a kernel and a root file system",
            ));
        };
        Ok(self.put_together(kernel, rootfs)?)
    }
}
