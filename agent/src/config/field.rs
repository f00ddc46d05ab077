//! One option of a UCI section on its way to a checked value.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use log::LevelFilter;
use openwrt_formats::uci::Value;

/// The longest name of a site or zone, in characters.
const LONGEST_NAME: usize = 63;

/// An option's value.
pub(super) struct Field<'a>(pub(super) &'a Value);

impl Field<'_> {
    /// The one text of a plain option.
    pub(super) fn text(&self) -> Result<&str, String> {
        self.0
            .as_str()
            .ok_or_else(|| "is a list, expected one `option` line".to_owned())
    }

    /// UCI's ways to write yes and no.
    pub(super) fn flag(&self) -> Result<bool, String> {
        match self.text()? {
            "1" | "on" | "true" | "yes" | "enabled" => Ok(true),
            "0" | "off" | "false" | "no" | "disabled" => Ok(false),
            other => Err(format!("is `{}`, expected 1 or 0", shown(other))),
        }
    }

    /// A whole number in a range.
    pub(super) fn number(&self, range: RangeInclusive<u32>) -> Result<u32, String> {
        let text = self.text()?;
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (first, last) = range.into_inner();
                format!(
                    "is `{}`, expected a number from {first} to {last}",
                    shown(text)
                )
            })
    }

    /// A name that people read: one line, not too long.
    pub(super) fn name(&self) -> Result<String, String> {
        let text = self.text()?;
        if text.chars().any(char::is_control) || text.chars().count() > LONGEST_NAME {
            return Err(format!(
                "is `{}`, expected one line of at most {LONGEST_NAME} characters",
                shown(text)
            ));
        }
        Ok(text.to_owned())
    }

    /// An absolute path.
    pub(super) fn path(&self) -> Result<PathBuf, String> {
        let text = self.text()?;
        if text.starts_with('/') {
            Ok(PathBuf::from(text))
        } else {
            Err(format!(
                "is `{}`, expected a path that starts with /",
                shown(text)
            ))
        }
    }

    /// IPv4 and IPv6 addresses.
    pub(super) fn addresses(&self) -> Result<Vec<IpAddr>, String> {
        let mut addresses = Vec::new();
        for item in self.0.items().flat_map(str::split_whitespace) {
            let address = item
                .parse()
                .map_err(|_| format!("holds `{}`, expected IPv4 or IPv6 addresses", shown(item)))?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// How much to log.
    pub(super) fn level(&self) -> Result<LevelFilter, String> {
        match self.text()? {
            "error" => Ok(LevelFilter::Error),
            "warn" => Ok(LevelFilter::Warn),
            "info" => Ok(LevelFilter::Info),
            "debug" => Ok(LevelFilter::Debug),
            other => Err(format!(
                "is `{}`, expected error, warn, info or debug",
                shown(other)
            )),
        }
    }

    /// A web address that is fetched with TLS.
    pub(super) fn https(&self) -> Result<String, String> {
        let text = self.text()?;
        let rest = text.strip_prefix("https://").unwrap_or_default();
        if rest.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "is `{}`, expected an address that starts with https://",
                shown(text)
            ));
        }
        Ok(text.to_owned())
    }
}

/// A foreign text as an error shows it: on one line, not too long.
fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        out.push('…');
    }
    out
}
