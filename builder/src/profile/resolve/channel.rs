//! Channels, widths and countries.

use std::fmt;

use super::device::{Band, Standard};
use super::fault::Fault;
use crate::profile::raw::RawChannel;

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The node chooses.
    Auto,
    /// Its number.
    Number(u16),
}

impl Channel {
    /// Checks a channel against its band, the country and the width.
    ///
    /// # Errors
    /// When there is no such channel, or not in that country, or not that wide.
    pub fn new(
        raw: &RawChannel,
        band: Band,
        country: Option<&str>,
        htmode: Option<HtMode>,
    ) -> Result<Self, Fault> {
        let number = match raw {
            RawChannel::Word(word) if word == "auto" => return Ok(Self::Auto),
            RawChannel::Word(word) => {
                return Err(Fault::new(format!("`{word}` is no channel"))
                    .help("write a number, or `\"auto\"`"));
            }
            RawChannel::Number(number) => *number,
        };
        let all = channels(band);
        if !all.contains(&number) {
            return Err(Fault::new(format!(
                "channel {number} is not in the {} band",
                band.word()
            ))
            .help(format!("it has {}", listed(&all))));
        }
        let allowed: Vec<u16> = all
            .into_iter()
            .filter(|n| legal(*n, band, country))
            .collect();
        if let Some(country) = country
            && !allowed.contains(&number)
        {
            return Err(
                Fault::new(format!("channel {number} is not allowed in {country}"))
                    .help(format!("use one of {}", listed(&allowed))),
            );
        }
        let width = htmode.map_or(20, |mode| mode.width);
        if band == Band::G5 && width >= 80 && number >= 165 {
            return Err(
                Fault::new(format!("channel {number} cannot be {width} MHz wide"))
                    .help("use a narrower `htmode`, or a channel below 165"),
            );
        }
        Ok(Self::Number(number))
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// The channels of a band (IEEE 802.11, annex E).
fn channels(band: Band) -> Vec<u16> {
    match band {
        Band::G2 => (1..=14).collect(),
        Band::G5 => (36..=64)
            .step_by(4)
            .chain((100..=144).step_by(4))
            .chain((149..=177).step_by(4))
            .collect(),
        Band::G6 => (1..=233).step_by(4).collect(),
    }
}

/// Plain cases in which a country forbids a channel outright. The driver's regulatory database has the last word.
fn legal(number: u16, band: Band, country: Option<&str>) -> bool {
    match (band, country) {
        (Band::G2, Some("JP")) => true,
        (Band::G2, Some("US" | "CA" | "TW" | "PR" | "GU")) => number <= 11,
        (Band::G2, _) => number <= 13,
        (Band::G5, Some("JP")) => number <= 144,
        (Band::G5, Some("CN")) => number <= 64 || number >= 149,
        _ => true,
    }
}

fn listed(channels: &[u16]) -> String {
    let words: Vec<String> = channels.iter().map(u16::to_string).collect();
    words.join(", ")
}

/// Checks a country code.
///
/// # Errors
/// When it is none.
pub(super) fn country(text: &str) -> Result<String, Fault> {
    let upper = text.to_ascii_uppercase();
    let two_letters = upper.len() == 2 && upper.chars().all(|c| c.is_ascii_uppercase());
    match upper.as_str() {
        "00" => Ok(upper),
        "UK" => Err(Fault::new("`UK` is no country code").help("the United Kingdom is `GB`")),
        "EU" => {
            Err(Fault::new("`EU` is no country code").help("name the country itself, e.g. `DE`"))
        }
        _ if two_letters => Ok(upper),
        _ => Err(Fault::new(format!("`{text}` is no country code"))
            .help("write two letters, e.g. `PT`; `00` is what is allowed everywhere")),
    }
}

/// Standard and width of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HtMode {
    /// `None`: older than 802.11n (`NOHT`).
    standard: Option<Standard>,
    /// MHz.
    width: u16,
    /// 40 MHz: whether the second half is above (`+`) or below (`-`).
    side: Option<char>,
}

impl HtMode {
    /// Reads `HT20`, `HT40+`, `VHT80`, `HE160`, `NOHT`, ...
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let bad = || {
            Fault::new(format!("`{text}` is no htmode"))
                .help("write NOHT, HT20, HT40, VHT20 to VHT160, HE20 to HE160, or EHT20 to EHT320")
        };
        if text == "NOHT" {
            return Ok(Self {
                standard: None,
                width: 20,
                side: None,
            });
        }
        let (standard, widths, rest) = if let Some(rest) = text.strip_prefix("HT") {
            (Standard::Ht, &[20, 40][..], rest)
        } else if let Some(rest) = text.strip_prefix("VHT") {
            (Standard::Vht, &[20, 40, 80, 160][..], rest)
        } else if let Some(rest) = text.strip_prefix("HE") {
            (Standard::He, &[20, 40, 80, 160][..], rest)
        } else if let Some(rest) = text.strip_prefix("EHT") {
            (Standard::Eht, &[20, 40, 80, 160, 320][..], rest)
        } else {
            return Err(bad());
        };
        let side = rest.chars().last().filter(|c| matches!(c, '+' | '-'));
        let digits = rest.strip_suffix(['+', '-']).unwrap_or(rest);
        let width: u16 = digits.parse().map_err(|_| bad())?;
        let sided = side.is_none() || (standard == Standard::Ht && width == 40);
        if !widths.contains(&width) || !sided {
            return Err(bad());
        }
        Ok(Self {
            standard: Some(standard),
            width,
            side,
        })
    }

    /// What a radio makes of a wish: the best standard both know, the width the standard and the band allow.
    pub fn for_radio(band: Band, can: Option<Standard>, wish: Option<Self>) -> Self {
        let can = can.unwrap_or(match band {
            Band::G2 => Standard::Ht,
            Band::G5 => Standard::Vht,
            Band::G6 => Standard::He,
        });
        let wish = wish.unwrap_or(Self {
            standard: Some(can),
            width: if band == Band::G2 { 20 } else { 80 },
            side: None,
        });
        let Some(wanted) = wish.standard else {
            return wish;
        };
        // 802.11ac is a 5 GHz standard.
        let standard = match wanted.min(can) {
            Standard::Vht if band == Band::G2 => Standard::Ht,
            other => other,
        };
        let widest = match (band, standard) {
            (Band::G2, _) | (_, Standard::Ht) => 40,
            (_, Standard::Vht | Standard::He) => 160,
            (Band::G6, Standard::Eht) => 320,
            (Band::G5, Standard::Eht) => 160,
        };
        Self {
            standard: Some(standard),
            width: wish.width.min(widest),
            side: wish.side.filter(|_| standard == Standard::Ht),
        }
    }
}

/// As UCI writes it.
impl fmt::Display for HtMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.standard {
            None => return f.write_str("NOHT"),
            Some(Standard::Ht) => "HT",
            Some(Standard::Vht) => "VHT",
            Some(Standard::He) => "HE",
            Some(Standard::Eht) => "EHT",
        };
        write!(f, "{word}{}", self.width)?;
        match self.side {
            Some(side) => write!(f, "{side}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_wishes_to_radios() {
        let fit = |band, can, wish: &str| {
            HtMode::for_radio(band, can, Some(HtMode::new(wish).unwrap())).to_string()
        };
        assert_eq!(fit(Band::G5, Some(Standard::Ht), "VHT80"), "HT40");
        assert_eq!(fit(Band::G5, Some(Standard::Vht), "HE160"), "VHT160");
        assert_eq!(fit(Band::G5, Some(Standard::He), "VHT80"), "VHT80");
        assert_eq!(fit(Band::G2, Some(Standard::He), "HE40"), "HE40");
        assert_eq!(fit(Band::G2, Some(Standard::Vht), "VHT80"), "HT40");
        assert_eq!(fit(Band::G2, None, "HT40+"), "HT40+");
        assert_eq!(fit(Band::G6, Some(Standard::Eht), "EHT320"), "EHT320");
        assert_eq!(HtMode::for_radio(Band::G2, None, None).to_string(), "HT20");
        assert_eq!(
            HtMode::for_radio(Band::G5, Some(Standard::He), None).to_string(),
            "HE80"
        );
        for bad in ["", "HT", "HT80", "VHT40+", "XHT20", "HT-20", "EHT640"] {
            assert!(HtMode::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn channels_belong_to_bands_and_countries() {
        let check = |number, band, country, mode: &str| {
            Channel::new(
                &RawChannel::Number(number),
                band,
                country,
                HtMode::new(mode).ok(),
            )
        };
        assert!(check(6, Band::G2, Some("PT"), "HT20").is_ok());
        assert!(check(13, Band::G2, Some("US"), "HT20").is_err());
        assert!(check(14, Band::G2, Some("DE"), "HT20").is_err());
        assert!(check(36, Band::G2, None, "HT20").is_err());
        assert!(check(37, Band::G5, None, "VHT80").is_err());
        assert!(check(165, Band::G5, Some("US"), "VHT80").is_err());
        assert!(check(165, Band::G5, Some("US"), "VHT20").is_ok());
        assert!(check(100, Band::G5, Some("CN"), "VHT20").is_err());
        assert!(Channel::new(&RawChannel::Word("any".into()), Band::G2, None, None).is_err());
        assert_eq!(country("pt").unwrap(), "PT");
        assert!(country("UK").is_err() && country("PRT").is_err() && country("1a").is_err());
    }
}
