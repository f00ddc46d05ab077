//! `lib/apk/db/scripts.tar.gz`, the scripts of apk's installed packages, byte for byte as apk-tools and `gzip -9n` write it.
//!
//! ```text
//! NAME-VERSION.X1<40 hex digits of the package's checksum>.<kind>      mode 0755, root, the package's time of build
//! ```
//!
//! Source: apk-tools' `src/database.c` (`apk_db_scriptdb_write`) and `src/tar.c`.

use openwrt_formats::apk::package::Script;
use openwrt_formats::gzip::deflate::{Effort, deflate};

/// Kinds in the order in which apk-tools writes them.
pub(super) const ORDER: [Script; 7] = [
    Script::PreInstall,
    Script::PostInstall,
    Script::PreDeinstall,
    Script::PostDeinstall,
    Script::PreUpgrade,
    Script::PostUpgrade,
    Script::Trigger,
];

/// One script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) time: u64,
    pub(super) text: Vec<u8>,
}

/// The archive of these scripts.
pub(super) fn write(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Vec::new();
    for entry in entries {
        if entry.name.len() > 99 {
            let long = entry.name.len();
            tar.extend(header(b'L', b"././@LongLink", long, entry.time));
            tar.extend_from_slice(&entry.name);
            tar.push(0);
            pad(&mut tar);
        }
        tar.extend(header(b'0', &entry.name, entry.text.len(), entry.time));
        tar.extend_from_slice(&entry.text);
        pad(&mut tar);
    }
    tar.extend([0; 1024]);
    gzip_9n(&tar)
}

/// What `gzip -9n` makes.
fn gzip_9n(data: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    file.extend(deflate(data, Effort::GZIP_9));
    let mut crc = flate2::Crc::new();
    crc.update(data);
    file.extend(crc.sum().to_le_bytes());
    file.extend((data.len() as u32).to_le_bytes());
    file
}

fn pad(tar: &mut Vec<u8>) {
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn header(kind: u8, name: &[u8], size: usize, time: u64) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &[u8]| {
        header
            .iter_mut()
            .skip(at)
            .zip(text)
            .for_each(|(to, from)| *to = *from);
    };
    put(0, name.get(..99).unwrap_or(name));
    put(100, b"0000755");
    put(108, b"0000000");
    put(116, b"0000000");
    // These two fill their fields and end without NUL.
    put(124, format!("{size:012o}").as_bytes());
    put(136, format!("{time:012o}").as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar  ");
    put(265, b"root");
    put(297, b"root");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    // Six digits and NUL; the space behind stays.
    let text = format!("{sum:06o}\0");
    header
        .iter_mut()
        .skip(148)
        .zip(text.as_bytes())
        .for_each(|(to, from)| *to = *from);
    header
}
