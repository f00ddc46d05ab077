//! A kernel with a UBI image behind it, as factory images for NAND flash are that keep the kernel outside of UBI.
//!
//! ```text
//! [zeros, a multiple of 4 KiB ‖] kernel ‖ padding or other bytes ‖ UBI image ‖ padding
//! ```

use super::format::{MAGIC, extent};
use crate::layer::{Error, Format, Opened, Part, Role};
use crate::pad_rootfs::{Candidate, End, Tail};
use crate::plain::{self, Gap, recognise};

/// What lies between kernel and UBI image, and behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout(plain::Layout);

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "kernel and ubi"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        if image.starts_with(&MAGIC) {
            return None;
        }
        let (at, len) = find(image)?;
        let head = &image[..at];
        let lead = head.iter().take_while(|b| **b == 0).count();
        let lead = if lead.is_multiple_of(4096) { lead } else { 0 };
        // What is no kernel of a known kind may hold a checksum over all behind it.
        let (kind, stated) = recognise(&head[lead..]).ok()?;
        let parts = split(head, lead, stated);
        Some(finish(image, at..at + len, parts).map(|opened| opened.fact("kernel", kind)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, ubi] = parts else {
            return Err(Error::damaged(
                0,
                "such an image has a kernel and a UBI image",
            ));
        };
        Ok(self.0.put_together(kernel, ubi)?)
    }
}

/// Where the UBI image is, and its length.
fn find(image: &[u8]) -> Option<(usize, usize)> {
    let starts = image.windows(MAGIC.len()).enumerate();
    let mut starts = starts.filter(|(_, window)| **window == MAGIC);
    starts.find_map(|(at, _)| Some((at, extent(&image[at..])?)))
}

/// What the bytes before the UBI image are: a kernel and padding, or something else that is kept as it is.
fn split(head: &[u8], lead: usize, stated: Option<u64>) -> (Part, Gap) {
    let end = match stated {
        Some(len) => usize::try_from(len)
            .ok()
            .and_then(|len| lead.checked_add(len)),
        // A kernel without a stated length ends with its last byte that is no padding.
        None => {
            let fill = head.last().copied().filter(|fill| [0, 0xFF].contains(fill));
            let last = head.iter().rposition(|b| Some(*b) != fill);
            last.map(|last| last + 1)
        }
    };
    let padding = end.and_then(|end| {
        let any = [Candidate {
            marks: None,
            end: None,
        }];
        let tail = Tail::infer(end as u64, head.get(end..)?, &any).ok()?;
        Some((end, tail.end))
    });
    match padding {
        Some((end, gap)) if lead == 0 => {
            (Part::at("kernel", 0..end, Role::Kernel), Gap::Padding(gap))
        }
        _ => {
            let part = Part::at("kernel and more", 0..head.len(), Role::Kept);
            (part, Gap::Padding(End::Exact))
        }
    }
}

fn finish(
    image: &[u8],
    ubi: std::ops::Range<usize>,
    (kernel, gap): (Part, Gap),
) -> Result<Opened<Layout>, Error> {
    let any = [Candidate {
        marks: None,
        end: None,
    }];
    let tail = Tail::infer(ubi.end as u64, &image[ubi.end..], &any)?;
    let ubi = Part::at("ubi", ubi, Role::Image);
    let layout = Layout(plain::Layout { gap, tail });
    Ok(Opened::new(layout, vec![kernel, ubi]))
}
