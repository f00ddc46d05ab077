//! Host names from templates.

use std::fmt;

use super::fault::Fault;
use super::words::{HostName, Mac};

/// What a template is filled with.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Id of the community.
    pub(super) community: Option<String>,
    /// Id of the site.
    pub(super) site: Option<String>,
    /// Id of the device.
    pub(super) device: Option<String>,
    /// Name of the node.
    pub(super) name: Option<String>,
    /// Number of the node.
    pub(super) number: Option<u32>,
    /// MAC address of the node.
    pub(super) mac: Option<Mac>,
}

/// A node's host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hostname {
    /// Known when the image is built.
    Known(HostName),
    /// Holds the MAC address, which only the node knows: a script at first boot sets it.
    AtFirstBoot(Vec<Piece>),
}

/// A piece of a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// The MAC address, 12 hex digits.
    Mac,
    /// The last 6 hex digits of the MAC address.
    Mac6,
}

impl Hostname {
    /// The name the node has before its first boot has set the real one.
    pub fn provisional(&self) -> HostName {
        let text = match self {
            Self::Known(name) => return name.clone(),
            Self::AtFirstBoot(pieces) => fill_mac(pieces, "000000000000"),
        };
        HostName::new(&text).unwrap_or_else(|_| fallback())
    }

    /// The name a node with this MAC address gets.
    ///
    /// # Errors
    /// When it is no host name; checked when the profile was read, so it never happens.
    pub fn with_mac(&self, mac: &Mac) -> Result<HostName, Fault> {
        match self {
            Self::Known(name) => Ok(name.clone()),
            Self::AtFirstBoot(pieces) => HostName::new(&fill_mac(pieces, &mac.bare())),
        }
    }
}

/// The name, or the template with `{mac}` and `{mac6}` still in it.
impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces = match self {
            Self::Known(name) => return f.write_str(name.as_str()),
            Self::AtFirstBoot(pieces) => pieces,
        };
        pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Mac => f.write_str("{mac}"),
            Piece::Mac6 => f.write_str("{mac6}"),
        })
    }
}

/// A node without a name.
impl Default for Hostname {
    fn default() -> Self {
        Self::Known(fallback())
    }
}

#[allow(clippy::expect_used)]
fn fallback() -> HostName {
    HostName::new("node").expect("a host name")
}

fn fill_mac(pieces: &[Piece], mac: &str) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Mac => mac,
            Piece::Mac6 => mac.get(6..).unwrap_or(mac),
        })
        .collect()
}

/// Fills a host name's template.
///
/// # Errors
/// When it names something unknown, or the result is no host name.
pub(super) fn hostname(template: &str, facts: &Facts) -> Result<Hostname, Fault> {
    let pieces = pieces(template, facts)?;
    if let [Piece::Text(text)] = pieces.as_slice() {
        return HostName::new(text).map(Hostname::Known);
    }
    HostName::new(&fill_mac(&pieces, "000000000000"))?;
    Ok(Hostname::AtFirstBoot(pieces))
}

/// Fills a template that must be whole when the image is built.
///
/// # Errors
/// When it names something unknown, or the MAC address and that is unknown.
pub(super) fn text(template: &str, facts: &Facts) -> Result<String, Fault> {
    match pieces(template, facts)?.as_slice() {
        [] => Ok(String::new()),
        [Piece::Text(text)] => Ok(text.clone()),
        _ => Err(Fault::new(
            "the MAC address is not known when the image is built, so it cannot stand here",
        )
        .help("set `node.mac`, or use `{node}` or `{name}`")),
    }
}

fn pieces(template: &str, facts: &Facts) -> Result<Vec<Piece>, Fault> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        push_text(&mut pieces, before);
        let (inside, after) = after
            .split_once('}')
            .ok_or_else(|| Fault::new(format!("`{template}`: a `{{` is not closed by `}}`")))?;
        match placeholder(template, inside, facts)? {
            Piece::Text(text) => push_text(&mut pieces, &text),
            mac => pieces.push(mac),
        }
        rest = after;
    }
    push_text(&mut pieces, rest);
    Ok(pieces)
}

/// What stands for a placeholder: the first of its alternatives that this build knows.
fn placeholder(template: &str, inside: &str, facts: &Facts) -> Result<Piece, Fault> {
    let mut missing = None;
    for word in inside.split('|') {
        let found = match (word, facts.mac) {
            ("mac", None) => return Ok(Piece::Mac),
            ("mac6", None) => return Ok(Piece::Mac6),
            ("mac", Some(mac)) => Some(mac.bare()),
            ("mac6", Some(mac)) => Some(mac.bare().split_off(6)),
            (word, _) => known(word, facts)?,
        };
        match found {
            Some(text) => return Ok(Piece::Text(text)),
            None => missing = missing.or(Some(word)),
        }
    }
    let what = match missing.unwrap_or(inside) {
        "name" => "node name",
        word if word.starts_with("node") => "node number",
        word => word,
    };
    let fault = Fault::new(format!(
        "`{template}` has `{{{inside}}}`, and this build has no {what}"
    ));
    Err(match what {
        "node name" | "node number" => fault.help(format!(
            "build for a node (`--node NAME`), or write `{{{inside}|mac6}}`: without a {what} each node fills its MAC address in"
        )),
        what => fault.help(format!("take it out, or build for a {what}")),
    })
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// The value of a placeholder known when the image is built; `None` when this build has none.
fn known(word: &str, facts: &Facts) -> Result<Option<String>, Fault> {
    let width = match word.split_once(':') {
        Some(("node", width)) => width
            .strip_prefix('0')
            .and_then(|digits| digits.parse::<usize>().ok())
            .filter(|width| (1..=9).contains(width))
            .ok_or_else(|| {
                Fault::new(format!("`{{{word}}}` has no width I know"))
                    .help("write `{node:03}` for three digits with zeros in front")
            })?,
        _ => 0,
    };
    Ok(match word {
        "community" => facts.community.clone(),
        "site" => facts.site.clone(),
        "device" => facts.device.as_ref().map(|id| id.replace(['_', '.'], "-")),
        "name" => facts.name.clone(),
        word if word == "node" || word.starts_with("node:") => {
            facts.number.map(|number| format!("{number:0width$}"))
        }
        _ => {
            return Err(Fault::new(format!("`{{{word}}}` stands for nothing")).help(
                "known are {community}, {site}, {device}, {name}, {node}, {node:03}, {mac} and {mac6}; `{node|mac6}` takes the first that is known",
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts() -> Facts {
        Facts {
            community: Some("clom".into()),
            site: Some("valley".into()),
            device: Some("tplink_archer-c7-v2".into()),
            name: Some("chapel-roof".into()),
            number: Some(7),
            mac: None,
        }
    }

    fn filled(template: &str) -> String {
        match hostname(template, &facts()) {
            Ok(Hostname::Known(name)) => name.to_string(),
            Ok(other) => format!("{other:?}"),
            Err(fault) => format!("{}; {}", fault.message, fault.help.unwrap_or_default()),
        }
    }

    #[test]
    fn fills_templates() {
        assert_eq!(filled("{site}-{node:03}"), "valley-007");
        assert_eq!(filled("{name}"), "chapel-roof");
        assert_eq!(
            filled("{community}-{device}-{node}"),
            "clom-tplink-archer-c7-v2-7"
        );
        let late = hostname("{site}-{mac6}", &facts()).unwrap();
        assert!(late.to_string().ends_with("-{mac6}"), "{late}");
        assert_eq!(late.provisional().as_str(), "valley-000000");
        let mac = Mac::new("02:00:5E:10:00:ab").unwrap();
        assert_eq!(late.with_mac(&mac).unwrap().as_str(), "valley-1000ab");
        let known = Facts {
            mac: Some(mac),
            ..facts()
        };
        assert_eq!(
            hostname("n-{mac}", &known).unwrap(),
            Hostname::Known(HostName::new("n-02005e1000ab").unwrap())
        );
        assert!(text("{mac6}", &facts()).is_err());
        assert_eq!(text("Free {site}", &facts()).unwrap(), "Free valley");
    }

    #[test]
    fn takes_the_first_that_is_known() {
        assert_eq!(filled("{site}-{node:03|mac6}"), "valley-007");
        let nobody = Facts {
            number: None,
            name: None,
            ..facts()
        };
        let late = hostname("{site}-{name|node:03|mac6}", &nobody).unwrap();
        assert_eq!(late.provisional().as_str(), "valley-000000");
        assert!(hostname("{name|node}", &nobody).is_err());
    }

    #[test]
    fn says_what_is_wrong() {
        insta::assert_snapshot!(
            [
                "{sit}",
                "{node:3}",
                "{site",
                "{site}_x",
                "-{site}",
                "",
                "a-host-name-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on",
            ]
            .map(filled)
            .join("\n")
        );
    }

    proptest! {
        #[test]
        fn names_are_valid_or_refused(template in "[a-z{}:0-9._-]{0,40}|(\\{(site|node|mac|mac6|name)\\}|[a-z-]){1,4}") {
            if let Ok(name) = hostname(&template, &facts()) {
                let mac = Mac::new("02:00:5e:10:00:ab").unwrap();
                let name = name.with_mac(&mac).unwrap();
                let text = name.as_str();
                prop_assert!((1..=63).contains(&text.len()));
                prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
                prop_assert!(!text.starts_with('-') && !text.ends_with('-'));
            }
        }
    }
}
