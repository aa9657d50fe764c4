//! Eradication on an AWS we did not write: a user with everything that can hang on one, and a role.

use crate::account::Account;
use crate::bureau::{Bureau, honest};
use crate::emulated::{DELIVERY, ground_of};
use crate::eradicated::{approved, contained, deleted, only_the_actors_are_gone, press, proposed};
use crate::frame::{Missing, trial_async};
use crate::ground::BACKDOOR;
use crate::leak::{Leak, leak_delivered};
use crate::made_again::made_again;
use crate::parts::Parts;
use aws_sdk_iam::error::ProvideErrorMetadata;
use aws_sdk_iam::types::Tag;
use keyleak::aws::clients::{ContainSettings, RoleSettings};
use keyleak::aws::contain::AwsContain;
use keyleak::domain::principal::PrincipalName;
use keyleak::ports::cloud::Contain;
use keyleak::sim::attacker::{Attacker, Operation};
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;

const ROLE: &str = "backup-agent";
const ERADICATE: &str = "keyleak-eradicate";
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, lacking] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "eradication_deletes_what_the_actor_made_with_all_that_hangs_on_it",
            move || async move { erased(&whole, "410000000001", None).await },
        ),
        trial_async("eradication_without_one_right_stops_and_names_it", move || async move {
            erased(&lacking, "410000000002", Some("iam:DeleteUser")).await
        }),
    ]
}

/// The whole of it, with the printed policy; or with one action of it left out.
async fn erased(parts: &Parts, account: &str, without: Option<&str>) -> Result<(), Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    let (owner, role) = (leak.owner.clone(), role_that_deletes(&leak.owner, without).await);
    leak.recorder.supply_empty_lists();
    let key = leak.key.as_loot("key");
    let trust = trusting(account);
    let made = Operation::CreateRole { role: ROLE.to_owned(), trust };
    assert!(leak.attacker().call(&key, &made).await.worked(), "the thief makes a role");
    hang_everything(&owner).await;
    let contain = rights(&leak, &role);
    let ground = ground_of(leak).await;
    let bureau = Bureau::open_with(&ground, |_| contain, honest).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    let made = [PrincipalName::user(BACKDOOR), PrincipalName::role(ROLE)];
    let at = proposed(&bureau, &case, &made).await;
    approved(&bureau, &ground, &at).await;
    let iam = &owner.root.iam;
    match without {
        None => {
            let now = deleted(&bureau, &at).await;
            only_the_actors_are_gone(&ground, &now).await;
            let gone = iam.get_role().role_name(ROLE).send().await;
            let gone = gone.err().and_then(|error| error.code().map(str::to_owned));
            assert_eq!(gone.as_deref(), Some("NoSuchEntity"));
            made_again(parts, (&bureau, &now), (&ground, &owner), ROLE).await?;
        }
        Some(action) => {
            let refused = |case: &keyleak::domain::case::Case| {
                let failed = format!("{:?}", case.plan(at.plan)?.steps);
                failed.contains(&format!("allow {action}")).then_some(())
            };
            bureau.wait(&case, "the missing right is named", refused).await;
            let there = iam.get_user().user_name(BACKDOOR).send().await;
            there.expect("the user is still there");
        }
    }
    bureau.close().await;
    Ok(())
}

/// Own credentials to contain, and the role to delete.
pub(crate) fn rights(leak: &Leak, role: &str) -> Arc<dyn Contain> {
    let config = leak.bot.config_of(&leak.bot_key);
    let own = AwsContain::new(&config, Some(&ContainSettings::OwnCredentials)).expect("rights");
    let role = RoleSettings { arn: role.to_owned(), external_id: None };
    Arc::new(own.eradicating(&config, Some(&role)))
}

fn trusting(account: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }]})
    .to_string()
}

/// The role with the printed policy, one action left out where that is wanted.
pub(crate) async fn role_that_deletes(owner: &Account, without: Option<&str>) -> String {
    let iam = &owner.root.iam;
    let made = iam.create_role().role_name(ERADICATE);
    let made = made.assume_role_policy_document(trusting(&owner.id)).send().await.expect("a role");
    let mut policy = include_str!("../../manifests/iam/eradicate.json").to_owned();
    if let Some(action) = without {
        policy = policy.replace(&format!("\"{action}\""), "\"iam:NoSuchAction\"");
    }
    let put = iam.put_role_policy().role_name(ERADICATE).policy_name("eradicate");
    put.policy_document(policy).send().await.expect("its rights");
    made.role().expect("a role in the answer").arn().to_owned()
}

/// Everything that keeps a user or a role from being deleted, as far as the emulator has it.
async fn hang_everything(owner: &Account) {
    let iam = &owner.root.iam;
    let put = iam.put_user_policy().user_name(BACKDOOR).policy_name("all");
    put.policy_document(ALLOW_ALL).send().await.expect("an inline policy");
    let made = iam.create_policy().policy_name("more").policy_document(ALLOW_ALL).send().await;
    let made = made.expect("a policy");
    let arn = made.policy().and_then(|policy| policy.arn()).expect("its ARN").to_owned();
    let attach = iam.attach_user_policy().user_name(BACKDOOR).policy_arn(&arn);
    attach.send().await.expect("an attached policy");
    let boundary = iam.put_user_permissions_boundary().user_name(BACKDOOR);
    boundary.permissions_boundary(&arn).send().await.expect("a boundary");
    let tag = Tag::builder().key("team").value("pay roll: + @one").build().expect("a tag");
    iam.tag_user().user_name(BACKDOOR).tags(tag).send().await.expect("a tag of the user");
    let profile = iam.create_login_profile().user_name(BACKDOOR).password("Pass-word-of-the-test1");
    profile.send().await.expect("a password");
    iam.create_access_key().user_name(BACKDOOR).send().await.expect("a second key");
    let attach = iam.attach_role_policy().role_name(ROLE).policy_arn(&arn);
    attach.send().await.expect("a policy of the role");
    iam.create_group().group_name("helpers").send().await.expect("a group");
    let join = iam.add_user_to_group().group_name("helpers").user_name(BACKDOOR);
    join.send().await.expect("a member");
    let device = iam.create_virtual_mfa_device().virtual_mfa_device_name(BACKDOOR).send().await;
    let device = device.expect("a device");
    let serial = device.virtual_mfa_device().map(|device| device.serial_number().to_owned());
    let enable = iam.enable_mfa_device().user_name(BACKDOOR).serial_number(serial.expect("it"));
    let enable = enable.authentication_code1("123456").authentication_code2("654321");
    enable.send().await.expect("a second factor");
    let profile = iam.create_instance_profile().instance_profile_name("workers");
    profile.send().await.expect("an instance profile");
    let add = iam.add_role_to_instance_profile().instance_profile_name("workers");
    add.role_name(ROLE).send().await.expect("the role in it");
}
