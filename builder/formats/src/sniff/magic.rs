//! Archives, makers' images and boot loaders.

use super::Guess;

/// Offset, bytes there, word for machines, text for people.
type Magic = (usize, &'static [u8], &'static str, &'static str);

/// What stands at the beginning, or at a fixed place, of such files. Those of one or two bytes come last.
const MAGICS: [Magic; 29] = [
    (0, b"PK\x03\x04", "zip", "zip archive"),
    (257, b"ustar", "tar", "tar archive"),
    (0, b"070701", "cpio", "cpio archive (initramfs)"),
    (
        0,
        b"!<arch>\n",
        "ar",
        "ar archive (a Debian or opkg package)",
    ),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", "7-Zip archive"),
    (0, b"Rar!", "rar", "RAR archive"),
    (0, b"%PDF", "pdf", "PDF document"),
    (0, b"\x89PNG", "png", "PNG picture"),
    (0, b"MZ", "pe", "DOS or Windows program"),
    (
        0,
        b"<!DOCTYPE",
        "html",
        "HTML page: the download was an error page",
    ),
    (
        0,
        b"<!doctype",
        "html",
        "HTML page: the download was an error page",
    ),
    (
        0,
        b"<html",
        "html",
        "HTML page: the download was an error page",
    ),
    (0, b"HDR0", "trx", "TRX image"),
    (0, b"*#$^", "chk", "Netgear CHK image"),
    (0, b"device:", "dni", "Netgear DNI image"),
    (0, &[0x5e, 0xa3, 0xa4, 0x17], "seama", "Seama image"),
    (0, b"OPEN", "ubnt", "Ubiquiti image"),
    (0, b"UBNT", "ubnt", "Ubiquiti image"),
    (4, b"Broadcom Corporatio", "cfe", "Broadcom CFE image"),
    (0, &[0x1e, 0xf1, 0xd0, 0xba], "npk", "MikroTik NPK package"),
    (0, b"start\0", "buffalo", "encrypted Buffalo image"),
    (0, b"SHRS", "shrs", "encrypted D-Link image"),
    (
        0,
        b"encrpted_img",
        "dlink-encrypted",
        "encrypted D-Link image",
    ),
    (0, b"CE01", "openmesh", "OpenMesh image"),
    (0, b"CSYS", "csys", "Edimax image"),
    (0, b"ANDROID!", "android", "Android boot image"),
    (0, b"-----BEGIN", "pem", "PEM key or certificate"),
    (
        0,
        b"untrusted comment:",
        "signify",
        "signature or key of usign",
    ),
    (0, b"BZh", "bzip2", "bzip2"),
];

pub(super) fn guess(bytes: &[u8]) -> Option<Guess> {
    let has =
        |(at, magic, ..): &&Magic| bytes.get(*at..).is_some_and(|tail| tail.starts_with(magic));
    let (_, _, kind, text) = MAGICS.iter().find(has)?;
    Some(Guess::new(kind, *text))
}

/// A boot loader, by the banner it prints, in the first MiB.
pub(super) fn boot_loader(bytes: &[u8]) -> Option<Guess> {
    const BANNERS: [(&[u8], &str, &str); 4] = [
        (b"U-Boot SPL 20", "u-boot", "U-Boot SPL"),
        (b"U-Boot 20", "u-boot", "U-Boot"),
        (b"U-Boot 1.", "u-boot", "U-Boot"),
        (b"RedBoot(tm)", "redboot", "RedBoot"),
    ];
    let head = &bytes[..bytes.len().min(1 << 20)];
    BANNERS.iter().find_map(|(banner, kind, name)| {
        let at = head
            .windows(banner.len())
            .position(|window| window == *banner)?;
        let printable = |b: &&u8| (b' '..=b'~').contains(*b) && **b != b'(';
        let line: Vec<u8> = head[at..]
            .iter()
            .take(48)
            .take_while(printable)
            .copied()
            .collect();
        let line = String::from_utf8_lossy(&line);
        let version = line.trim_start_matches(name).trim();
        Some(Guess::new(
            kind,
            format!("{name} {version}").trim().to_owned(),
        ))
    })
}
