//! The one clock: real, or running faster for drills and tests.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::sync::watch;
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
    run: Run,
}

#[derive(Debug, Clone, Copy)]
enum Run {
    Wall,
    Steady(Leg),
    /// Everybody who holds the clock sees the same dial.
    Dialled(&'static watch::Sender<Leg>),
}

/// A stretch of time at one speed.
#[derive(Debug, Clone, Copy)]
struct Leg {
    origin: Timestamp,
    started: Instant,
    speed: u32,
}

impl Leg {
    fn at(&self, moment: Instant) -> Timestamp {
        let elapsed = moment.saturating_duration_since(self.started).saturating_mul(self.speed);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        self.origin.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// Goes on from a moment of its own at another speed.
    fn turned(&self, moment: Instant, speed: u32) -> Self {
        Self { origin: self.at(moment), started: moment, speed: speed.max(1) }
    }
}

impl Clock {
    /// The wall clock at its own pace.
    pub fn real() -> Self {
        Self::fast(wall(), 1)
    }

    /// A clock that begins at `origin` and runs `speed` times as fast as the wall clock.
    pub fn fast(origin: Timestamp, speed: u32) -> Self {
        match speed {
            0 | 1 => Self { run: Run::Wall },
            speed => Self::set_to(origin, speed),
        }
    }

    /// The same, and at the wall clock's pace too it shows its own time.
    pub fn set_to(origin: Timestamp, speed: u32) -> Self {
        let leg = Leg { origin, started: Instant::now(), speed: speed.max(1) };
        Self { run: Run::Steady(leg) }
    }

    /// A clock that begins now and runs `speed` times as fast as the wall clock.
    pub fn accelerated(speed: u32) -> Self {
        Self::fast(wall(), speed)
    }

    /// The clock that goes on from here with a dial, for [`Clock::set_speed`]. The dial is never
    /// given back to the machine: make one for a program, not one for a call.
    pub fn with_dial(self) -> Self {
        let leg = Leg { origin: self.now(), started: Instant::now(), speed: self.speed() };
        Self { run: Run::Dialled(Box::leak(Box::new(watch::Sender::new(leg)))) }
    }

    /// Runs on from now at another speed, for everybody who holds this clock and for waits that
    /// have begun. It never goes back. Whether that was possible: only a dialled clock has a dial.
    pub fn set_speed(&self, speed: u32) -> bool {
        let Run::Dialled(dial) = self.run else {
            return false;
        };
        dial.send_modify(|leg| *leg = leg.turned(Instant::now(), speed));
        true
    }

    pub fn now(&self) -> Timestamp {
        match self.run {
            Run::Wall => wall(),
            Run::Steady(leg) => leg.at(Instant::now()),
            // The moment is taken under the dial's lock, so that no turn of it comes in between.
            Run::Dialled(dial) => {
                let leg = dial.borrow();
                leg.at(Instant::now())
            }
        }
    }

    pub fn mark(&self) -> Mark {
        Mark { wall: self.now(), steady: Instant::now() }
    }

    /// How long ago that was, by whichever of the two clocks says longer.
    pub fn age(&self, mark: &Mark) -> SignedDuration {
        let told = self.now().duration_since(mark.wall);
        let steady = match self.run {
            Run::Wall => mark.steady.elapsed(),
            Run::Steady(leg) => mark.steady.elapsed().saturating_mul(leg.speed),
            // It is made of the steady clock alone, at more than one speed.
            Run::Dialled(_) => return told,
        };
        told.max(SignedDuration::try_from(steady).unwrap_or(SignedDuration::MAX))
    }

    /// How many times faster than the wall clock this one runs now.
    pub fn speed(&self) -> u32 {
        match self.run {
            Run::Wall => 1,
            Run::Steady(leg) => leg.speed,
            Run::Dialled(dial) => dial.borrow().speed,
        }
    }

    /// Waits for a span of this clock's own time.
    pub async fn sleep(&self, span: Duration) {
        match self.run {
            Run::Wall => tokio::time::sleep(span).await,
            Run::Steady(leg) => tokio::time::sleep(span / leg.speed).await,
            Run::Dialled(dial) => {
                let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
                let until = self.now().checked_add(span).unwrap_or(Timestamp::MAX);
                wait_until(dial, until).await;
            }
        }
    }

    /// Waits until this clock shows `at`; returns at once when that has passed.
    pub async fn sleep_until(&self, at: Timestamp) {
        if let Run::Dialled(dial) = self.run {
            return wait_until(dial, at).await;
        }
        let left = at.duration_since(self.now());
        if let Ok(left) = Duration::try_from(left) {
            self.sleep(left).await;
        }
    }
}

/// Looks at the dial again whenever somebody has turned it.
async fn wait_until(dial: &watch::Sender<Leg>, at: Timestamp) {
    let mut turns = dial.subscribe();
    loop {
        let leg = *turns.borrow_and_update();
        let left = Duration::try_from(at.duration_since(leg.at(Instant::now())));
        let Some(left) = left.ok().filter(|left| !left.is_zero()) else {
            return;
        };
        tokio::select! {
            () = tokio::time::sleep(left / leg.speed) => {}
            // The dial outlives everybody, so there is always somebody who could turn it.
            _ = turns.changed() => {}
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
    fn a_clock_that_was_set_shows_its_own_time_at_any_speed() {
        let then: Timestamp = "2023-07-11T08:00:00Z".parse().unwrap();
        for speed in [1, 60] {
            let shown = Clock::set_to(then, speed).now().duration_since(then);
            assert!(shown.as_hours() == 0 && !shown.is_negative(), "{speed}: {shown}");
        }
        assert!(Clock::fast(then, 1).now() > then + SignedDuration::from_hours(24));
    }

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

    #[test]
    fn what_went_by_is_counted_at_the_speed_of_its_time() {
        let (origin, began) = (wall(), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        let first = Leg { origin, started: began, speed: 10 };
        let second = first.turned(after(1), 60);
        let third = second.turned(after(2), 1);
        for (leg, real, told) in [(first, 1, 10), (second, 1, 10), (second, 2, 70), (third, 5, 73)]
        {
            assert_eq!(leg.at(after(real)), origin + SignedDuration::from_secs(told));
        }
        assert_eq!(third.at(began), third.origin, "it does not go back before its turn");
        assert_eq!(first.turned(after(1), 0).speed, 1, "it never stands still");
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_a_new_speed() {
        let clock = Clock::accelerated(1).with_dial();
        let (copy, began, real) = (clock, clock.now(), Instant::now());
        let turn = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            assert!(copy.set_speed(72_000));
        };
        tokio::join!(clock.sleep(Duration::from_secs(3600)), turn);
        assert!(real.elapsed() < Duration::from_secs(60), "an hour is not waited for");
        assert!(clock.now() >= began + SignedDuration::from_hours(1), "nor is less than an hour");
        assert_eq!((clock.speed(), copy.speed()), (72_000, 72_000), "everybody holds the same");
        clock.sleep_until(began).await;
        assert!(!Clock::fast(began, 10).set_speed(60), "only a dial can be turned");
    }

    #[test]
    fn a_dialled_clock_never_goes_back_whoever_turns_it() {
        let clock = Clock::accelerated(600).with_dial();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (1..5_000).for_each(|turn| {
                    clock.set_speed([600, 1, 60, 10][turn % 4]);
                })
            });
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut last = clock.now();
                    for _ in 0..20_000 {
                        let now = clock.now();
                        assert!(now >= last, "{last} and then {now}");
                        last = now;
                    }
                });
            }
        });
    }

    #[tokio::test]
    async fn the_age_of_a_mark_is_what_went_by_at_every_speed() {
        let clock = Clock::accelerated(72_000).with_dial();
        let mark = clock.mark();
        tokio::time::sleep(Duration::from_millis(50)).await;
        clock.set_speed(1);
        let age = clock.age(&mark);
        assert!(age >= SignedDuration::from_hours(1), "{age}");
        let later = clock.age(&mark) - age;
        assert!(later < SignedDuration::from_mins(1), "a second is a second again: {later}");
    }
}
