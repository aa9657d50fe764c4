//! The hold on a case: for how long this process may still take its lease to be its own.
//!
//! Needs: a process can be stopped between any two instructions (a suspended machine, a full CPU)
//! and go on as if nothing had happened, while another has taken its case over. Nothing outside
//! can be asked to refuse the late one: neither AWS nor Slack knows of our leases.
//!
//! What makes it safe, from the strongest to the weakest:
//! 1. What is decided is fenced by the journal. Every append names its sequence number, so who
//!    stalls and wakes finds that others wrote. An intent that others overtook gives no ticket; a
//!    conclusion (`lane::conclude`) is written only onto the state that it was drawn from.
//! 2. What is done outside is begun only while the lease, as this process itself last renewed it,
//!    outlasts the longest effect ([`EFFECT_TIME_MAX`]), looked at after the intent is written
//!    and right before the call. Its age is taken by both of the machine's clocks.
//! 3. Between that look and the wire lie microseconds. A process that is stopped just there sends
//!    its call late. AWS refuses it once the signature is five minutes old, and the session that
//!    signed it may do no more than its plan. Until then it means what the intent says: a repeated
//!    deny or deactivation changes nothing. The one that could hurt is the lift of a deny that has
//!    been put in force again; the read-back at five minutes sees it.
//! 4. A message that a late process posts all the same is found by its key and taken back.
//!
//! Clocks of replicas may disagree. They only decide who works on a case, never what is true: a
//! lease is over when its time has passed by our clock, or when it was watched, by our clock, for
//! a whole lease without being renewed. So a clock that runs ahead costs its neighbours their
//! cases, and one that lags does not keep a dead process's case from anybody.

use crate::ports::clock::{Clock, Mark};
use jiff::SignedDuration;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a replica may be silent before another takes its cases over, on the clock.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// The longest that one effect takes: a call to Slack with its turn, or a step with its retries.
pub const EFFECT_TIME_MAX: Duration = Duration::from_secs(15);

/// What a process knows of its own lease.
#[derive(Debug)]
pub struct Hold {
    clock: Clock,
    /// When the last renewal that succeeded was asked for.
    renewed: Mutex<Mark>,
}

impl Hold {
    /// A lease that was asked for at `asked` and given.
    pub fn new(clock: Clock, asked: Mark) -> Self {
        Self { clock, renewed: Mutex::new(asked) }
    }

    pub fn renew(&self, asked: Mark) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = asked;
    }

    /// Whether the lease outlasts an effect that is begun now.
    pub fn covers_an_effect(&self) -> bool {
        SignedDuration::try_from(EFFECT_TIME_MAX).is_ok_and(|effect| self.left() >= effect)
    }

    /// Whether another process may have the case by now.
    pub fn is_over(&self) -> bool {
        self.left() <= SignedDuration::ZERO
    }

    fn left(&self) -> SignedDuration {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        LEASE.saturating_sub(self.clock.age(&renewed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_that_was_just_asked_for_covers_an_effect() {
        let clock = Clock::real();
        let hold = Hold::new(clock, clock.mark());
        assert!(hold.covers_an_effect() && !hold.is_over());
    }

    #[tokio::test]
    async fn a_process_that_was_stopped_knows_that_its_lease_is_not_sure_any_more() {
        let clock = Clock::accelerated(1_000);
        let hold = Hold::new(clock, clock.mark());
        clock.sleep(EFFECT_TIME_MAX).await;
        assert!(!hold.covers_an_effect(), "it could be over before the effect is");
        clock.sleep(EFFECT_TIME_MAX).await;
        assert!(hold.is_over());
    }
}
