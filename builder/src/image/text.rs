//! Reports as text.

use std::fmt::Write as _;

use super::inspect::{KernelReport, Report, RootfsReport, Trailer};
use super::map::Region;
use super::nesting::{Check, Part};
use crate::terminal::clean;

/// Columns of the bars in the flash map.
const BAR: usize = 32;
/// Columns of a line of packages.
const LINE: usize = 100;

/// A length for people: `980 bytes`, `3.2 MiB`.
pub fn size(len: u64) -> String {
    match len {
        1 => "1 byte".to_owned(),
        0..1024 => format!("{len} bytes"),
        1024..0x10_0000 => format!("{:.1} KiB", len as f64 / 1024.0),
        _ => format!("{:.1} MiB", len as f64 / f64::from(1 << 20)),
    }
}

/// Seconds since 1970 as a date and time, UTC: `2023-11-14 22:13`.
pub fn time(seconds: u32) -> String {
    let (days, rest) = (i64::from(seconds / 86400), seconds % 86400);
    // Days to a date in the Gregorian calendar, by years that begin in March.
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02}",
        rest / 3600,
        rest % 3600 / 60
    )
}

/// What `clom image inspect` prints.
pub fn inspect(report: &Report) -> String {
    let mut out = format!(
        "{}: {} bytes ({})\n\nContainers\n",
        clean(&report.file),
        report.size,
        size(report.size)
    );
    part(&mut out, &report.container, 0);
    out += &match &report.flash_map_of {
        Some(part) => format!("\nFlash map of its part “{}”\n", clean(part)),
        None => "\nFlash map\n".to_owned(),
    };
    let mapped = report.flash_map.iter().map(|region| region.size).sum();
    flash_map(&mut out, &report.flash_map, mapped);
    for report in &report.kernels {
        kernel(&mut out, report);
    }
    if let Some(report) = &report.rootfs {
        rootfs(&mut out, report);
    }
    if let Some(report) = &report.trailer {
        trailer(&mut out, report);
    }
    if !report.remarks.is_empty() {
        out += "\nRemarks\n";
        for remark in &report.remarks {
            line(&mut out, &format!("  {}", clean(remark)));
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{}", text.trim_end());
}

fn field(out: &mut String, name: &str, value: &str) {
    line(out, &format!("  {name:<14} {}", clean(value)));
}

/// `1234 bytes at 0x00000200`.
fn extent(size: u64, at: Option<u64>) -> String {
    match at {
        Some(_) => format!("{size} bytes at {}", place(at)),
        None => format!("{size} bytes, unpacked from a part"),
    }
}

fn place(at: Option<u64>) -> String {
    at.map_or("unpacked".into(), |at| format!("{at:#010x}"))
}

fn part(out: &mut String, part_of: &Part, depth: usize) {
    let indent = "  ".repeat(depth);
    let name = if part_of.text == part_of.name {
        clean(&part_of.text)
    } else {
        format!("{}: {}", clean(&part_of.name), clean(&part_of.text))
    };
    let head = format!(
        "  {:>10} {:>9}  {indent}{name}",
        place(part_of.at),
        part_of.size
    );
    line(out, &head);
    let more = " ".repeat(26) + &indent;
    for fact in &part_of.facts {
        line(
            out,
            &format!("{more}{}: {}", clean(&fact.name), clean(&fact.value)),
        );
    }
    for check in &part_of.checks {
        line(out, &format!("{more}{}", checksum(check)));
    }
    if let Some(problem) = &part_of.problem {
        line(out, &format!("{more}not opened: {}", clean(problem)));
    }
    for inside in &part_of.parts {
        part(out, inside, depth + 1);
    }
}

fn checksum(check: &Check) -> String {
    let Check {
        what,
        stored,
        computed,
        ok,
        ..
    } = check;
    match ok {
        true => format!("{what}: {stored}, ok"),
        false => format!("{what}: WRONG, {stored} is stored, {computed} computed"),
    }
}

/// A line for each region with a bar where it lies, to scale; each has one column at least.
fn flash_map(out: &mut String, regions: &[Region], total: u64) {
    for region in regions {
        let column = |at: u64| (at as f64 * BAR as f64 / total.max(1) as f64) as usize;
        let from = column(region.at).min(BAR - 1);
        let to = column(region.at + region.size).clamp(from + 1, BAR);
        let fill = match region.kind {
            "kernel" => "▓",
            "rootfs" => "█",
            "around" => "░",
            "unknown" => "?",
            _ => "▒",
        };
        let bar = " ".repeat(from) + &fill.repeat(to - from) + &" ".repeat(BAR - to);
        let (at, len) = (region.at, size(region.size));
        line(
            out,
            &format!("  {at:#010x} ▏{bar}▕ {len:>10}  {}", clean(&region.what)),
        );
    }
}

fn kernel(out: &mut String, kernel: &KernelReport) {
    *out += "\nKernel\n";
    let wrapping = kernel.wrapping.join(" › ");
    field(
        out,
        "type",
        if wrapping.is_empty() {
            "unknown"
        } else {
            &wrapping
        },
    );
    field(out, "size", &extent(kernel.size, kernel.at));
    let not_told = "not told in the clear";
    field(out, "Linux", kernel.linux.as_deref().unwrap_or(not_told));
    let mut optional = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            field(out, name, &value);
        }
    };
    optional("name", kernel.name.clone());
    optional("CPU", kernel.arch.clone());
    optional("load address", kernel.load.map(|at| format!("{at:#x}")));
    optional("entry point", kernel.entry.map(|at| format!("{at:#x}")));
    optional("made", kernel.time.map(time));
    let list = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
    optional("device tree", list(&kernel.compatible));
    optional("parts", list(&kernel.items));
    for fact in &kernel.facts {
        field(out, &fact.name, &fact.value);
    }
}

fn rootfs(out: &mut String, rootfs: &RootfsReport) {
    *out += "\nRoot file system\n";
    field(
        out,
        "type",
        &format!("{}, {}", rootfs.kind, rootfs.compression),
    );
    field(out, "size", &extent(rootfs.size, rootfs.at));
    field(
        out,
        "block size",
        &format!("{} KiB", rootfs.block_size / 1024),
    );
    field(out, "made", &time(rootfs.time));
    if let Some(inodes) = rootfs.inodes {
        field(out, "inodes", &inodes.to_string());
    }
    let Some(software) = &rootfs.software else {
        return;
    };
    field(
        out,
        "release",
        &software
            .title()
            .unwrap_or_else(|| "not told (no etc/openwrt_release)".into()),
    );
    if let Some(gluon) = &software.gluon {
        let told =
            [&gluon.version, &gluon.release].map(|text| text.as_deref().unwrap_or("unknown"));
        field(
            out,
            "Gluon",
            &format!("{}, the community's release {}", told[0], told[1]),
        );
    }
    if !software.modules.is_empty() {
        field(
            out,
            "modules for",
            &format!("Linux {}", software.modules.join(", ")),
        );
    }
    if software.packages.is_empty() {
        field(out, "packages", "not told (no list of opkg or apk in it)");
        return;
    }
    let _ = writeln!(out, "\nInstalled packages ({})", software.packages.len());
    let words = software
        .packages
        .iter()
        .map(|(name, version)| clean(&format!("{name} {version}")));
    let mut row = String::new();
    for word in words {
        if !row.is_empty() && row.chars().count() + word.chars().count() + 4 > LINE {
            line(out, &format!("  {row},"));
            row.clear();
        }
        if !row.is_empty() {
            row += ", ";
        }
        row += &word;
    }
    line(out, &format!("  {row}"));
}

fn trailer(out: &mut String, trailer: &Trailer) {
    *out += "\nMetadata\n";
    if !trailer.supported_devices.is_empty() {
        field(out, "for devices", &trailer.supported_devices.join(", "));
    }
    for said in &trailer.version {
        field(out, &said.name, &said.value);
    }
    if let Some(version) = trailer
        .compat_version
        .as_deref()
        .filter(|version| *version != "1.0")
    {
        field(out, "compatibility", version);
    }
    if let Some(message) = &trailer.compat_message {
        field(out, "message", message);
    }
    if trailer.signatures.is_empty() {
        field(out, "signature", "none");
    }
    for signature in &trailer.signatures {
        let comments = signature.comments.join("; ");
        let text = format!("{} bytes, not checked: {comments}", signature.size);
        field(out, "signature", text.trim_end_matches(": "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_date() {
        for seconds in [
            0,
            951_782_399,
            951_868_800,
            1_700_000_000,
            1_709_164_800,
            u32::MAX,
        ] {
            let output = std::process::Command::new("date")
                .args(["-u", "+%Y-%m-%d %H:%M", "-d", &format!("@{seconds}")])
                .output();
            assert_eq!(
                format!("{}\n", time(seconds)).as_bytes(),
                output.unwrap().stdout
            );
        }
    }
}
