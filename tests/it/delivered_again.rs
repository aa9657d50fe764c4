//! A command that Slack delivers again counts for the case that it was typed for, and no other.

use crate::bureau::{APPROVER, ASKER, Bureau, caller};
use crate::simulated::ground;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::ids::{AccessKeyId, CaseId};
use keyleak::flow::intake::{OpenRequest, open};

/// The ten minutes in which a delivery may come again are one.
const BRISK: u32 = 10;

/// `/keyleak AKIA…`, typed by somebody and delivered under this key.
async fn typed(bureau: &Bureau, who: &str, (key, delivery): (&str, &str)) -> CaseId {
    let request = OpenRequest {
        keys: vec![AccessKeyId::parse(key).unwrap()],
        found_where: None,
        exposed_since: None,
        note: None,
        delivery: Some(delivery.to_owned()),
        place: None,
    };
    let opened = open(&bureau.desk, &caller(who), &request).await.unwrap();
    opened[0].case.id().clone()
}

async fn close(bureau: &Bureau, case: &CaseId) {
    bureau.press(ASKER, ButtonAction::Close { case: case.clone() }).await;
    bureau.wait(case, "its end", |case| case.closed_at().map(drop)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joined_a_case_opens_none_when_it_is_closed_and_slack_delivers_their_command_again() {
    let ground = ground(9, BRISK).await;
    let bureau = Bureau::open(&ground).await;
    let key = ground.key().access_key_id.as_str();
    let first = typed(&bureau, ASKER, (key, "slash:1")).await;
    let joining = (key, "slash:2");
    assert_eq!(typed(&bureau, APPROVER, joining).await, first, "it is joined");
    close(&bureau, &first).await;
    assert_eq!(typed(&bureau, APPROVER, joining).await, first, "it opens no other case");
    assert_eq!(bureau.desk.work.all_cases().await.unwrap(), std::slice::from_ref(&first));
    let second = typed(&bureau, ASKER, (key, "slash:3")).await;
    assert_ne!(second, first);
    assert_eq!(typed(&bureau, APPROVER, joining).await, first, "it joins no other case");
    let case = bureau.desk.ledger.load(&second).await.unwrap();
    assert!(!case.has_seen("slash:2"));
    // What is typed anew counts.
    assert_eq!(typed(&bureau, APPROVER, (key, "slash:4")).await, second);
    bureau.close().await;
}
