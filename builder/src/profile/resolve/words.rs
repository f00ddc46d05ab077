//! Checked small values: host names, MAC addresses, sizes, modes, owners, ports, durations.

use std::fmt;
use std::str::FromStr;

use super::fault::Fault;

/// A host name of one label: letters, digits and hyphens, at most 63, no hyphen at either end (RFC 1123).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// Checks a host name.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: &str) -> Result<Self, Fault> {
        check_label(text).map(|()| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_label(text: &str) -> Result<(), Fault> {
    let name = || format!("`{text}` is no host name");
    if text.is_empty() {
        return Err(Fault::new("a host name cannot be empty"));
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && *c != '-')
    {
        return Err(Fault::new(format!("{}: it has a {bad:?}", name()))
            .help("use letters a-z, digits and hyphens"));
    }
    if text.len() > 63 {
        return Err(Fault::new(format!(
            "{}: it is {} characters long, and 63 are allowed",
            name(),
            text.len()
        )));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(Fault::new(format!(
            "{}: it starts or ends with a hyphen",
            name()
        )));
    }
    Ok(())
}

/// A DNS name of one or more labels, at most 253 characters, without the final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// Checks a DNS name.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: &str) -> Result<Self, Fault> {
        if text.len() > 253 {
            return Err(Fault::new(format!(
                "the domain name is {} characters long, and 253 are allowed",
                text.len()
            )));
        }
        for label in text.split('.') {
            check_label(label).map_err(|fault| {
                Fault::new(format!("`{text}` is no domain name: {}", fault.message))
            })?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// Reads `02:00:5e:10:00:01`, hyphens instead of colons, or bare 12 hex digits.
    ///
    /// # Errors
    /// When it is none, or a multicast address.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let bad = || {
            Fault::new(format!("`{text}` is no MAC address"))
                .help("write it as `02:00:5e:10:00:01`")
        };
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-')).collect();
        if digits.len() != 12 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let number = u64::from_str_radix(&digits, 16).map_err(|_| bad())?;
        let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
        if a & 1 == 1 {
            return Err(Fault::new(format!(
                "`{text}` is a multicast address: no machine has it"
            )));
        }
        Ok(Self([a, b, c, d, e, f]))
    }

    /// `02005e100001`
    pub fn bare(&self) -> String {
        let [a, b, c, d, e, f] = self.0;
        format!("{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}{f:02x}")
    }
}

/// `02:00:5e:10:00:01`
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Reads a size in bytes: `65536`, `7936K`, `16M`, `1G` (powers of 1024; a small letter, `B` or `iB` after it is fine).
///
/// # Errors
/// When it is none, or 0.
pub(super) fn size(text: &str) -> Result<u64, Fault> {
    let bad =
        || Fault::new(format!("`{text}` is no size")).help("write bytes, or `7936K`, `16M`, `1G`");
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let shift = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err(bad()),
    };
    let number: u64 = digits.parse().map_err(|_| bad())?;
    match number.checked_mul(1 << shift) {
        Some(0) | None => Err(bad()),
        Some(bytes) => Ok(bytes),
    }
}

/// Reads octal permissions: `0755`.
///
/// # Errors
/// When they are none.
pub(super) fn mode(text: &str) -> Result<u32, Fault> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let good = (3..=5).contains(&digits.len()) && digits.chars().all(|c| ('0'..='7').contains(&c));
    let value = u32::from_str_radix(digits, 8).ok();
    value
        .filter(|value| good && *value <= 0o7777)
        .ok_or_else(|| {
            Fault::new(format!("`{text}` is no file mode"))
                .help("write it in octal, e.g. `0644` for data and `0755` for programs")
        })
}

/// Numeric owner and group of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Owner {
    /// Reads `0:0`, `1000` (group the same) or a name that every OpenWrt has.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let id = |word: &str| match word {
            "root" => Some(0),
            "daemon" => Some(1),
            "network" => Some(101),
            "nobody" | "nogroup" => Some(65534),
            number => number.parse().ok(),
        };
        let (user, group) = text.split_once(':').unwrap_or((text, text));
        match (id(user), id(group)) {
            (Some(uid), Some(gid)) => Ok(Self { uid, gid }),
            _ => Err(Fault::new(format!("`{text}` is no owner"))
                .help("write numbers, `UID:GID`, or root, daemon, network or nobody")),
        }
    }
}

/// A TCP/UDP port or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// First port.
    pub first: u16,
    /// Last port, not below the first.
    pub last: u16,
}

impl Ports {
    /// Reads `22` or `8100-8110`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let bad = || Fault::new(format!("`{text}` is no port")).help("write `22` or `8100-8110`");
        let port = |word: &str| u16::from_str(word).ok().filter(|port| *port > 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = port(first).zip(port(last)).ok_or_else(bad)?;
        if first > last {
            return Err(Fault::new(format!(
                "`{text}` is no port range: it starts above its end"
            )));
        }
        Ok(Self { first, last })
    }
}

/// `22` or `8100-8110`
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// Checks how long a lease holds: `45m`, `12h`, `7d`, `infinite`.
///
/// # Errors
/// When it is none, or shorter than dnsmasq's two minutes.
pub(super) fn lease_time(text: &str) -> Result<String, Fault> {
    if text == "infinite" {
        return Ok(text.to_owned());
    }
    let bad = || {
        Fault::new(format!("`{text}` is no lease time"))
            .help("write `45m`, `12h`, `7d` or `infinite`")
    };
    let (number, seconds) = if let Some(n) = text.strip_suffix('m') {
        (n, 60)
    } else if let Some(n) = text.strip_suffix('h') {
        (n, 3600)
    } else if let Some(n) = text.strip_suffix('d') {
        (n, 86400)
    } else {
        return Err(bad());
    };
    let number: u64 = number.parse().map_err(|_| bad())?;
    if number.saturating_mul(seconds) < 120 {
        return Err(Fault::new(format!(
            "`{text}` is too short: leases hold 2 minutes at least"
        )));
    }
    Ok(text.to_owned())
}

/// Checks an absolute path on the node: no `.`, `..`, empty parts or control characters, and not `/` itself.
///
/// # Errors
/// When it is none.
pub(super) fn node_path(text: &str) -> Result<String, Fault> {
    let bad = |why: &str| {
        Err(Fault::new(format!(
            "`{text}` is no path on the node: {why}"
        )))
    };
    let Some(rest) = text.strip_prefix('/') else {
        return bad("it must start with `/`");
    };
    if rest.is_empty() {
        return bad("it is the root folder itself");
    }
    if text.chars().any(char::is_control) {
        return bad("it has a control character");
    }
    if rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return bad("it has an empty part, `.` or `..`");
    }
    Ok(text.to_owned())
}

/// Checks a UCI name: letters, digits and underscores.
///
/// # Errors
/// When it is none.
pub(super) fn uci_name(text: &str) -> Result<String, Fault> {
    let good = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good {
        Ok(text.to_owned())
    } else {
        Err(Fault::new(format!("`{text}` is no UCI name"))
            .help("use letters a-z, digits and underscores"))
    }
}

/// Checks the name of a package or a service: as opkg, apk and `/etc/init.d` have them.
///
/// # Errors
/// When it is none.
pub(super) fn package_name(text: &str) -> Result<String, Fault> {
    let good = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'));
    if good {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("`{text}` is no package or service name"));
    Err(match text.strip_prefix('-') {
        Some(name) => fault.help(format!(
            "to leave a package out, put `{name}` into `packages.uninstall`"
        )),
        None => fault.help("use letters, digits and `-_.+`"),
    })
}

/// One line of text for people: no control characters.
///
/// # Errors
/// When it has some.
pub(super) fn line(text: &str) -> Result<String, Fault> {
    if text.chars().any(char::is_control) {
        return Err(Fault::new(
            "it has a line break or another control character, and must be one line",
        ));
    }
    Ok(text.to_owned())
}
