//! Columns of text.

use std::fmt;

/// Which way a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Writes lines in columns as wide as their widest entry, without white space at the end.
pub(super) fn write<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    align: [Align; N],
    lines: &[[String; N]],
) -> fmt::Result {
    let mut widths = [0; N];
    for line in lines {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = text.chars().count().max(*width);
        }
    }
    for line in lines {
        let mut out = String::new();
        for ((text, width), align) in line.iter().zip(widths).zip(align) {
            let gap = if out.is_empty() { "" } else { "  " };
            out.push_str(gap);
            out.push_str(&match align {
                Align::Left => format!("{text:<width$}"),
                Align::Right => format!("{text:>width$}"),
            });
        }
        writeln!(f, "{}", out.trim_end())?;
    }
    Ok(())
}

/// `12.3 KiB`; `?` where it is not said.
pub(super) fn bytes(bytes: Option<u64>) -> String {
    match bytes {
        None => "?".to_owned(),
        Some(bytes) if bytes < 1 << 20 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        Some(bytes) => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}
