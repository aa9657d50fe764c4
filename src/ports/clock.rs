//! The one clock: real, or running faster for drills and tests.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// A moment, by both of a machine's clocks: one jumps when it is set, the other may stop while the
/// machine is suspended.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    wall: Timestamp,
    steady: Instant,
}

/// Tells the time and waits; every wait in the program goes through it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Timestamp,
    started: Instant,
    speed: u32,
}

impl Clock {
    /// The wall clock at its own pace.
    pub fn real() -> Self {
        Self::fast(wall(), 1)
    }

    /// A clock that begins at `origin` and runs `speed` times as fast as the wall clock.
    pub fn fast(origin: Timestamp, speed: u32) -> Self {
        Self { origin, started: Instant::now(), speed: speed.max(1) }
    }

    /// A clock that begins now and runs `speed` times as fast as the wall clock.
    pub fn accelerated(speed: u32) -> Self {
        Self::fast(wall(), speed)
    }

    pub fn now(&self) -> Timestamp {
        if self.speed == 1 {
            return wall();
        }
        let elapsed = self.started.elapsed().saturating_mul(self.speed);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        self.origin.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    pub fn mark(&self) -> Mark {
        Mark { wall: self.now(), steady: Instant::now() }
    }

    /// How long ago that was, by whichever of the two clocks says longer.
    pub fn age(&self, mark: &Mark) -> SignedDuration {
        let steady = mark.steady.elapsed().saturating_mul(self.speed);
        let steady = SignedDuration::try_from(steady).unwrap_or(SignedDuration::MAX);
        self.now().duration_since(mark.wall).max(steady)
    }

    /// How many times faster than the wall clock this one runs.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// Waits for a span of this clock's own time.
    pub async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span / self.speed).await;
    }

    /// Waits until this clock shows `at`; returns at once when that has passed.
    pub async fn sleep_until(&self, at: Timestamp) {
        let left = at.duration_since(self.now());
        if let Ok(left) = Duration::try_from(left) {
            self.sleep(left).await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock is where time comes from")]
fn wall() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_what_the_clock_says_that_did_not_stand_still() {
        let clock = Clock::real();
        let now = clock.mark();
        let hour = SignedDuration::from_hours(1);
        let suspended = Mark { wall: now.wall - hour, ..now };
        assert!(clock.age(&suspended) >= hour);
        let earlier = now.steady.checked_sub(Duration::from_secs(60)).unwrap();
        let set_back = Mark { wall: now.wall + hour, steady: earlier };
        assert!(clock.age(&set_back) >= SignedDuration::from_secs(60));
    }
}
