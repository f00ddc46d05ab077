//! A syslog message as OpenWrt's logd takes it from `/dev/log`.
//!
//! The form is RFC 3164's, as the C library's `syslog()` writes it: `<PRI>Mmm dd hh:mm:ss tag[pid]: text`. logd
//! drops the time and puts its own in front.

use std::time::SystemTime;

use log::Level;

use crate::clock::Clock;

/// The longest message, in bytes; logd reads datagrams of up to 1024 bytes by default.
pub const LONGEST: usize = 1000;
/// The facility of system daemons.
const DAEMON: u8 = 3;

/// The datagram for one line of log. Control characters become spaces and long lines are cut.
pub fn message(level: Level, text: &str, pid: u32, now: SystemTime) -> String {
    let severity = match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    };
    // "Sun, 06 Nov 1994 08:49:37 GMT" holds the parts of "Nov  6 08:49:37".
    let date = httpdate::fmt_http_date(Clock::new(0).read(now).time());
    let part = |range: std::ops::Range<usize>| date.get(range).unwrap_or_default();
    let day = part(5..7).trim_start_matches('0');
    let mut line = format!(
        "<{}>{} {day:>2} {} clomd[{pid}]: ",
        DAEMON * 8 + severity,
        part(8..11),
        part(17..25)
    );
    for character in text.chars() {
        if line.len() + character.len_utf8() > LONGEST {
            break;
        }
        line.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_of_rfc_3164() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(
            message(Level::Info, "up", 77, at(784_111_777)),
            "<30>Nov  6 08:49:37 clomd[77]: up"
        );
        assert_eq!(
            message(Level::Error, "two\nlines\x1b[31m", 1, at(1_764_000_000)),
            "<27>Nov 24 16:00:00 clomd[1]: two lines [31m"
        );
    }

    proptest! {
        #[test]
        fn one_short_line_whatever_the_text(text in "(\\PC|\\n|\\t|\\x00){0,1200}", seconds in 0..253_402_300_800_u64) {
            let line = message(Level::Warn, &text, u32::MAX, UNIX_EPOCH + Duration::from_secs(seconds));
            prop_assert!(line.len() <= LONGEST);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
