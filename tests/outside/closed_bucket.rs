//! A bucket that is closed, on an S3 that judges bucket policies: who reads it before and after.

use crate::account::{Account, Clients, code};
use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use keyleak::domain::bucket_policy::BucketDeny;
use keyleak::domain::ids::CaseId;
use libtest_mimic::Trial;
use std::sync::Arc;

const OBJECT: &str = "loot.csv";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    let name = "a_closed_bucket_lets_responders_through_and_nobody_else_and_opens_as_it_was";
    vec![trial_async(name, move || async move {
        closed(&Account::at(parts.ministack()?.address(), "260000000007").await).await
    })]
}

async fn closed(account: &Account) -> Result<(), Missing> {
    let (s3, bucket) = (&account.root.s3, format!("loot-{}", account.id));
    s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"1,2");
    s3.put_object().bucket(&bucket).key(OBJECT).body(body).send().await.expect("an object");
    let id = &account.id;
    let old = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"open","Effect":"Allow",
        "Principal":{{"AWS":"arn:aws:iam::{id}:root"}},"Action":"s3:GetObject",
        "Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
    );
    s3.put_bucket_policy().bucket(&bucket).policy(&old).send().await.expect("its policy");
    let mut clients = Vec::new();
    for user in ["thief", "responder"] {
        clients.push(account.as_holder_of(&account.administrator(user).await));
    }
    let [thief, responder] = clients.as_slice() else { panic!("two users") };
    for one in [thief, responder] {
        reads(one, &bucket).await.expect("the control: both read it");
    }

    let through = format!("arn:aws:iam::{}:user/responder", account.id);
    let arn = format!("arn:aws:s3:::{bucket}");
    let deny = BucketDeny::new(&CaseId("kl-1".to_owned()), &arn, vec![through]);
    let closed = deny.added_to(Some(&old)).expect("a policy");
    s3.put_bucket_policy().bucket(&bucket).policy(&closed).send().await.expect("closed");
    let read = s3.get_bucket_policy().bucket(&bucket).send().await.expect("as S3 has it");
    assert!(deny.is_in(read.policy().expect("a policy")), "found again: {read:?}");
    assert_eq!(reads(thief, &bucket).await, Err("AccessDenied".to_owned()));
    reads(responder, &bucket).await.expect("who gives back is let through");

    responder.s3.put_bucket_policy().bucket(&bucket).policy(&old).send().await.expect("opened");
    reads(thief, &bucket).await.expect("as it was");
    Ok(())
}

async fn reads(who: &Clients, bucket: &str) -> Result<(), String> {
    let got = who.s3.get_object().bucket(bucket).key(OBJECT).send().await;
    got.map(drop).map_err(|error| code(&error))
}
