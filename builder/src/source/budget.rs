//! Whether an image fits the device, and what to do when it does not.

use anyhow::anyhow;
use openwrt_formats::tree::{Kind, Tree};

use crate::build::plan::PackagesPlan;
use crate::failure::{Class, Failure};

/// How many of the largest files are named.
const NAMED: usize = 8;
/// Width of the bar in characters.
const BAR: u64 = 40;

/// Refuses an image longer than `limit` bytes (`None`: no limit is known). `image` is the whole file, `rootfs` what it
/// holds, `tree` what that was made of, `packages` what was added to it.
///
/// # Errors
/// [`Class::TooBig`] with the budget as a bar and the largest files.
pub fn check(
    image: &[u8],
    limit: Option<u64>,
    rootfs: &[u8],
    tree: &Tree,
    packages: &PackagesPlan,
) -> Result<(), Failure> {
    let size = image.len() as u64;
    let Some(limit) = limit.filter(|limit| size > *limit) else {
        return Ok(());
    };
    let over = size - limit;
    let rest = size.saturating_sub(rootfs.len() as u64);
    let mut files: Vec<(u64, String)> = tree
        .walk()
        .filter_map(|entry| match &entry.inode.kind {
            Kind::File(content) => Some((
                content.len(),
                String::from_utf8_lossy(&entry.path).into_owned(),
            )),
            _ => None,
        })
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    let largest: String = files
        .iter()
        .take(NAMED)
        .map(|(size, path)| format!("\n  {:>9}  /{path}", kib(*size)))
        .collect();
    let mut come: Vec<_> = packages
        .installed
        .iter()
        .map(|(name, package)| (package.size, name))
        .collect();
    come.sort_by(|a, b| b.cmp(a));
    let come: String = come
        .iter()
        .take(NAMED)
        .map(|(size, name)| format!("\n  {:>9}  {name}", kib(*size)))
        .collect();
    let come = match come.is_empty() {
        true => come,
        false => format!("\nthe largest packages that were added, compressed:{come}"),
    };
    Err(Failure::new(
        Class::TooBig,
        anyhow!(
            "the image is {} too big for the device\n  {}\n  kernel and headers {}, root file system {}, image {}, limit {}\n\
             the largest files, before compression:{largest}{come}",
            kib(over),
            bar(rest, size, limit),
            kib(rest),
            kib(rootfs.len() as u64),
            kib(size),
            kib(limit),
        ),
    )
    .help(
        "leave out overlays or files, take agent tier `lite` ([agent] tier = \"lite\"), or take packages out ([packages] uninstall;\n      \
         `clom packages size` shows what each costs);\n      \
         [image] block_size = \"1M\" and effort = \"best\" compress more",
    ))
}

/// `[KKKKRRRRRRRRRR|RR]`: kernel and headers, root file system, and where the device ends.
fn bar(rest: u64, size: u64, limit: u64) -> String {
    let at = |bytes: u64| (bytes * BAR / size.max(1)) as usize;
    let mut bar: String = "K".repeat(at(rest)) + &"R".repeat(BAR as usize - at(rest));
    bar.insert(at(limit).min(bar.len()), '|');
    format!("[{bar}]  | = where the device ends")
}

/// Bytes for people, not less than they are: `980 B`, `212 KiB`.
pub(crate) fn kib(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ => format!("{} KiB", bytes.div_ceil(1024)),
    }
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    #[test]
    fn says_how_much_and_what_is_large() {
        let mut tree = Tree::default();
        tree.put_file("usr/bin/big", vec![0; 5000], Meta::file(0o755))
            .unwrap();
        tree.put_file("etc/small", vec![0; 10], Meta::file(0o644))
            .unwrap();
        let none = PackagesPlan::default();
        let image = vec![0; 8192];
        check(&image, None, &image[..4096], &tree, &none).unwrap();
        check(&image, Some(8192), &image[..4096], &tree, &none).unwrap();
        let failure = check(&image, Some(6144), &image[..4096], &tree, &none).unwrap_err();
        assert_eq!(failure.class(), Class::TooBig);
        let text = failure.to_string();
        assert!(text.contains("2 KiB too big"), "{text}");
        assert!(text.contains(&format!(
            "[{}{}|{}]",
            "K".repeat(20),
            "R".repeat(10),
            "R".repeat(10)
        )));
        assert!(text.contains("5 KiB  /usr/bin/big"), "{text}");
    }
}
