//! Anchors under Object Lock, on an S3 that enforces it: what was anchored cannot be taken away.

use crate::account::{Account, code};
use crate::frame::{Missing, trial_async};
use crate::journal_contract::{line, record};
use crate::parts::Parts;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{ObjectLockRetention, ObjectLockRetentionMode};
use keyleak::aws::anchors::{AnchorSettings, S3Anchors};
use keyleak::domain::anchor::Anchor;
use keyleak::domain::ids::CaseId;
use keyleak::domain::verdict::{Anchored, judge};
use keyleak::ports::anchors::Anchors;
use keyleak::ports::clock::Clock;
use libtest_mimic::Trial;
use std::sync::Arc;

const KEY: &[u8] = b"signs the anchors of this trial, nobody else's";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    let name = "an_anchor_under_object_lock_is_neither_deleted_nor_hidden_and_is_checked_against";
    vec![trial_async(name, move || async move {
        kept(&Account::at(parts.ministack()?.address(), "250000000006").await).await
    })]
}

async fn kept(account: &Account) -> Result<(), Missing> {
    let (s3, bucket) = (&account.root.s3, format!("anchors-{}", account.id));
    let made = s3.create_bucket().bucket(&bucket).object_lock_enabled_for_bucket(true);
    made.send().await.expect("a bucket with Object Lock");
    let settings = AnchorSettings { bucket: bucket.clone(), prefix: "a".into(), retain_days: 2 };
    let anchors = S3Anchors::new(account.config(), settings);
    let case = CaseId("kl-locked".to_owned());
    let written = record(&case, "as it was decided", None);
    let now = Clock::real().now();
    let anchor = Anchor::sign(case.clone(), 1, vec![written.hash.clone()], now, KEY);
    anchors.keep(&anchor).await.expect("it is kept");
    anchors.keep(&anchor).await.expect("the same again is the same");

    let listed = s3.list_object_versions().bucket(&bucket).send().await.expect("its versions");
    let [version] = listed.versions() else { panic!("one version: {listed:?}") };
    let (name, id) = (version.key().expect("a name"), version.version_id().expect("an id"));
    let locked = s3.get_object_retention().bucket(&bucket).key(name).send().await;
    let locked = locked.expect("a retention").retention.expect("a retention");
    assert_eq!(locked.mode, Some(ObjectLockRetentionMode::Compliance));

    // The account's root may do all there is, and that is not enough.
    let deleted = s3.delete_object().bucket(&bucket).key(name).version_id(id).send().await;
    assert_eq!(code(&deleted.expect_err("it is locked")), "AccessDenied");
    let sooner = ObjectLockRetention::builder()
        .mode(ObjectLockRetentionMode::Compliance)
        .retain_until_date(DateTime::from_secs(now.as_second() + 1))
        .build();
    let shortened = s3.put_object_retention().bucket(&bucket).key(name).version_id(id);
    let shortened = shortened.retention(sooner).send().await;
    assert_eq!(code(&shortened.expect_err("it is locked")), "AccessDenied");
    // A delete marker is allowed, and hides nothing from the check.
    s3.delete_object().bucket(&bucket).key(name).send().await.expect("a delete marker");
    s3.get_object().bucket(&bucket).key(name).send().await.expect_err("hidden at first sight");
    let found = anchors.read(&case).await.expect("they are readable");
    assert_eq!(found, [anchor]);

    let intact = judge(&case, &[line(&written)], &found, Some(KEY)).expect("it is as it was");
    assert_eq!(intact.anchored, Anchored::Upto { upto: 1 });
    // Sabotage: another record in its place, its chain as good as that of the first.
    let other = record(&case, "as somebody would have liked it", None);
    judge(&case, &[line(&other)], &found, Some(KEY)).expect_err("it is not what was anchored");
    Ok(())
}
