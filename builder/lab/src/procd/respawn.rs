//! When a process that ended is started again.

use std::time::Duration;

/// `procd_set_param respawn THRESHOLD TIMEOUT RETRY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Respawn {
    /// A process that ran at least this long counts as having worked.
    pub(crate) threshold: Duration,
    /// How long to wait before it is started again.
    pub(crate) timeout: Duration,
    /// How many times in a row it may end before the threshold; 0 is without end.
    pub(crate) retry: u32,
}

impl Default for Respawn {
    fn default() -> Self {
        Self {
            threshold: Duration::from_secs(3600),
            timeout: Duration::from_secs(5),
            retry: 5,
        }
    }
}

impl Respawn {
    /// The wait before the next start, or `None` when it is in a crash loop. `ran` is how long it lived,
    /// `failures` how many short lives came before; it is brought up to date.
    pub(crate) fn after(&self, ran: Duration, failures: &mut u32) -> Option<Duration> {
        if ran >= self.threshold {
            *failures = 0;
        } else {
            *failures = failures.saturating_add(1);
            if self.retry > 0 && *failures > self.retry {
                return None;
            }
        }
        Some(self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_up_after_retry_short_lives_and_forgives_a_long_one() {
        let respawn = Respawn {
            threshold: Duration::from_secs(60),
            timeout: Duration::from_secs(1),
            retry: 2,
        };
        let mut failures = 0;
        let short = Duration::from_secs(3);
        assert_eq!(respawn.after(short, &mut failures), Some(respawn.timeout));
        assert_eq!(respawn.after(short, &mut failures), Some(respawn.timeout));
        assert_eq!(
            respawn.after(Duration::from_secs(60), &mut failures),
            Some(respawn.timeout)
        );
        assert_eq!(failures, 0);
        for _ in 0..2 {
            assert!(respawn.after(short, &mut failures).is_some());
        }
        assert_eq!(respawn.after(short, &mut failures), None);
    }

    #[test]
    fn retry_zero_never_gives_up() {
        let respawn = Respawn {
            retry: 0,
            ..Respawn::default()
        };
        let mut failures = u32::MAX;
        assert!(respawn.after(Duration::ZERO, &mut failures).is_some());
    }
}
