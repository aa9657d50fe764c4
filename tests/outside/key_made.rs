//! A key in the place of a leaked one, on an AWS that we did not write: its secret is fetched by a
//! workload, each right of the role that makes it is taken away in turn.

use crate::account::{Account, Credential};
use crate::bureau::{ASKER, Bureau, caller, honest};
use crate::each_right::{names_it, settings};
use crate::emulated::{DELIVERY, ground_of};
use crate::eradicated::contained;
use crate::frame::{Missing, trial_async};
use crate::leak::{BOT, BOT_IP, Leak, OFFICE_IP, leak_delivered};
use crate::least_rights::{EXTERNAL_ID, allowed, may, printed, printed_without, role};
use crate::parts::Parts;
use crate::recorder::Recorder;
use crate::story;
use crate::tickets::{second, tickets};
use keyleak::aws::clients::{ContainSettings, RoleSettings};
use keyleak::aws::contain::AwsContain;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::case::Case;
use keyleak::domain::ids::{AccessKeyId, UserName};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::recovery_step::Replacement;
use keyleak::flow::spoken::{self, Speaker};
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::{CallClass, Contain};
use libtest_mimic::Trial;
use std::sync::Arc;
use std::time::Duration;

const RECOVER: &str = include_str!("../../manifests/iam/recover.json");
const ROLE: &str = "keyleak-recover";
const HEIR: &str = "ci-deploy-2";
/// The emulator lets everybody tag what they create; that tags are sent, and with them the need for
/// the right, is pinned by the request in `src/aws/key_making/tests.rs`.
const NOT_REFUSED_HERE: &str = "secretsmanager:TagResource";
/// Nobody reads the trail here.
const NEVER: Duration = Duration::from_secs(3600);
const DENY: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [story, rights] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async("a_new_key_is_fetched_from_its_secret_and_works", move || async move {
            made_and_fetched(&story, "830000000001").await
        }),
        trial_async("rights_each_to_recover_that_lacks_is_named", move || async move {
            each_right(&rights, "840000000001").await
        }),
    ]
}

/// What a workload that may read the secret finds in it.
async fn fetched(owner: &Account, workload: &Credential, secret: &str) -> Credential {
    let secrets = aws_sdk_secretsmanager::Client::new(&owner.config_of(workload));
    let got = secrets.get_secret_value().secret_id(secret).send().await.expect("the secret");
    let content: serde_json::Value =
        serde_json::from_str(got.secret_string().expect("a text")).expect("JSON");
    let part = |name: &str| content[name].as_str().expect("a part of the key").to_owned();
    Credential::new(&part("AccessKeyId"), &part("SecretAccessKey"), None)
}

/// The whole of it: people agree, the key is made with the printed policy, and signs.
async fn made_and_fetched(parts: &Parts, account: &str) -> Result<(), Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    let owner = leak.owner.clone();
    let arn = role(&owner, ROLE, &printed(RECOVER, DENY)).await;
    let contain = rights(&leak, &arn);
    let ground = ground_of(leak).await;
    let bureau = Bureau::open_with(&ground, |_| contain, honest).await;
    let case = contained(&bureau, &ground).await;
    // Users that come while the actor is chased would be stopped on suspicion.
    let old = owner.administrator(HEIR).await;
    let workload = owner.administrator("workload").await;
    let speaker = Speaker { caller: caller(ASKER), delivery: None };
    let user = UserName(HEIR.to_owned());
    let wish = (Replacement::Key, Some(&user), "the vendor takes nothing else");
    spoken::replace(&bureau.desk.bench(), &case, &speaker, wish).await.expect("it is kept");
    let at = story::approve(&bureau, &case, PlanKind::Replacement).await;
    let made = |case: &Case| {
        let state = case.plan(at.plan)?;
        let done = state.status() == PlanStatus::Done && state.held_at.is_some();
        done.then(|| state.plan.steps[0].action.change.clone())
    };
    let Change::MakeKey { secret, .. } = bureau.wait(&case, "the key, read back", made).await
    else {
        panic!("it makes no key")
    };
    let new = fetched(&owner, &workload, &secret).await;
    assert_ne!(new.id, old.id);
    owner.as_holder_of(&new).list_buckets().await.expect("the new key signs");
    let wrong = Credential::new(&new.id, "another", None);
    owner.as_holder_of(&wrong).list_buckets().await.expect_err("and only with its secret");
    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    let all = serde_json::to_string(&now.records().iter().map(AsRef::as_ref).collect::<Vec<_>>());
    let all = all.expect("JSON");
    assert!(all.contains(&secret) && !all.contains(&secret_of(&new)), "the journal has no secret");
    bureau.close().await;
    Ok(())
}

fn secret_of(key: &Credential) -> String {
    key.as_loot("new").secret_access_key
}

/// Own credentials to contain, and the role to make keys.
fn rights(leak: &Leak, arn: &str) -> Arc<dyn Contain> {
    let config = leak.bot.config_of(&leak.bot_key);
    let own = AwsContain::new(&config, Some(&ContainSettings::OwnCredentials)).expect("rights");
    let external_id = Some(EXTERNAL_ID.to_owned());
    let role = RoleSettings { arn: arn.to_owned(), external_id };
    Arc::new(own.recovering(&config, Some(&role)))
}

/// With the whole policy a second attempt cleans up after the first; without one right of it the
/// attempt is refused by the name of that, and no key is left whose secret is lost.
async fn each_right(parts: &Parts, account: &str) -> Result<(), Missing> {
    let folder = tempfile::tempdir().expect("a folder");
    let upstream = parts.ministack()?.address();
    let recorder = Recorder::new(upstream, folder.path(), Clock::real(), NEVER);
    let owner = Account::at(recorder.door(OFFICE_IP).await, account).await;
    let bot = Account::at(recorder.door(BOT_IP).await, account).await;
    let bot_key = owner.administrator(BOT).await;
    let arn = role(&owner, ROLE, &printed(RECOVER, DENY)).await;
    let config = bot.config_of(&bot_key);
    let contain = AwsContain::new(&config, Some(&ContainSettings::Role(settings(&arn))));
    let contain = contain.expect("rights").recovering(&config, Some(&settings(&arn)));
    let stray = making(&owner, "stray").await;
    let theirs = made_by_hand(&owner, "stray").await;
    let first = tickets(account, vec![stray]).await.remove(0);
    let refused = contain.apply(&first).await.expect_err("a key that no attempt made");
    assert!(refused.message.contains("was not there when this was decided"), "{refused}");
    assert_eq!(keys(&owner, "stray").await, [theirs]);
    let action = making(&owner, "whole").await;
    let lost = made_by_hand(&owner, "whole").await;
    let again = second(account, action).await;
    contain.apply(&again).await.expect("with the whole policy nothing is refused");
    let kept = keys(&owner, "whole").await;
    assert!(kept.len() == 1 && kept[0] != lost, "the lost one is gone, the new one is there");
    contain.apply(&again).await.expect("repeating it is harmless");
    assert_eq!(keys(&owner, "whole").await, kept);
    let judged = allowed(RECOVER).into_iter().filter(|right| right != NOT_REFUSED_HERE);
    for (at, lacking) in judged.enumerate() {
        may(&owner, ROLE, &printed_without(RECOVER, DENY, &lacking)).await;
        let user = format!("lacks-{at}");
        let action = making(&owner, &user).await;
        let lost = made_by_hand(&owner, &user).await;
        let refused = contain.apply(&second(account, action).await).await.err();
        let refused: Vec<_> =
            refused.into_iter().filter(|error| error.class == CallClass::Denied).collect();
        names_it(&refused, &lacking);
        let left = keys(&owner, &user).await;
        assert!(left.is_empty() || left == [lost], "{lacking}: a key without a secret is left");
    }
    Ok(())
}

/// The making of a key for a user without any, into a secret that is not there.
async fn making(owner: &Account, user: &str) -> Action {
    let made = owner.root.iam.create_user().user_name(user).send().await.expect("a user");
    let id = made.user().expect("a user").user_id().to_owned();
    let arn = format!("arn:aws:iam::{}:user/{user}", owner.id);
    let on = Principal { kind: PrincipalKind::User, name: user.to_owned(), id, arn };
    let secret = format!("keyleak/kl-each-right/1/{user}");
    Action { on, change: Change::MakeKey { secret, region: None, beside: Vec::new() } }
}

/// A key as an attempt that was cut off leaves it.
async fn made_by_hand(owner: &Account, user: &str) -> AccessKeyId {
    let made = owner.root.iam.create_access_key().user_name(user).send().await.expect("a key");
    let id = made.access_key().expect("a key").access_key_id().to_owned();
    AccessKeyId::from_record(&id).expect("its id")
}

async fn keys(owner: &Account, user: &str) -> Vec<AccessKeyId> {
    let listed = owner.root.iam.list_access_keys().user_name(user).send().await.expect("keys");
    let ids = listed.access_key_metadata().iter().filter_map(|key| key.access_key_id());
    ids.filter_map(AccessKeyId::from_record).collect()
}
