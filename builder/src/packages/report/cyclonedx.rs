//! A software bill of materials: CycloneDX 1.5 in JSON.
//!
//! Its shape is that of OpenWrt's own (`scripts/package-metadata.pl imgcyclonedxsbom`): names without ABI version, versions without
//! release, licences by name, CPE names with the version behind. To it come package URLs, hashes, and what the image itself is. The same
//! image gives the same bytes.
//!
//! Source of the format: <https://cyclonedx.org/docs/1.5/json/>, <https://github.com/package-url/purl-spec>.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Component, licenses};
use crate::packages::universe::Manager;

/// What a bill is of.
#[derive(Debug, Clone, Copy)]
pub struct Bom<'a> {
    /// The image's name.
    pub image: &'a str,
    /// What names the image's content: the Plan's hash. The bill's serial number is made of it.
    pub plan: &'a str,
    /// The version of `clom`.
    pub clom: &'a str,
    /// The time, seconds since 1970.
    pub epoch: u32,
}

/// The bill of these components, as JSON with a line feed behind.
pub fn cyclonedx(bom: &Bom<'_>, components: &[Component]) -> String {
    let components: Vec<_> = components.iter().map(component).collect();
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": serial_number(bom.plan),
        "version": 1,
        "metadata": {
            "timestamp": timestamp(bom.epoch),
            "tools": {"components": [{"type": "application", "name": "clom", "version": bom.clom}]},
            "component": {"type": "firmware", "name": bom.image, "version": bom.plan, "bom-ref": "image"},
        },
        "components": components,
    });
    // Texts and numbers: cannot fail.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn component(one: &Component) -> Value {
    let version = version(one);
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("type", kind(one).into());
    let reference = purl(one).unwrap_or_else(|| format!("{}@{}", one.name, one.version));
    put("bom-ref", reference.into());
    put("name", one.base.clone().into());
    put("version", version.clone().into());
    if let Some(description) = &one.description {
        put("description", description.clone().into());
    }
    if let Some(sum) = &one.sha256 {
        put("hashes", json!([{"alg": "SHA-256", "content": sum}]));
    }
    let license = one.license.as_deref().unwrap_or_default();
    let names = licenses::names(license);
    if licenses::is_expression(license) {
        put("licenses", json!([{"expression": license}]));
    } else if !names.is_empty() {
        let names = names.iter().map(|name| json!({"license": {"name": name}}));
        put("licenses", names.collect());
    }
    if let Some(cpe) = &one.cpe {
        put("cpe", format!("{cpe}:{version}").into());
    }
    if let Some(purl) = purl(one) {
        put("purl", purl.into());
    }
    // Anything else is no address, and the schema wants one.
    if let Some(url) = one.url.as_deref().filter(|url| is_url(url)) {
        put(
            "externalReferences",
            json!([{"type": "website", "url": url}]),
        );
    }
    let properties: Vec<_> = [
        (
            "openwrt:package",
            Some(&one.name).filter(|name| **name != one.base),
        ),
        (
            "openwrt:version",
            Some(&one.version).filter(|full| **full != version),
        ),
        ("openwrt:source", one.source.as_ref()),
        ("openwrt:feed", one.feed.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(json!({"name": name, "value": value?})))
    .collect();
    if !properties.is_empty() {
        put("properties", properties.into());
    }
    Value::Object(fields)
}

/// Databases of holes know kernels, libraries and programs.
fn kind(one: &Component) -> &'static str {
    match (one.base.as_str(), one.section.as_deref()) {
        ("kernel", _) => "operating-system",
        (_, Some("firmware")) => "firmware",
        (_, Some("libs")) => "library",
        // apk does not keep the section.
        (name, None) if name.starts_with("lib") => "library",
        (name, None) if name.contains("-firmware") => "firmware",
        _ => "application",
    }
}

/// The version of the software, without the package's release (`-r3`); of the kernel and its modules the kernel's.
fn version(one: &Component) -> String {
    let plain = match one.version.rsplit_once("-r") {
        Some((version, release))
            if !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            version
        }
        _ => &one.version,
    };
    if one.name == "kernel" || one.name.starts_with("kmod-") {
        let number = |c: char| c.is_ascii_digit() || c == '.';
        let kernel: String = plain.chars().take_while(|c| number(*c)).collect();
        if kernel.split('.').filter(|part| !part.is_empty()).count() >= 3 {
            return kernel.split('.').take(3).collect::<Vec<_>>().join(".");
        }
    }
    plain.to_owned()
}

/// `pkg:opkg/openwrt/busybox@1.36.1-r2?arch=mipsel_24kc`.
fn purl(one: &Component) -> Option<String> {
    let kind = match one.manager? {
        Manager::Opkg => "opkg",
        Manager::Apk => "apk",
    };
    let arch = one.architecture.as_deref().filter(|arch| !arch.is_empty());
    let arch = arch.map_or_else(String::new, |arch| format!("?arch={}", escape(arch)));
    Some(format!(
        "pkg:{kind}/openwrt/{}@{}{arch}",
        escape(&one.name.to_lowercase()),
        escape(&one.version)
    ))
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn is_url(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`[]%".contains(c);
    (text.starts_with("https://") || text.starts_with("http://")) && text.chars().all(fits)
}

/// A UUID of the Plan's hash, of the version for such things (8, RFC 9562).
fn serial_number(plan: &str) -> String {
    let mut uuid = [0; 16];
    let hash = Sha256::digest(plan.as_bytes());
    uuid.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    let number = u128::from_be_bytes(uuid);
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    let digits = format!("{number:032x}");
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default());
    format!("urn:uuid:{}", parts.join("-"))
}

/// `2023-11-14T22:13:20Z`.
fn timestamp(epoch: u32) -> String {
    let (days, second) = (epoch / 86400, epoch % 86400);
    // Days since 1 March of the year 0, in which leap days come last; eras are 400 years of 146,097 days.
    let day = u64::from(days) + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + later;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_date() {
        for (epoch, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (u32::MAX, "2106-02-07T06:28:15Z"),
        ] {
            assert_eq!(timestamp(epoch), text);
        }
    }

    #[test]
    fn serial_numbers_follow_the_plan() {
        let number = serial_number("a");
        assert_eq!(number, "urn:uuid:ca978112-ca1b-8dca-bac2-31b39a23dc4d");
        assert_ne!(number, serial_number("b"));
    }
}
