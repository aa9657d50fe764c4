//! The story on an AWS we did not write: MiniStack, over the real SDK clients.

use crate::frame::{Missing, trial_async};
use crate::ground::Ground;
use crate::leak::{BOT, Leak, leak_delivered};
use crate::parts::Parts;
use crate::restless;
use crate::story;
use jiff::SignedDuration;
use keyleak::aws::clients::{AwsSettings, ContainSettings};
use keyleak::aws::contain::AwsContain;
use keyleak::aws::lookup::AwsLookup;
use keyleak::domain::agenda::Timing;
use keyleak::ports::clock::Clock;
use libtest_mimic::Trial;
use std::sync::Arc;
use std::time::Duration;

/// How late the trail comes: CloudTrail's minutes, compressed.
pub(crate) const DELIVERY: Duration = Duration::from_millis(300);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, restless, reverting, unstopped, denied, dropped] =
        [(); 6].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "a_reported_key_is_contained_with_all_that_grew_from_it_and_undone",
            move || async move {
                story::contained_and_undone(&ground(&whole, "260000000001").await?).await;
                Ok(())
            },
        ),
        trial_async(
            "a_thief_who_acts_every_200_ms_is_contained_after_one_approval",
            move || async move {
                restless::restless_thief_is_contained(&ground(&restless, "260000000003").await?)
                    .await;
                Ok(())
            },
        ),
        trial_async(
            "a_thief_who_also_takes_the_deny_off_is_contained_after_one_approval",
            move || async move {
                restless::reverting_thief_is_contained(&ground(&reverting, "260000000006").await?)
                    .await;
                Ok(())
            },
        ),
        trial_async(
            "sabotage_with_the_deny_skipped_a_restless_thief_goes_on",
            move || async move {
                let ground = ground(&unstopped, "260000000005").await?;
                restless::restless_thief_goes_on_without_the_deny(&ground).await;
                Ok(())
            },
        ),
        trial_async(
            "sabotage_with_the_deny_skipped_the_case_is_never_called_contained",
            move || async move {
                let ground = ground(&denied, "260000000002").await?;
                story::never_contained_without_the_deny(&ground).await;
                Ok(())
            },
        ),
        trial_async(
            "sabotage_with_a_lineage_edge_dropped_the_case_is_never_called_contained",
            move || async move {
                let ground = ground(&dropped, "260000000004").await?;
                story::a_dropped_lineage_edge_is_noticed(&ground).await;
                Ok(())
            },
        ),
    ]
}

async fn ground(parts: &Parts, account: &str) -> Result<Ground, Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    Ok(ground_of(leak).await)
}

/// The ground of a leak.
pub(crate) async fn ground_of(leak: Leak) -> Ground {
    let config = leak.bot.config_of(&leak.bot_key);
    let own = ContainSettings::OwnCredentials;
    Ground {
        clock: Clock::real(),
        timing: timing(),
        lookup: Arc::new(AwsLookup::new(&config, &AwsSettings::default()).await),
        contain: Arc::new(AwsContain::new(&config, Some(&own)).expect("rights to contain")),
        deny_policy_arn: leak.owner.deny_all_policy().await,
        protected_arns: vec![format!("arn:aws:iam::{}:user/{BOT}", leak.owner.id)],
        isolation_groups: std::collections::BTreeMap::new(),
        key_owners: std::collections::BTreeMap::new(),
        trail: leak.recorder.folder().to_owned(),
        attacker: Arc::new(leak.attacker()),
        since: leak.since,
        loot: leak.loot(),
        backdoor: leak.backdoor.as_loot("key of the new user"),
        _parts: Box::new(leak),
    }
}

/// Minutes become seconds: the emulator's clock is the machine's.
fn timing() -> Timing {
    Timing {
        read_back: [200, 500, 1_000].map(SignedDuration::from_millis).to_vec(),
        survey_every: SignedDuration::from_millis(500),
        watch_for: SignedDuration::from_secs(20),
        watch_every: SignedDuration::from_secs(1),
        trail_complete_after: SignedDuration::from_secs(2),
    }
}
