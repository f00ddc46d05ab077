//! Facts of the device, which decide the `[[when]]` blocks that count.

use super::diagnostics::{Diagnostic, Diagnostics};
use super::merged::{Content, Merged};
use super::value::Scalar;

/// What is known about a device; what its entry does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Names: of its entry in the library, OpenWrt's, and those its sysupgrade knows.
    pub names: Vec<String>,
    /// What the agent is compiled for.
    pub cpu: Option<String>,
    /// OpenWrt's target.
    pub target: Option<String>,
    /// OpenWrt's package architecture.
    pub arch_packages: Option<String>,
    /// Size of the flash, in bytes.
    pub flash: Option<u64>,
    /// Size of the RAM, in bytes.
    pub ram: Option<u64>,
}

impl Facts {
    /// The facts in `[device]` of the device's own layers.
    ///
    /// # Errors
    /// Facts of the wrong type, sizes that are none.
    pub fn read(entry: &str, device: &Merged) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut word = |key: &str| {
            let node = device.get(format!("device.{key}"))?;
            let text = node.as_str().map(str::to_owned);
            if text.is_none() {
                let found = node.type_name();
                let message = format!("`device.{key}` must be a string, but it is {found}");
                problems.push(device.error_at(format!("device.{key}"), message, ""));
            }
            text
        };
        let id = word("id");
        let cpu = word("cpu");
        let target = word("target");
        let arch_packages = word("arch_packages");
        let mut size = |key: &str| {
            let path = format!("device.{key}");
            match parse_size(device.get(path.as_str())?.content()) {
                Ok(size) => Some(size),
                Err(message) => {
                    let message = format!("`{path}`: {message}");
                    problems.push(device.error_at(path, message, SIZE_HELP));
                    None
                }
            }
        };
        let flash = size("flash");
        let ram = size("ram");
        let supported = device.get("device.supported_devices");
        let supported = match supported.map(super::merged::Node::content) {
            Some(Content::List(list)) => list.items(),
            _ => &[],
        };
        let mut names = vec![entry.to_owned()];
        names.extend(id);
        names.extend(
            supported
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned)),
        );
        problems.or(Self {
            names,
            cpu,
            target,
            arch_packages,
            flash,
            ram,
        })
    }
}

/// How to write a size.
pub(crate) const SIZE_HELP: &str = "write a size as \"8M\", \"7936K\" or a number of bytes";

/// A size in bytes: a number, or text such as `8M`.
pub(crate) fn parse_size(content: &Content) -> Result<u64, String> {
    match content {
        Content::Scalar(Scalar::Integer(bytes)) => {
            u64::try_from(*bytes).map_err(|_| "a size cannot be negative".to_owned())
        }
        Content::Scalar(Scalar::String(text)) => {
            size(text).ok_or_else(|| format!("`{text}` is no size"))
        }
        _ => Err("not a size".to_owned()),
    }
}

/// `8M`, `7936K`, `1G`, `8MiB`, `4096`; units are powers of 1024.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "K" | "k" | "KB" | "KiB" => 1 << 10,
        "M" | "MB" | "MiB" => 1 << 20,
        "G" | "GB" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A diagnostic for a size written wrongly at a place.
pub(crate) fn wrong_size(key: &str, message: &str) -> Diagnostic {
    Diagnostic::error(format!("`{key}`: {message}")).help(SIZE_HELP)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        assert_eq!(size("8M"), Some(8 << 20));
        assert_eq!(size("7936K"), Some(7936 << 10));
        assert_eq!(size("128 MiB"), Some(128 << 20));
        assert_eq!(size("4096"), Some(4096));
        assert_eq!(size("8 MM"), None);
        assert_eq!(size("M"), None);
        assert_eq!(size("-1M"), None);
        assert_eq!(size("99999999999G"), None);
    }
}
