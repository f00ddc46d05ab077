//! The image with a TP-Link header as a format.

use super::format::Kind;
use super::read::{self, Layout};
use crate::layer::{Check, Error, Format, Opened, Part, Role};

impl Format for Layout {
    fn kind(&self) -> &'static str {
        match self.header.kind() {
            Kind::V1 => "tplink-v1-image",
            Kind::V2 => "tplink-v2-image",
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let opened = match read::open(image)? {
            Err(error) => return Some(Err(error.into())),
            Ok(opened) => opened,
        };
        let header = &opened.layout.header;
        let check = Check::digest("MD5", header.md5_at(), &header.md5(), &opened.md5);
        let facts = header.facts();
        let parts = vec![
            Part::at("kernel", opened.kernel, Role::Kernel),
            Part::at("rootfs", opened.rootfs, Role::Rootfs),
        ];
        let mut opened = Opened::new(opened.layout, parts).check(check);
        for (name, value) in facts {
            opened = opened.fact(name, value);
        }
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, rootfs] = parts else {
            return Err(Error::damaged(
                0,
                "such an image has a kernel and a root file system",
            ));
        };
        Ok(self.put_together(kernel, rootfs)?)
    }
}
