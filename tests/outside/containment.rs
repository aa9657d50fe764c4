//! What contains a leaked key on an AWS we did not write: the deny, not the inactive key alone.

use crate::account::{Account, Clients, Credential};
use crate::frame::trial_async;
use crate::parts::Parts;
use aws_sdk_iam::types::StatusType;
use libtest_mimic::Trial;
use std::sync::Arc;

const USER: &str = "ci-deploy";
/// Enough that a refusal by chance, or one worker with an old state, would show.
const ATTEMPTS: usize = 200;

/// What the attacker has: the leaked key and two sessions minted from it.
struct Loot {
    name: &'static str,
    clients: Clients,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let deny = Arc::clone(parts);
    let control = Arc::clone(parts);
    let forged = Arc::clone(parts);
    vec![
        trial_async("a_key_id_with_another_secret_is_nobody", move || async move {
            let account = Account::at(forged.ministack()?.address(), "210000000003").await;
            let key = account.administrator(USER).await;
            let guess = Credential::new(&key.id, "not-the-secret", None);
            let refused = account.as_holder_of(&guess).list_buckets().await;
            assert_eq!(refused, Err("SignatureDoesNotMatch".to_owned()));
            Ok(())
        }),
        trial_async(
            "a_deny_and_an_inactive_key_refuse_all_and_undo_restores",
            move || async move {
                let account = Account::at(deny.ministack()?.address(), "210000000001").await;
                deny_refuses_all(&account).await;
                Ok(())
            },
        ),
        trial_async(
            "without_the_deny_the_sessions_work_on_and_the_check_sees_it",
            move || async move {
                let account = Account::at(control.ministack()?.address(), "210000000002").await;
                inactive_key_alone_is_not_enough(&account).await;
                Ok(())
            },
        ),
    ]
}

async fn deny_refuses_all(account: &Account) {
    let (key, loot) = steal(account).await;
    all_work(&loot).await.expect("all three work before");
    let policy = account.deny_all_policy().await;
    let iam = &account.root.iam;
    let attach = iam.attach_user_policy().user_name(USER).policy_arn(&policy);
    attach.send().await.expect("the deny is attached");
    account.set_status(USER, &key.id, StatusType::Inactive).await;

    all_refused(&loot).await.expect("all three are refused");

    let detach = iam.detach_user_policy().user_name(USER).policy_arn(&policy);
    detach.send().await.expect("the deny is detached");
    account.set_status(USER, &key.id, StatusType::Active).await;
    all_work(&loot).await.expect("all three work again");
}

/// The negative control: the same check must go red when the deny was skipped.
async fn inactive_key_alone_is_not_enough(account: &Account) {
    let (key, loot) = steal(account).await;
    account.set_status(USER, &key.id, StatusType::Inactive).await;
    assert_eq!(
        all_refused(&loot).await,
        Err("session token: attempt 1 of 200 was allowed".to_owned()),
    );
    refused(&loot[0]).await.expect("the key itself is refused");
    assert!(refused(&loot[2]).await.is_err(), "the federated session works on");
}

async fn steal(account: &Account) -> (Credential, Vec<Loot>) {
    let key = account.administrator(USER).await;
    let clients = account.as_holder_of(&key);
    let session = account.as_holder_of(&clients.session_token().await);
    let federated = account.as_holder_of(&clients.federation_token("helpdesk").await);
    let loot = vec![
        Loot { name: "key", clients },
        Loot { name: "session token", clients: session },
        Loot { name: "federation token", clients: federated },
    ];
    (key, loot)
}

async fn all_work(loot: &[Loot]) -> Result<(), String> {
    for Loot { name, clients } in loot {
        clients.list_buckets().await.map_err(|code| format!("{name}: refused with {code}"))?;
    }
    Ok(())
}

async fn all_refused(loot: &[Loot]) -> Result<(), String> {
    for one in loot {
        refused(one).await?;
    }
    Ok(())
}

async fn refused(loot: &Loot) -> Result<(), String> {
    let expected = ["AccessDenied", "InvalidClientTokenId", "InvalidAccessKeyId"];
    for attempt in 1..=ATTEMPTS {
        match loot.clients.list_buckets().await {
            Ok(()) => {
                return Err(format!("{}: attempt {attempt} of {ATTEMPTS} was allowed", loot.name));
            }
            Err(code) if expected.contains(&code.as_str()) => {}
            Err(code) => return Err(format!("{}: refused for another reason, {code}", loot.name)),
        }
    }
    Ok(())
}
