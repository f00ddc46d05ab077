//! Which devices' images can be opened and closed again: OpenWrt's recipes, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Device, Image};

/// What a step of a recipe means for opening and closing an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It adds or wraps what does not depend on the root file system, and is kept as it is.
    Kept,
    /// It changes nothing of the image's bytes.
    Nothing,
    /// It is opened and closed by the format of this name.
    Format(&'static str),
    /// It is not supported.
    Unsupported,
}

/// The verbs by what becomes of them. The names of formats are those that `clom image inspect` shows.
const VERBS: &[(Step, &[&str])] = &[
    (Step::Nothing, &["check-size", "ls-clean", "install-dtb"]),
    (
        Step::Kept,
        &[
            "append-kernel",
            "append-dtb",
            "append-uboot",
            "append-image-stage",
            "append-image",
            "append-loader-okli",
            "append-loader-okli-uimage",
            "append-uImage-fakehdr",
            "append-bootscript",
            "uImage",
            "multiImage",
            "asus-fake-ramdisk",
            "append-squashfs-fakeroot-be",
            "append-avm-fakeroot",
            "boot-common",
            "boot-script",
            "boot-scr",
            "boot-img",
            "boot-img-ext4",
            "boot-2708",
            "boot-2711",
            "kernel-pack-npk",
            "yaffs-filesystem",
            "netgear-squashfs",
            "ls-append",
            "ls-append-dtb",
            "ls-append-kernel",
            "ls-append-sdhead",
            "netgear-fit-padding",
            "inteno-bootfs",
            "sercomm-kernel",
            "sercomm-kernel-factory",
            "append-boot-part",
            "append-kernel-part",
        ],
    ),
];

/// What becomes of a verb.
pub fn step(verb: &str) -> Step {
    let known = VERBS
        .iter()
        .chain(FORMATS)
        .find(|(_, verbs)| verbs.contains(&verb));
    known.map_or(Step::Unsupported, |(step, _)| *step)
}

/// The formats, and the verbs that make them.
const FORMATS: &[(Step, &[&str])] = &[
    (
        Step::Format("plain"),
        &[
            "append-rootfs",
            "pad-to",
            "pad-extra",
            "pad-offset",
            "pad-rootfs",
            "wrgg-pad-rootfs",
        ],
    ),
    (
        Step::Format("fwtool trailer"),
        &[
            "append-metadata",
            "append-gl-metadata",
            "append-teltonika-metadata",
        ],
    ),
    (Step::Format("sysupgrade-tar"), &["sysupgrade-tar"]),
    (Step::Format("tplink-v1-image"), &["tplink-v1-image"]),
    (Step::Format("tplink-v2-image"), &["tplink-v2-image"]),
    (Step::Format("tplink-safeloader"), &["tplink-safeloader"]),
    (Step::Format("ubi"), &["append-ubi"]),
    (
        Step::Format("fit"),
        &["fit", "qsdk-ipq-factory-nand", "qsdk-ipq-factory-nor"],
    ),
    (
        Step::Format("gzip"),
        &["gzip", "gzip-filename", "libdeflate-gzip"],
    ),
    (
        Step::Format("disk"),
        &[
            "sunxi-sdcard",
            "pine64-img",
            "sdcard-img",
            "sdcard-img-ext4",
            "at91-sdcard",
            "omap-sdcard",
            "zynq-sdcard",
            "combined",
            "grub-config",
            "grub-install",
        ],
    ),
    (
        Step::Format("trx"),
        &[
            "trx",
            "trx-with-loader",
            "trx-without-loader",
            "trx-nand",
            "trx-serial",
            "buffalo-trx",
            "asus-trx",
        ],
    ),
    (Step::Format("linksys-bin"), &["linksys-bin"]),
    (Step::Format("linksys-addfwhdr"), &["linksys-addfwhdr"]),
    (Step::Format("luxul-lxl"), &["luxul-lxl"]),
    (Step::Format("linksys-image"), &["linksys-image"]),
    (Step::Format("netgear-chk"), &["netgear-chk"]),
    (Step::Format("netgear-dni"), &["netgear-dni"]),
    (
        Step::Format("netgear-encrypted-factory"),
        &["netgear-encrypted-factory"],
    ),
    (Step::Format("zyimage"), &["zyimage"]),
    (
        Step::Format("seama"),
        &["seama", "seama-seal", "seama-nand"],
    ),
    (Step::Format("sercom-seal"), &["sercom-seal"]),
    (Step::Format("sercom-footer"), &["sercom-footer"]),
    (Step::Format("edimax-header"), &["edimax-header"]),
    (Step::Format("senao-header"), &["senao-header"]),
    (
        Step::Format("buffalo-enc"),
        &[
            "buffalo-enc",
            "buffalo-enc-tag",
            "buffalo-tag",
            "buffalo-tag-dhp",
            "buffalo-dhp-image",
            "buffalo-wzr-header",
        ],
    ),
    (Step::Format("openmesh-image"), &["openmesh-image"]),
    (Step::Format("cfe-bin"), &["cfe-bin"]),
    (
        Step::Format("mkubntimage-split"),
        &["mkubntimage-split", "mkubntimage"],
    ),
    (Step::Format("zip"), &["zip"]),
    (Step::Format("senao-tar"), &["senao-tar-gz"]),
    (Step::Format("wrgg"), &["mkwrggimg", "wrgg-image"]),
    (
        Step::Format("jboot"),
        &["mkdlinkfw-loader", "mkdlinkfw-factory"],
    ),
    (Step::Format("tplink-image-2022"), &["tplink-image-2022"]),
    (
        Step::Format("elecom-wrc-gs-factory"),
        &["elecom-wrc-gs-factory"],
    ),
    (
        Step::Format("elecom-product-header"),
        &["elecom-product-header"],
    ),
    (Step::Format("md5-text"), &["append-md5sum-ascii-salted"]),
    (
        Step::Format("text-behind"),
        &["append-string", "tailed-bin"],
    ),
    (Step::Format("elx-header"), &["elx-header"]),
    (Step::Format("iptime-crc32"), &["iptime-crc32"]),
    (Step::Format("belkin-header"), &["belkin-header"]),
    (Step::Format("jcg-header"), &["jcg-header"]),
    (
        Step::Format("buffalo-tftp-header"),
        &["buffalo-tftp-header"],
    ),
    (
        Step::Format("yuncore-tftp-header-16m"),
        &["yuncore-tftp-header-16m"],
    ),
];

/// How many devices of a release are covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Devices in all.
    pub devices: usize,
    /// Devices all of whose sysupgrade images are covered.
    pub sysupgrade: usize,
    /// Devices all of whose images are covered.
    pub all: usize,
    /// Devices by format.
    formats: BTreeMap<&'static str, usize>,
    /// Devices by verb that is not supported: in any image, and in a sysupgrade image.
    missing: BTreeMap<String, (usize, usize)>,
}

impl Coverage {
    /// Counts `devices`, those of releases only.
    pub fn of(devices: impl Iterator<Item = Device>) -> Self {
        let mut coverage = Self {
            devices: 0,
            sysupgrade: 0,
            all: 0,
            formats: BTreeMap::new(),
            missing: BTreeMap::new(),
        };
        for device in devices.filter(|device| device.in_release) {
            coverage.add(&device);
        }
        coverage
    }

    fn add(&mut self, device: &Device) {
        let (mut formats, mut missing) = (BTreeSet::new(), BTreeMap::new());
        for (name, image) in &device.images {
            for verb in verbs(image) {
                match step(verb) {
                    Step::Format(format) => {
                        formats.insert(format);
                    }
                    Step::Unsupported => {
                        *missing.entry(verb.to_owned()).or_insert(false) |=
                            name.contains("sysupgrade");
                    }
                    Step::Kept | Step::Nothing => {}
                }
            }
        }
        self.devices += 1;
        self.all += usize::from(missing.is_empty());
        self.sysupgrade += usize::from(!missing.values().any(|sysupgrade| *sysupgrade));
        for format in formats {
            *self.formats.entry(format).or_default() += 1;
        }
        for (verb, sysupgrade) in missing {
            let (all, of_sysupgrade) = self.missing.entry(verb).or_default();
            *all += 1;
            *of_sysupgrade += usize::from(sysupgrade);
        }
    }

    /// The tables as Markdown.
    pub fn to_markdown(&self) -> String {
        let share =
            |part: usize| format!("{:.1} %", 100.0 * part as f64 / self.devices.max(1) as f64);
        let mut text = format!(
            "| of {} devices of the release | devices | share |\n|---|---|---|\n\
             | all sysupgrade images covered | {} | {} |\n| all images covered | {} | {} |\n\n",
            self.devices,
            self.sysupgrade,
            share(self.sysupgrade),
            self.all,
            share(self.all),
        );
        text += "| format | steps of recipes | devices |\n|---|---|---|\n";
        let mut formats: Vec<_> = self.formats.iter().collect();
        formats.sort_by_key(|(name, count)| (usize::MAX - **count, **name));
        for (format, count) in formats {
            let verbs: Vec<_> = FORMATS
                .iter()
                .filter(|(step, _)| *step == Step::Format(format))
                .flat_map(|(_, verbs)| verbs.iter().map(|verb| format!("`{verb}`")))
                .collect();
            // Writing to a string does not fail.
            let _ = writeln!(text, "| {format} | {} | {count} |", verbs.join(", "));
        }
        text += "\n| step that is not supported | devices | of these in a sysupgrade image |\n|---|---|---|\n";
        let mut missing: Vec<_> = self.missing.iter().collect();
        missing.sort_by_key(|(verb, (all, _))| (usize::MAX - *all, verb.as_str()));
        for (verb, (all, sysupgrade)) in missing {
            let _ = writeln!(text, "| `{verb}` | {all} | {sysupgrade} |");
        }
        text
    }
}

fn verbs(image: &Image) -> impl Iterator<Item = &str> {
    image
        .recipe
        .iter()
        .filter_map(|step| step.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_verb_is_counted_twice() {
        let mut seen = BTreeSet::new();
        for verb in VERBS.iter().chain(FORMATS).flat_map(|(_, verbs)| *verbs) {
            assert!(seen.insert(verb), "{verb}");
        }
        assert_eq!(step("no-such-verb"), Step::Unsupported);
    }

    /// `CLOM_UPDATE=1 cargo test -p clom coverage` writes the tables anew.
    #[test]
    fn the_tables_in_the_docs_are_these() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/formats/COVERAGE.md");
        let coverage = Coverage::of(crate::facts::devices());
        let text = format!("{INTRODUCTION}\n{}", coverage.to_markdown());
        if std::env::var_os("CLOM_UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            written, text,
            "run: CLOM_UPDATE=1 cargo test -p clom coverage"
        );
    }

    const INTRODUCTION: &str = "# Which devices' images can be donors\n\n\
        Counted over the recipes of all MIPS and ARM devices that OpenWrt 25.12.5 releases images for. An image is covered when \
        every step of its recipe\nis: as a format that is opened and closed, or because it does not depend on the root file \
        system and is kept. Written by a test\n(`builder/src/facts/coverage.rs`).\n";
}
