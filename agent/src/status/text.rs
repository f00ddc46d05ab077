//! The status as text, for a terminal.

use std::fmt::Write;

use super::{Status, Uplink, groups};

/// The status as aligned lines. Control characters, which could drive a terminal, become spaces.
pub fn text(status: &Status) -> String {
    let groups = groups(status);
    let width = groups
        .iter()
        .flat_map(|(_, rows)| rows)
        .map(|(key, _)| key.chars().count())
        .max()
        .unwrap_or_default();
    let mut out = String::new();
    for (title, rows) in groups.iter().filter(|(_, rows)| !rows.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{title}");
        for (key, value) in rows {
            let _ = writeln!(out, "  {:width$}  {}", plain(key), plain(value));
        }
    }
    out
}

fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Seconds in the two largest units.
pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Bytes in a unit that leaves few digits.
pub(super) fn bytes(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" || value >= 100.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

/// So much free of so much.
pub(super) fn free(available: u64, total: u64) -> String {
    format!("{} free of {}", bytes(available), bytes(total))
}

/// The last check in a few words.
pub(super) fn uplink(uplink: &Uplink) -> String {
    let mut said = match uplink.ok {
        None => "not checked yet".to_owned(),
        Some(true) => "works".to_owned(),
        Some(false) => "fails".to_owned(),
    };
    if let Some(error) = &uplink.error {
        let _ = write!(said, ": {error}");
    }
    if let Some(latency) = uplink.latency_ms {
        let _ = write!(said, ", answer after {latency} ms");
    }
    if let Some(offset) = uplink.date_offset_s.filter(|offset| *offset != 0) {
        let _ = write!(said, ", its clock is {offset:+} s from ours");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bare, sample};
    use super::*;

    #[test]
    fn everything() {
        insta::assert_snapshot!(text(&sample()));
    }

    #[test]
    fn next_to_nothing() {
        insta::assert_snapshot!(text(&bare()));
    }

    #[test]
    fn durations_and_sizes() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3600, "1 h 0 min"),
            (90_061, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds), said);
        }
        for (size, said) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(size), said);
        }
    }
}
