//! Each right of the roles that change something, taken away in turn: the call that lacks it is
//! refused, and the refusal names it.
//!
//! The emulator judges the right to a call before it looks whether it knows the call, so that also
//! what it lacks (SSH keys, certificates, service-specific credentials) is refused there by name.
//! What these calls send is pinned in `src/aws/contain.rs` and `src/aws/eradicate.rs`.

use crate::account::{Account, Credential, REGION};
use crate::frame::{Missing, trial_async};
use crate::iam_things;
use crate::leak::{BOT, BOT_IP, OFFICE_IP};
use crate::least_rights::{
    CONTAIN, ERADICATE, EXTERNAL_ID, allowed, may, printed, printed_without, role,
};
use crate::parts::Parts;
use crate::recorder::Recorder;
use crate::tickets::tickets;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use keyleak::aws::clients::{ContainSettings, RoleSettings};
use keyleak::aws::contain::AwsContain;
use keyleak::domain::action::{Action, Change, SideCredential, SideKind};
use keyleak::domain::ids::AccessKeyId;
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::resource::ResourceType;
use keyleak::domain::revocation::Sessions;
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::{CallClass, CallError, Contain};
use libtest_mimic::Trial;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "contractor";
const INLINE: &str = "KeyleakDeny-trial";
/// The one tag that the printed policy lets be set.
pub(crate) const TAG: &str = "keyleak-quarantine";
const GROUP: &str = "deployers";
const PROFILE: &str = "workers";
/// Nobody reads the trail here.
const NEVER: Duration = Duration::from_secs(3600);
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// Lets nobody in, which is all that a role of these trials is for.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [contain, eradicate] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async("rights_each_to_contain_that_lacks_is_named", move || async move {
            let place = Place::new(&contain, "550000000001").await?;
            place.each_to_contain().await;
            Ok(())
        }),
        trial_async("rights_each_to_eradicate_that_lacks_is_named", move || async move {
            let place = Place::new(&eradicate, "550000000002").await?;
            place.each_to_eradicate().await;
            Ok(())
        }),
    ]
}

/// An account with a bot in it that works through roles, and somebody to be changed.
struct Place {
    owner: Account,
    bot: Account,
    bot_key: Credential,
    deny: String,
    _recorder: Recorder,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new(parts: &Parts, account: &str) -> Result<Self, Missing> {
        let folder = tempfile::tempdir().expect("a folder");
        let upstream = parts.ministack()?.address();
        let recorder = Recorder::new(upstream, folder.path(), Clock::real(), NEVER);
        recorder.supply_side_credentials();
        let owner = Account::at(recorder.door(OFFICE_IP).await, account).await;
        let bot = Account::at(recorder.door(BOT_IP).await, account).await;
        let bot_key = owner.administrator(BOT).await;
        let deny = owner.deny_all_policy().await;
        Ok(Self { owner, bot, bot_key, deny, _recorder: recorder, _folder: folder })
    }

    /// What is named so, with an id that nothing here looks at.
    fn on(&self, kind: PrincipalKind) -> Principal {
        let arn = format!("arn:aws:iam::{}:{}/{NAME}", self.owner.id, kind.word());
        Principal { kind, name: NAME.to_owned(), id: "AXXATRIAL".to_owned(), arn }
    }

    /// Carries out what can be, and tells what was refused.
    async fn refusals(&self, contain: &AwsContain, actions: Vec<Action>) -> Vec<CallError> {
        let mut refused = Vec::new();
        for action in actions {
            let tickets = tickets(&self.owner.id, vec![action]).await;
            let outcome = contain.apply(&tickets[0]).await;
            refused.extend(outcome.err().filter(|error| error.class == CallClass::Denied));
        }
        refused
    }

    async fn each_to_contain(&self) {
        for kind in KINDS {
            self.furnish(kind).await;
        }
        let arn = role(&self.owner, "keyleak-contain", &printed(CONTAIN, &self.deny)).await;
        let contain = self.containing(&arn);
        let all: Vec<Action> = KINDS.iter().flat_map(|kind| self.changes(*kind)).collect();
        let refused = self.refusals(&contain, all.clone()).await;
        assert!(refused.is_empty(), "with the whole policy nothing is: {refused:?}");
        for lacking in allowed(CONTAIN) {
            let policy = printed_without(CONTAIN, &self.deny, &lacking);
            may(&self.owner, "keyleak-contain", &policy).await;
            let needing = all.iter().filter(|one| one.permissions().contains(&lacking.as_str()));
            let refused = self.refusals(&contain, needing.cloned().collect()).await;
            names_it(&refused, &lacking);
        }
    }

    async fn each_to_eradicate(&self) {
        let arn = role(&self.owner, "keyleak-eradicate", &printed(ERADICATE, &self.deny)).await;
        let contain = self.eradicating(&arn);
        for kind in KINDS {
            self.furnish(kind).await;
            let refused = self.refusals(&contain, vec![self.deleting(kind)]).await;
            assert!(refused.is_empty(), "with the whole policy nothing is: {refused:?}");
            assert!(self.is_gone(kind).await, "{kind:?} is still there");
        }
        let (id, iam) = (&self.owner.id, &self.owner.root.iam);
        self.furnish(PrincipalKind::Role).await;
        iam_things::furnish(iam, id, NAME).await;
        let all = ResourceType::OF_IAM.map(|of| iam_things::deleting(id, of)).to_vec();
        let refused = self.refusals(&contain, all.clone()).await;
        assert!(refused.is_empty(), "with the whole policy nothing is: {refused:?}");
        for lacking in allowed(ERADICATE) {
            let policy = printed_without(ERADICATE, &self.deny, &lacking);
            may(&self.owner, "keyleak-eradicate", &policy).await;
            let mut refused = Vec::new();
            for kind in KINDS {
                let deleting = self.deleting(kind);
                if deleting.permissions().contains(&lacking.as_str()) {
                    self.furnish(kind).await;
                    refused.extend(self.refusals(&contain, vec![deleting]).await);
                }
            }
            let needing = all.iter().filter(|one| one.permissions().contains(&lacking.as_str()));
            for deleting in needing {
                self.furnish(PrincipalKind::Role).await;
                iam_things::furnish(iam, id, NAME).await;
                refused.extend(self.refusals(&contain, vec![deleting.clone()]).await);
            }
            names_it(&refused, &lacking);
        }
    }

    fn containing(&self, arn: &str) -> AwsContain {
        let config = self.bot.config_of(&self.bot_key);
        AwsContain::new(&config, Some(&ContainSettings::Role(settings(arn)))).expect("rights")
    }

    fn eradicating(&self, arn: &str) -> AwsContain {
        let config = self.bot.config_of(&self.bot_key);
        self.containing(arn).eradicating(&config, Some(&settings(arn)))
    }

    fn deleting(&self, kind: PrincipalKind) -> Action {
        let (policy_arn, inline_name) = (self.deny.clone(), INLINE.to_owned());
        Action { on: self.on(kind), change: Change::Delete { policy_arn, inline_name } }
    }

    /// Every change of the catalogue that can be undone, so that each call is the first to be
    /// refused in one of them.
    fn changes(&self, kind: PrincipalKind) -> Vec<Action> {
        let (policy_arn, inline_name) = (self.deny.clone(), INLINE.to_owned());
        let mut changes = vec![
            Change::Deny { policy_arn: policy_arn.clone(), inline_name: inline_name.clone() },
            Change::LiftDeny { policy_arn: policy_arn.clone(), inline_name: inline_name.clone() },
            Change::RevokeSessions {
                sessions: Sessions::Everyone,
                until: Timestamp::UNIX_EPOCH,
                inline_name: inline_name.clone(),
            },
            Change::LiftRevocation { inline_name },
            Change::SetBoundary { boundary: Some(policy_arn) },
            Change::SetBoundary { boundary: None },
            Change::Quarantine { tag: TAG.to_owned(), value: "kl-each-right".to_owned() },
            Change::LiftQuarantine { tag: TAG.to_owned() },
        ];
        match kind {
            PrincipalKind::Role => changes.push(Change::PutTrust { document: TRUST.to_owned() }),
            PrincipalKind::User => changes.extend(of_credentials()),
            PrincipalKind::Resource => unreachable!("resource_rights.rs stops them"),
        }
        changes.into_iter().map(|change| Action { on: self.on(kind), change }).collect()
    }

    async fn is_gone(&self, kind: PrincipalKind) -> bool {
        let iam = &self.owner.root.iam;
        match kind {
            PrincipalKind::User => iam.get_user().user_name(NAME).send().await.is_err(),
            PrincipalKind::Role => iam.get_role().role_name(NAME).send().await.is_err(),
            PrincipalKind::Resource => unreachable!("no trial here makes one"),
        }
    }

    /// Somebody with everything that can hang on them; what is there already stays.
    async fn furnish(&self, kind: PrincipalKind) {
        match kind {
            PrincipalKind::User => self.furnish_user().await,
            PrincipalKind::Role => self.furnish_role().await,
            PrincipalKind::Resource => unreachable!("no trial here makes one"),
        }
    }

    async fn furnish_user(&self) {
        let iam = &self.owner.root.iam;
        made(iam.create_user().user_name(NAME).send().await);
        let put = iam.put_user_policy().user_name(NAME).policy_name("all");
        made(put.policy_document(ALLOW_ALL).send().await);
        let attach = iam.attach_user_policy().user_name(NAME);
        made(attach.policy_arn(&self.deny).send().await);
        let bound = iam.put_user_permissions_boundary().user_name(NAME);
        made(bound.permissions_boundary(&self.deny).send().await);
        let password = iam.create_login_profile().user_name(NAME);
        made(password.password("Pass-word-of-the-test1").send().await);
        let keys = iam.list_access_keys().user_name(NAME).send().await.expect("keys");
        if keys.access_key_metadata().is_empty() {
            made(iam.create_access_key().user_name(NAME).send().await);
        }
        made(iam.create_group().group_name(GROUP).send().await);
        made(iam.add_user_to_group().group_name(GROUP).user_name(NAME).send().await);
        made(iam.create_virtual_mfa_device().virtual_mfa_device_name(NAME).send().await);
        let serial = format!("arn:aws:iam::{}:mfa/{NAME}", self.owner.id);
        let enable = iam.enable_mfa_device().user_name(NAME).serial_number(serial);
        let enable = enable.authentication_code1("123456").authentication_code2("654321");
        made(enable.send().await);
    }

    async fn furnish_role(&self) {
        let iam = &self.owner.root.iam;
        let create = iam.create_role().role_name(NAME).assume_role_policy_document(TRUST);
        made(create.send().await);
        let put = iam.put_role_policy().role_name(NAME).policy_name("all");
        made(put.policy_document(ALLOW_ALL).send().await);
        let attach = iam.attach_role_policy().role_name(NAME);
        made(attach.policy_arn(&self.deny).send().await);
        let bound = iam.put_role_permissions_boundary().role_name(NAME);
        made(bound.permissions_boundary(&self.deny).send().await);
        made(iam.create_instance_profile().instance_profile_name(PROFILE).send().await);
        let add = iam.add_role_to_instance_profile().instance_profile_name(PROFILE);
        made(add.role_name(NAME).send().await);
    }
}

const KINDS: [PrincipalKind; 2] = [PrincipalKind::User, PrincipalKind::Role];

pub(crate) fn settings(arn: &str) -> RoleSettings {
    RoleSettings { arn: arn.to_owned(), external_id: Some(EXTERNAL_ID.to_owned()) }
}

fn of_credentials() -> Vec<Change> {
    let key = AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").expect("a key id");
    let side = |kind| SideCredential { kind, id: "ABCDEFGHIJKLMNOPQRST".to_owned() };
    let off = SideKind::ALL.map(|kind| Change::DeactivateCredential { credential: side(kind) });
    let on = SideKind::ALL.map(|kind| Change::ActivateCredential { credential: side(kind) });
    let keys = [Change::DeactivateKey { key: key.clone() }, Change::ActivateKey { key }];
    keys.into_iter().chain(off).chain(on).collect()
}

/// Something was refused, each time for the lack of this right and by its name.
pub(crate) fn names_it(refused: &[CallError], lacking: &str) {
    assert!(!refused.is_empty(), "no trial needs {lacking}, or it is not looked at");
    for error in refused {
        assert!(error.message.contains(&format!("allow {lacking} ")), "{lacking}: {error:?}");
    }
}

/// Made now, or there already.
pub(crate) fn made<T, E, R>(answer: Result<T, SdkError<E, R>>)
where
    E: ProvideErrorMetadata + Debug,
    R: Debug,
{
    if let Err(error) = answer {
        let there = matches!(error.code(), Some("EntityAlreadyExists" | "LimitExceeded"));
        assert!(there, "{error:?} in {REGION}");
    }
}
