//! Time on a machine that may not know it.
//!
//! Most routers have no battery: they boot in 1970, or at the time of the newest file. The image was
//! built before it was booted, so its build time is a floor under every clock reading.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// The floor under the system's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Seconds since 1970: no reading is below this.
    floor: u64,
}

/// A reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Whether the system's clock is at or past the floor. When it is not, it was certainly never set.
    pub trusted: bool,
    /// The floor in seconds since 1970: when the image was built.
    pub floor: u64,
    /// The time to work with, in seconds since 1970: the system's clock, but not below the floor.
    pub now: u64,
}

impl Clock {
    /// A clock that never shows less than `floor` seconds since 1970.
    pub fn new(floor: u64) -> Self {
        Self { floor }
    }

    /// The reading when the system's clock shows `system`.
    pub fn read(self, system: SystemTime) -> Reading {
        let seconds = match system.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs(),
            Err(_) => 0,
        };
        Reading {
            trusted: seconds >= self.floor,
            floor: self.floor,
            now: seconds.max(self.floor),
        }
    }
}

impl Reading {
    /// [`Reading::now`] as a `SystemTime`, not past the year 9999, which is the last that HTTP can write.
    pub fn time(self) -> SystemTime {
        const LAST: u64 = 253_402_300_799;
        UNIX_EPOCH + Duration::from_secs(self.now.min(LAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_clock_never_goes_below_its_floor() {
        let clock = Clock::new(1_000);
        let read = |time| {
            let reading = clock.read(time);
            (reading.trusted, reading.now)
        };
        assert_eq!(read(at(0)), (false, 1_000));
        assert_eq!(read(at(999)), (false, 1_000));
        assert_eq!(read(at(1_000)), (true, 1_000));
        assert_eq!(read(at(5_000)), (true, 5_000));
        assert_eq!(read(UNIX_EPOCH - Duration::from_secs(7)), (false, 1_000));
    }

    #[test]
    fn the_furthest_floor_can_still_be_written() {
        let reading = Clock::new(u64::MAX).read(at(0));
        assert_eq!(
            httpdate::fmt_http_date(reading.time()),
            "Fri, 31 Dec 9999 23:59:59 GMT"
        );
    }
}
