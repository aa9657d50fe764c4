//! Eradication on an AWS we did not write: policies, providers, instance profiles and groups of the
//! actor's go with its users and roles, and come back by the printed script.

use crate::bureau::{Bureau, honest};
use crate::emulated::{DELIVERY, ground_of};
use crate::eradicated::{approved, contained, deleted, only_the_actors_are_gone, press, proposed};
use crate::erased::{rights, role_that_deletes};
use crate::frame::{Missing, trial_async};
use crate::ground::BACKDOOR;
use crate::iam_things::{DEEP, GROUP, furnish, name, named};
use crate::leak::{Leak, leak_delivered};
use crate::made_again::thing_made_again;
use crate::parts::Parts;
use keyleak::domain::case::Case;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::resource::ResourceType;
use keyleak::sim::attacker::{Attacker, Operation};
use libtest_mimic::Trial;
use std::sync::Arc;

const ROLE: &str = "backup-agent";
/// Who was there before, and gets a policy of the actor's.
const COLLEAGUE: &str = "ops";
const SHARED: &str = "shared";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, lacking] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "eradication_deletes_things_of_iam_that_nobody_else_uses",
            move || async move { erased(&whole, "810000000001", None).await },
        ),
        trial_async("eradication_without_a_right_to_a_policy_names_it", move || async move {
            erased(&lacking, "810000000002", Some("iam:DeletePolicyVersion")).await
        }),
    ]
}

/// The whole of it, with the printed policy; or with one action of it left out.
async fn erased(parts: &Parts, account: &str, without: Option<&str>) -> Result<(), Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    leak.owner.administrator(COLLEAGUE).await;
    let (owner, role) = (leak.owner.clone(), role_that_deletes(&leak.owner, without).await);
    leak.recorder.supply_empty_lists();
    makes_things(&leak, account).await;
    let contain = rights(&leak, &role);
    let ground = ground_of(leak).await;
    let bureau = Bureau::open_with(&ground, |_| contain, honest).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    let things = ResourceType::OF_IAM.map(|of| name(account, of).key());
    let deep = named(account, ResourceType::Policy, DEEP).key();
    let mut all = vec![PrincipalName::user(BACKDOOR), PrincipalName::role(ROLE), deep.clone()];
    all.extend(things.clone());
    let at = proposed(&bureau, &case, &all).await;
    let said = |case: &Case| case.not_eradicated().map(|(_, why)| why.to_owned());
    let said = bureau.wait(&case, "what is left to people", said).await;
    assert!(said.contains(&format!("policy {SHARED}")), "{said}");
    assert!(said.contains(&format!("user {COLLEAGUE} uses it, and stays")), "{said}");
    approved(&bureau, &ground, &at).await;
    let iam = &owner.root.iam;
    let shared = named(account, ResourceType::Policy, SHARED).arn();
    match without {
        None => {
            let now = deleted(&bureau, &at).await;
            only_the_actors_are_gone(&ground, &now).await;
            for of in ResourceType::OF_IAM {
                let found = ground.lookup.resource(&name(account, of)).await;
                assert!(found.is_err(), "{of:?} is there: {found:?}");
            }
            let kept = iam.get_policy().policy_arn(&shared).send().await;
            kept.expect("what a colleague has is there");
            // A profile takes a role that is there, by whichever script.
            let role = iam.create_role().role_name(ROLE).assume_role_policy_document(TRUST);
            role.send().await.expect("a role");
            for thing in things.iter().rev().chain([&deep]) {
                thing_made_again(parts, (&bureau, &now), (&ground, &owner), thing).await?;
            }
        }
        Some(action) => {
            let refused = |case: &Case| {
                let failed = format!("{:?}", case.plan(at.plan)?.steps);
                failed.contains(&format!("allow {action}")).then_some(())
            };
            bureau.wait(&case, "the missing right is named", refused).await;
            let arn = name(account, ResourceType::Policy).arn();
            iam.get_policy().policy_arn(arn).send().await.expect("the policy is there");
        }
    }
    bureau.close().await;
    Ok(())
}

/// What the thief makes with the leaked key: one of each that its user and role use and nobody
/// else, and a policy that a colleague gets.
async fn makes_things(leak: &Leak, account: &str) {
    let key = leak.key.as_loot("key");
    let saml = name(account, ResourceType::SamlProvider).id;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":
        {{"Federated":"{saml}"}},"Action":"sts:AssumeRoleWithSAML"}}]}}"#
    );
    let made = Operation::CreateRole { role: ROLE.to_owned(), trust };
    assert!(leak.attacker().call(&key, &made).await.worked(), "the thief makes a role");
    let iam = leak.thief.as_holder_of(&leak.key).iam;
    furnish(&iam, account, ROLE).await;
    let join = iam.add_user_to_group().group_name(GROUP).user_name(BACKDOOR);
    join.send().await.expect("a member");
    let arn = name(account, ResourceType::Policy).arn();
    let attach = iam.attach_user_policy().user_name(BACKDOOR).policy_arn(&arn);
    attach.send().await.expect("a policy of the user");
    let attach = iam.attach_role_policy().role_name(ROLE).policy_arn(&arn);
    attach.send().await.expect("a policy of the role");
    let shared = iam.create_policy().policy_name(SHARED).policy_document(ALLOW_ALL).send().await;
    let shared = shared.expect("a policy");
    let arn = shared.policy().and_then(|policy| policy.arn()).expect("its ARN");
    let attach = iam.attach_user_policy().user_name(COLLEAGUE).policy_arn(arn);
    attach.send().await.expect("a colleague has it");
}
