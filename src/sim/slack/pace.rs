//! Slack's rate limits: a bucket for each method, and one for each channel posted to.

use jiff::Timestamp;
use std::collections::BTreeMap;

/// A message a second in a channel, as Slack documents it.
const CHANNEL_PER_MINUTE: u32 = 60;
/// Slack forgives a short burst of messages in a channel.
const CHANNEL_BURST: u32 = 5;
/// Methods without a published tier take several hundred calls a minute.
const SPECIAL_PER_MINUTE: u32 = 300;

/// How many calls a minute a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    Two,
    Three,
    Four,
    Special,
}

/// Whether limits are enforced, and how kindly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RateLimits {
    #[default]
    Off,
    /// Slack's tiers, with a burst of five messages in a channel.
    On,
    /// Slack's tiers to the letter: one message a second in a channel.
    Strict,
}

/// The buckets of every method and channel.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pub(super) limits: RateLimits,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Pace {
    /// Takes one call of a method; or says after how many seconds it may be tried again.
    pub(super) fn take(
        &mut self,
        method: &str,
        tier: Tier,
        channel: Option<&str>,
        now: Timestamp,
    ) -> Result<(), u64> {
        let burst = match self.limits {
            RateLimits::Off => return Ok(()),
            RateLimits::On => CHANNEL_BURST,
            RateLimits::Strict => 1,
        };
        let per_minute = match tier {
            Tier::Two => 20,
            Tier::Three => 50,
            Tier::Four => 100,
            Tier::Special => SPECIAL_PER_MINUTE,
        };
        self.draw(method.to_owned(), (per_minute, per_minute), now)?;
        match channel.filter(|_| method == "chat.postMessage") {
            Some(channel) => {
                self.draw(format!("{method} {channel}"), (CHANNEL_PER_MINUTE, burst), now)
            }
            None => Ok(()),
        }
    }

    fn draw(
        &mut self,
        key: String,
        (per_minute, burst): (u32, u32),
        now: Timestamp,
    ) -> Result<(), u64> {
        let bucket = self.buckets.entry(key);
        let bucket = bucket.or_insert_with(|| Bucket { left: f64::from(burst), at: now });
        let per_second = f64::from(per_minute) / 60.0;
        let elapsed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.left = elapsed.mul_add(per_second, bucket.left).min(f64::from(burst));
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - bucket.left) / per_second).ceil().max(1.0);
        // At most three seconds at the slowest tier, so the cast cannot lose anything.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        Err(wait as u64)
    }
}
