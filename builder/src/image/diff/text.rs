//! A difference as text.

use super::{Change, Difference, FileChange};
use crate::image::tree::Entry;
use crate::terminal::clean;

/// What `clom image diff` prints.
pub fn text(difference: &Difference) -> String {
    if difference.identical {
        return "the same, bit for bit\n".to_owned();
    }
    let mut out = String::new();
    if let Some(offset) = difference.offset {
        out += &format!("different from offset {offset} ({offset:#x}) on\n");
    }
    section(&mut out, "Containers", &difference.containers);
    section(&mut out, "Kernel", &difference.kernel);
    section(&mut out, "Packages", &difference.packages);
    section(&mut out, "Settings (UCI)", &difference.uci);
    if !difference.files.is_empty() {
        out += &format!("\nFiles ({})\n", difference.files.len());
        for change in &difference.files {
            out += &format!("  {}\n", file(change));
        }
    }
    if !difference.remarks.is_empty() {
        out += "\nRemarks\n";
        for remark in &difference.remarks {
            out += &format!("  {}\n", clean(remark));
        }
    }
    out
}

fn section(out: &mut String, title: &str, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    *out += &format!("\n{title} ({})\n", changes.len());
    for Change { key, a, b } in changes {
        let key = clean(key);
        let line = match (a, b) {
            (Some(a), Some(b)) => format!("~ {key}: {} -> {}", clean(a), clean(b)),
            (Some(a), None) => format!("- {key}: {}", clean(a)),
            (None, b) => format!("+ {key}: {}", clean(b.as_deref().unwrap_or_default())),
        };
        *out += &format!("  {line}\n");
    }
}

/// `+ -rw 0644 0:0 12 /etc/motd`, `~ /etc/banner: content (12 -> 14 bytes), mode (0644 -> 0600)`.
fn file(change: &FileChange) -> String {
    let path = clean(&change.path);
    let (a, b) = match (&change.a, &change.b) {
        (Some(a), Some(b)) => (a, b),
        (Some(a), None) => return format!("- {path} ({})", describe(a)),
        (None, Some(b)) => return format!("+ {path} ({})", describe(b)),
        (None, None) => return path,
    };
    let what: Vec<String> = change
        .what
        .iter()
        .map(|what| match *what {
            "content" if a.size == b.size => format!("content ({} bytes in both)", a.size),
            "content" => format!("content ({} -> {} bytes)", a.size, b.size),
            "mode" => format!("mode ({} -> {})", a.mode, b.mode),
            "owner" => format!("owner ({}:{} -> {}:{})", a.uid, a.gid, b.uid, b.gid),
            "type" => format!("type ({} -> {})", a.kind, b.kind),
            "target" => format!("target ({} -> {})", target(a), target(b)),
            other => other.to_owned(),
        })
        .collect();
    format!("~ {path}: {}", what.join(", "))
}

fn target(entry: &Entry) -> String {
    clean(entry.target.as_deref().unwrap_or_default())
}

fn describe(entry: &Entry) -> String {
    let Entry {
        kind,
        mode,
        uid,
        gid,
        size,
        ..
    } = entry;
    match *kind {
        "file" => format!("{size} bytes, {mode}, {uid}:{gid}"),
        "symlink" => format!("-> {}", target(entry)),
        kind => format!("{kind}, {mode}, {uid}:{gid}"),
    }
}
