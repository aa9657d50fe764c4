//! Who signed an order, asked of an STS we did not write: any change to the order is refused.

use crate::account::{Account, Credential};
use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use aws_sdk_iam::types::StatusType;
use keyleak::aws::operator::{Pen, StsWitness};
use keyleak::domain::button::PlanAddress;
use keyleak::domain::ids::CaseId;
use keyleak::domain::operator::{Order, Signature, Verb};
use keyleak::domain::plan::PlanNumber;
use keyleak::ports::witness::{Witness, WitnessError};
use libtest_mimic::Trial;
use std::sync::Arc;

const USER: &str = "ana";
const ROLE: &str = "SecOncall";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [named, changed] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async("sts_names_the_signer_of_an_order", move || async move {
            names_the_signer(&account(&named, "330000000003").await?).await
        }),
        trial_async("an_order_changed_after_it_was_signed_is_refused", move || async move {
            refuses_changes(&account(&changed, "280000000002").await?).await
        }),
    ]
}

async fn account(parts: &Parts, id: &str) -> Result<Account, Missing> {
    Ok(Account::at(parts.ministack()?.address(), id).await)
}

async fn names_the_signer(account: &Account) -> Result<(), Missing> {
    let key = account.administrator(USER).await;
    let ana = account.as_holder_of(&key);
    let session = ana.session_token().await;
    let role = assume(account, &key, "night-shift").await;
    let id = &account.id;
    let user = format!("arn:aws:iam::{id}:user/{USER}");
    let signers = [
        (&key, user.clone()),
        (&session, user),
        (&role, format!("arn:aws:sts::{id}:assumed-role/{ROLE}/night-shift")),
    ];
    for (credential, arn) in signers {
        let order = order();
        let signature = sign(account, credential, &order).await;
        let identity = witness(account).who_signed(&order, &signature).await.expect("it is known");
        assert_eq!((identity.arn, &identity.account), (arn, id));
        assert!(identity.request_id.is_some(), "AWS can find the call again");
    }
    Ok(())
}

async fn refuses_changes(account: &Account) -> Result<(), Missing> {
    let key = account.administrator(USER).await;
    let signature = sign(account, &key, &order()).await;
    let witness = witness(account);
    witness.who_signed(&order(), &signature).await.expect("unchanged it is known");

    for (what, changed) in orders() {
        let answer = witness.who_signed(&changed, &signature).await;
        assert!(matches!(answer, Err(WitnessError::Refused(_))), "{what}: {answer:?}");
    }
    let other = account.administrator("eve").await;
    for (what, changed) in signatures(&signature, &other) {
        let answer = witness.who_signed(&order(), &changed).await;
        assert!(matches!(answer, Err(WitnessError::Refused(_))), "{what}: {answer:?}");
    }
    account.set_status(USER, &key.id, StatusType::Inactive).await;
    let answer = witness.who_signed(&order(), &signature).await;
    assert!(matches!(answer, Err(WitnessError::Refused(_))), "an inactive key: {answer:?}");
    Ok(())
}

fn order() -> Order {
    decision(Verb::Approve, "kl-20260801-7wml-0a1b2c3d", 1, "ab")
}

fn decision(verb: Verb, case: &str, plan: u32, hash: &str) -> Order {
    let case = CaseId(case.to_owned());
    let at = PlanAddress { case, plan: PlanNumber(plan), hash: hash.repeat(32) };
    Order::Decide { verb, at, reason: None }
}

/// What somebody in the middle could make of the order.
fn orders() -> Vec<(&'static str, Order)> {
    let case = "kl-20260801-7wml-0a1b2c3d";
    vec![
        ("another choice", decision(Verb::Deny, case, 1, "ab")),
        ("undo instead", decision(Verb::Undo, case, 1, "ab")),
        ("another case", decision(Verb::Approve, "kl-20260801-7wml-ffffffff", 1, "ab")),
        ("another plan", decision(Verb::Approve, case, 2, "ab")),
        ("another hash", decision(Verb::Approve, case, 1, "cd")),
        ("a thaw", Order::MoveBrake { number: 1, frozen: false, why: "x".to_owned() }),
    ]
}

/// What somebody could make of the signature.
fn signatures(good: &Signature, other: &Credential) -> Vec<(&'static str, Signature)> {
    let flipped = if good.hex.starts_with('0') { "1" } else { "0" };
    vec![
        ("another key's id", Signature { key_id: other.id.clone(), ..good.clone() }),
        ("a forged signature", Signature { hex: "00".repeat(32), ..good.clone() }),
        (
            "one flipped digit",
            Signature { hex: format!("{flipped}{}", &good.hex[1..]), ..good.clone() },
        ),
        ("made to look newer", Signature { date: later(&good.date), ..good.clone() }),
        ("another session", Signature { session_token: Some("x".to_owned()), ..good.clone() }),
    ]
}

/// The same day, another second.
fn later(date: &str) -> String {
    let last = if date.ends_with("0Z") { "1Z" } else { "0Z" };
    format!("{}{last}", &date[..date.len() - 2])
}

fn witness(account: &Account) -> StsWitness {
    StsWitness::new(account.config())
}

async fn sign(account: &Account, credential: &Credential, order: &Order) -> Signature {
    let pen = Pen::new(&account.config_of(credential));
    pen.sign(order).await.expect("it signs")
}

async fn assume(account: &Account, key: &Credential, session: &str) -> Credential {
    let made = account.root.iam.create_role().role_name(ROLE).assume_role_policy_document(TRUST);
    made.send().await.expect("a role");
    let arn = format!("arn:aws:iam::{}:role/{ROLE}", account.id);
    let sts = account.as_holder_of(key).sts;
    let answer = sts.assume_role().role_arn(arn).role_session_name(session).send().await;
    answer.expect("a session").credentials().expect("its credentials").into()
}
