//! AWS as the second witness, on an AWS we did not write: the role, its sessions, its request ids.

use crate::account::Account;
use crate::bureau::{Bureau, honest, is_contained};
use crate::emulated::{DELIVERY, ground_of};
use crate::frame::{Missing, trial_async};
use crate::leak::{OFFICE_IP, leak_delivered};
use crate::parts::Parts;
use crate::story::{approve, closed_and_compared};
use async_trait::async_trait;
use keyleak::aws::clients::ContainSettings;
use keyleak::aws::contain::AwsContain;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::reconciliation::{Difference, Reconciliation, Verdict, session_name};
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

const ROLE: &str = "keyleak-contain";
/// What they call themselves.
const SOMEBODY: &str = "somebody";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, misused] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async("the_trail_of_the_contain_role_agrees_with_the_journal", move || async move {
            let result = closed(&whole, "330000000001", false).await?;
            assert_eq!(result.verdict(), Verdict::Agrees, "{result:?}");
            assert!(result.changes >= 2, "{result:?}");
            assert_eq!(result.by_request_id, result.calls, "both sides tell AWS's ids: {result:?}");
            assert_eq!(result.without_plan, 0, "the recorder carries the plan on: {result:?}");
            Ok(())
        }),
        trial_async("a_call_of_the_role_that_nobody_approved_is_named", move || async move {
            let result = closed(&misused, "330000000002", true).await?;
            let [Difference::CallWithoutDecision { seen }] = &result.differences[..] else {
                panic!("{result:?}");
            };
            assert_eq!(
                (seen.call.as_str(), seen.source_ip.as_deref()),
                ("CreateUser", Some(OFFICE_IP))
            );
            assert!(seen.about.contains("helper"), "{seen:?}");
            Ok(())
        }),
    ]
}

/// A case that is contained by sessions of a role and closed, with a misuse of the role or without.
async fn closed(parts: &Parts, account: &str, misuse: bool) -> Result<Reconciliation, Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    let arn = contain_role(&leak.owner).await;
    let owner = leak.owner.clone();
    let sessions = InSessions { account: leak.bot.clone(), role: arn.clone() };
    let mut ground = ground_of(leak).await;
    // As the settings do with every role of keyleak's; this one is as new as the actor's.
    ground.protected_arns.push(arn.clone());
    let rights = |_| Arc::new(sessions) as Arc<dyn Contain>;
    let bureau = Bureau::open_with(&ground, rights, honest).await;
    let id = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &id, PlanKind::Containment).await;
    bureau.wait(&id, "contained", is_contained).await;
    if misuse {
        act_as(&owner, (&arn, &session_name(&id))).await;
        // The trail has it before the case is closed.
        tokio::time::sleep(4 * DELIVERY).await;
    }
    let result = closed_and_compared(&bureau, &id).await;
    bureau.close().await;
    Ok(result)
}

/// The product's calls in sessions named as the product names them. Its own sessions may only
/// attach the one policy, by a condition that the emulator does not know: it would allow nothing.
struct InSessions {
    account: Account,
    role: String,
}

#[async_trait]
impl Contain for InSessions {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let assume = self.account.root.sts.assume_role().role_arn(&self.role);
        let assume = assume.role_session_name(session_name(ticket.case()));
        let assume = assume.source_identity(ticket.plan_hash());
        // A debug build's calls are large and the stack is small, so it is a task of its own.
        let account = self.account.clone();
        let rights = async move {
            let assumed = assume.send().await.expect("a session");
            let credential = assumed.credentials().expect("its credentials").into();
            let config = account.config_of(&credential);
            AwsContain::new(&config, Some(&ContainSettings::OwnCredentials)).expect("rights")
        };
        let inner = TaskTracker::new().spawn(rights).await.expect("no panic");
        inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        Some(self.role.clone())
    }

    fn eradicate_role(&self) -> Option<String> {
        None
    }

    fn recover_role(&self) -> Option<String> {
        None
    }
}

/// A role that may do everything, in sessions that the account's users may open.
async fn contain_role(owner: &Account) -> String {
    let iam = &owner.root.iam;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", owner.id)},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }]});
    let made = iam.create_role().role_name(ROLE).assume_role_policy_document(trust.to_string());
    let made = made.send().await.expect("the role is created");
    let everything = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "*", "Resource": "*",
    }]});
    let put = iam.put_role_policy().role_name(ROLE).policy_name("everything");
    put.policy_document(everything.to_string()).send().await.expect("it may do everything");
    made.role().expect("a role in the answer").arn().to_owned()
}

/// Somebody opens a session of the role in the name of the case, and makes a user.
async fn act_as(owner: &Account, (role, session): (&str, &str)) {
    let assume = owner.root.sts.assume_role().role_arn(role).role_session_name(session);
    let assumed = assume.source_identity(SOMEBODY).send().await.expect("a session of the role");
    let credential = assumed.credentials().expect("its credentials").into();
    let iam = owner.as_holder_of(&credential).iam;
    iam.create_user().user_name("helper").send().await.expect("a user");
}
