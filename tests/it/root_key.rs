//! A key of the root user: recognised, and never touched, since no step of ours could stop it.

use crate::bureau::{Bureau, journal};
use crate::ground::USER;
use crate::simulated::town;
use async_trait::async_trait;
use keyleak::domain::announce::{What, announcements};
use keyleak::domain::case::Case;
use keyleak::domain::facts::Fact;
use keyleak::domain::lineage::Subject;
use keyleak::domain::signer::SignerKind;
use keyleak::domain::trail_row::Sighting;
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, Trail, TrailError, Window};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::sync::Arc;

/// The trail with one call more, as root signs it: the simulated account has no root.
struct WithRoot {
    inner: LocalTrail,
    call: Option<Sighting>,
}

#[async_trait]
impl Source for WithRoot {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        let mut found = self.inner.sightings(window).await?;
        found.rows.extend(self.call.clone());
        Ok(found)
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.inner.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.inner.role_calls(role, window).await
    }
}

fn by_root(key: &str) -> Sighting {
    let arn = "arn:aws:iam::029608264753:root";
    Sighting {
        identity_type: Some("Root".to_owned()),
        principal_id: Some("029608264753".to_owned()),
        identity_arn: Some(arn.to_owned()),
        access_key_id: Some(key.to_owned()),
        first_time: "2026-11-01T00:00:00Z".to_owned(),
        last_time: "2026-11-01T00:00:00Z".to_owned(),
        ..Sighting::default()
    }
}

/// Why nothing is proposed for a root key, where the trail has a call of it or not.
async fn refusal(seed: u64, is_told: bool) -> (Case, String) {
    let mut key = String::new();
    let (ground, cloud) = town(seed, |cloud, user| {
        key = cloud.add_root_key();
        user
    })
    .await;
    let before = cloud.bot_changes();
    let call = is_told.then(|| by_root(&key));
    let trail = |inner| Arc::new(Investigator::new(WithRoot { inner, call })) as Arc<dyn Trail>;
    let bureau = Bureau::open_with(&ground, |rights| rights, trail).await;
    let case = bureau.report(&key, None).await;
    let why = |case: &Case| {
        let (_, why) = case.not_proposed()?;
        (case.facts().signer_known().is_some() || !is_told).then(|| why.to_owned())
    };
    bureau.wait(&case, "there is a reason", why).await;
    ground.clock.sleep(std::time::Duration::from_secs(60)).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(now.plans().next().is_none(), "{}", journal(&now));
    assert_eq!(cloud.bot_changes(), before, "nothing is changed, {USER} least of all");
    let why = now.not_proposed().unwrap().1.to_owned();
    let scene =
        Scene { case: &now, policy: &bureau.desk.rules.policy, now: bureau.desk.clock.now() };
    let notices = announcements(&now).into_iter().filter_map(|owed| {
        let What::Notice(said) = owed.what else {
            return None;
        };
        Some(draw(&View::Notice(scene, said), Means::Full).blocks)
    });
    let told: Vec<String> = notices.map(|b| serde_json::to_string(&b).unwrap()).collect();
    for line in why.lines() {
        let in_json = serde_json::to_string(line).unwrap();
        let in_json = in_json.trim_matches('"');
        assert!(told.iter().any(|said| said.contains(in_json)), "{line} is not in {told:?}");
    }
    bureau.close().await;
    (now, why)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_trail_shows_to_be_roots_gets_instructions_and_no_plan() {
    let (case, why) = refusal(61, true).await;
    assert_eq!(case.facts().signer_known().map(|signer| signer.kind), Some(SignerKind::Root));
    let told = ["the root user's of account 029608264753", "\n1. Attach", "\n4. Sign in as root"];
    assert!(told.iter().all(|wanted| why.contains(wanted)), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_no_user_may_be_roots_and_is_not_said_to_be_before_a_record_tells() {
    let (case, why) = refusal(62, false).await;
    assert_eq!(case.facts().root_keys, Some(Fact::Known(true)));
    assert!(case.facts().signer_known().is_none(), "AccountAccessKeysPresent names no key");
    assert!(why.contains("may be one of them") && why.contains("If it is root's:"), "{why}");
}
