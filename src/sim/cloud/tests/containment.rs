//! What the containments do, and what they do not.

use super::stage::{USER, refused, stage, stage_with};
use crate::domain::principal::PrincipalName;
use crate::sim::attacker::{Operation, Reply};
use crate::sim::cloud::managed;
use std::time::Duration;

fn session_token() -> Operation {
    Operation::GetSessionToken
}

fn federation() -> Operation {
    Operation::GetFederationToken { name: "backdoor".to_owned() }
}

#[tokio::test]
async fn a_deactivated_key_is_refused_while_its_sessions_live_on() {
    let stage = stage();
    let session = stage.mint(&stage.leaked, session_token()).await;
    let federated = stage.mint(&stage.leaked, federation()).await;
    let key = (USER, stage.leaked.access_key_id.as_str());
    let bot = &stage.cloud.bot;
    stage.cloud.update_key(bot, key, false).await.unwrap();
    let by_key = stage.call(&stage.leaked, Operation::GetCallerIdentity).await;
    assert_eq!(by_key, refused("InvalidClientTokenId"));
    for credential in [&session, &federated] {
        let reply = stage.call(credential, Operation::ListBuckets).await;
        assert_eq!(reply, Reply::Allowed, "{credential:?}");
    }
}

#[tokio::test]
async fn a_deny_on_the_user_stops_the_key_and_every_session_but_not_get_caller_identity() {
    let stage = stage();
    let session = stage.mint(&stage.leaked, session_token()).await;
    let federated = stage.mint(&stage.leaked, federation()).await;
    let bot = &stage.cloud.bot;
    stage.cloud.attach(bot, &PrincipalName::user(USER), managed::DENY_ALL).await.unwrap();
    for credential in [&stage.leaked, &session, &federated] {
        let reply = stage.call(credential, Operation::ListBuckets).await;
        assert_eq!(reply, refused("AccessDenied"), "{credential:?}");
        let reply = stage.call(credential, Operation::GetCallerIdentity).await;
        let expected = match credential.session_token {
            None => Reply::Allowed,
            Some(_) => Reply::Allowed,
        };
        assert_eq!(reply, expected, "{credential:?}");
    }
}

#[tokio::test]
async fn a_write_is_seen_at_once_and_enforced_only_after_the_lag() {
    let lag = Duration::from_secs(30);
    let stage = stage_with(lag..=lag);
    let bot = &stage.cloud.bot;
    stage.cloud.attach(bot, &PrincipalName::user(USER), managed::DENY_ALL).await.unwrap();
    let seen = stage.cloud.user_state(USER).unwrap();
    assert!(seen.has_policy(managed::DENY_ALL));
    let early = stage.call(&stage.leaked, Operation::ListBuckets).await;
    assert_eq!(early, Reply::Allowed);
    stage.clock.sleep(lag + Duration::from_secs(1)).await;
    let late = stage.call(&stage.leaked, Operation::ListBuckets).await;
    assert_eq!(late, refused("AccessDenied"));
}
