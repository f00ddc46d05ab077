//! Reading the kernel's text files: pure functions.

use super::Memory;

/// Seconds since the start, from `/proc/uptime`.
pub(super) fn uptime(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok().filter(finite)
}

/// The three averages of `/proc/loadavg`.
pub(super) fn load(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_whitespace();
    let mut next = || words.next()?.parse().ok().filter(finite);
    Some([next()?, next()?, next()?])
}

/// Total and available memory, from `/proc/meminfo`.
pub(super) fn memory(text: &str) -> Option<Memory> {
    let kib = |key: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
        let number = rest.strip_prefix(':')?.split_whitespace().next()?;
        number.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Memory {
        total_bytes: kib("MemTotal")?,
        available_bytes: kib("MemAvailable").or_else(|| kib("MemFree"))?,
    })
}

/// What `/proc/net/dev` counts for one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) name: String,
    pub(super) rx_bytes: u64,
    pub(super) tx_bytes: u64,
}

/// The lines of `/proc/net/dev`.
pub(super) fn traffic(text: &str) -> Vec<Traffic> {
    text.lines()
        .filter_map(|line| {
            let (name, counters) = line.split_once(':')?;
            let mut counters = counters.split_whitespace();
            Some(Traffic {
                name: name.trim().to_owned(),
                rx_bytes: counters.next()?.parse().ok()?,
                tx_bytes: counters.nth(7)?.parse().ok()?,
            })
        })
        .collect()
}

/// User and system time in clock ticks, from `/proc/self/stat`.
pub(super) fn cpu_ticks(text: &str) -> Option<u64> {
    // The program's name, in parentheses, may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// Resident pages, from `/proc/self/statm`.
pub(super) fn resident_pages(text: &str) -> Option<u64> {
    text.split_whitespace().nth(1)?.parse().ok()
}

fn finite(number: &f64) -> bool {
    number.is_finite()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_kernels_write() {
        assert_eq!(uptime("351735.47 234388.90\n"), Some(351_735.47));
        assert_eq!(load("0.20 0.18 0.12 1/80 11206\n"), Some([0.2, 0.18, 0.12]));
        assert_eq!(
            memory(
                "MemTotal:          60512 kB\nMemFree:           12040 kB\nMemAvailable:      22916 kB\n"
            ),
            Some(Memory {
                total_bytes: 60_512 * 1024,
                available_bytes: 22_916 * 1024
            })
        );
        assert_eq!(
            cpu_ticks("77 (a) b) S 1 77 77 0 -1 4194560 1 0 0 0 12 34 0 0 20 0 1 0 9\n"),
            Some(46)
        );
        assert_eq!(resident_pages("1201 411 250 300 0 90 0\n"), Some(411));
    }

    #[test]
    fn traffic_per_interface() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
            face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
            lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0\n\
            wlan0-1:18446744073709551615 2 0 0 0 0 0 0 77 3 0 0 0 0 0 0\n";
        let named = |name: &str, rx_bytes, tx_bytes| Traffic {
            name: name.to_owned(),
            rx_bytes,
            tx_bytes,
        };
        assert_eq!(
            traffic(text),
            [named("lo", 1000, 1000), named("wlan0-1", u64::MAX, 77)]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|\\n){0,80}") {
            let _ = (uptime(&text), load(&text), memory(&text), traffic(&text), cpu_ticks(&text), resident_pages(&text));
        }
    }
}
