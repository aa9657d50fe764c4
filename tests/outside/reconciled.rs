//! AWS as the second witness, on an AWS we did not write: the role, its sessions, its request ids.

use crate::account::Account;
use crate::athena::{DATABASE, load, output, recorded};
use crate::bureau::{ASKER, Bureau, is_contained, journal};
use crate::emulated::{DELIVERY, ground_of};
use crate::frame::{Missing, trial_async};
use crate::leak::{OFFICE_IP, leak_delivered};
use crate::parts::Parts;
use crate::sql_judge::TRAIL_TABLE;
use crate::story::approve;
use jiff::SignedDuration;
use keyleak::aws::athena::AthenaTrail;
use keyleak::aws::athena_table::{AthenaSettings, DayColumns};
use keyleak::aws::clients::{ContainSettings, RoleSettings};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::reconciliation::{Difference, Reconciliation, Verdict, session_name};
use keyleak::ports::clock::Clock;
use keyleak::ports::trail::{Source, Window};
use keyleak::trail::local::LocalTrail;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

const ROLE: &str = "keyleak-contain";
/// What they call themselves.
const SOMEBODY: &str = "somebody";
const EXTERNAL_ID: &str = "a text of our own";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [honest, misused, asked] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial_async("the_trail_of_the_contain_role_agrees_with_the_journal", move || async move {
            let result = closed(&honest, "270000000001", false).await?;
            assert_eq!(result.verdict(), Verdict::Agrees, "{result:?}");
            assert!(result.changes >= 2, "{result:?}");
            assert_eq!(result.by_request_id, result.calls, "both sides tell AWS's ids: {result:?}");
            assert_eq!(result.without_plan, 0, "the recorder carries the plan on: {result:?}");
            Ok(())
        }),
        trial_async("a_call_of_the_role_that_nobody_approved_is_named", move || async move {
            let result = closed(&misused, "270000000002", true).await?;
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
        trial_async("athena_and_the_scanner_tell_the_same_calls_of_a_role", move || async move {
            same_calls(&asked).await
        }),
    ]
}

/// A case that is contained by sessions of a role and closed, with a misuse of the role or without.
async fn closed(parts: &Parts, account: &str, misuse: bool) -> Result<Reconciliation, Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    let arn = contain_role(&leak.owner).await;
    let owner = leak.owner.clone();
    let external_id = Some(EXTERNAL_ID.to_owned());
    let rights = ContainSettings::Role(RoleSettings { arn: arn.clone(), external_id });
    let ground = ground_of(leak, &rights).await;
    let bureau = Bureau::open(&ground).await;
    let id = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &id, PlanKind::Containment).await;
    bureau.wait(&id, "contained", is_contained).await;
    if misuse {
        act_as(&owner, (&arn, &session_name(&id))).await;
        // The trail has it before the case is closed.
        tokio::time::sleep(4 * DELIVERY).await;
    }
    bureau.press(ASKER, ButtonAction::Close { case: id.clone() }).await;
    let compared = |case: &Case| case.reconciled().is_some().then(|| case.clone());
    let case = bureau.wait(&id, "compared", compared).await;
    bureau.close().await;
    match case.reconciled() {
        Some(Ok(result)) => Ok(result.clone()),
        other => panic!("{other:?}\n{}", journal(&case)),
    }
}

/// What the role changed, as both sources tell it; what others did and what only reads is left out.
async fn same_calls(parts: &Parts) -> Result<(), Missing> {
    let (folder, recorder, account) = recorded(parts, "270000000003").await?;
    let arn = contain_role(&account).await;
    act_as(&account, (&arn, "kl-1")).await;
    account.administrator("bystander").await;
    recorder.flush();
    load(parts, &account, folder.path()).await?;
    let settings = AthenaSettings {
        catalog: None,
        database: DATABASE.to_owned(),
        table: TRAIL_TABLE.to_owned(),
        workgroup: None,
        output: Some(output(&account)),
        days: DayColumns::Slashed { column: "dt".to_owned() },
        region: None,
        account: None,
        lookback_days: 90,
    };
    let athena = AthenaTrail::new(account.config(), settings, Clock::real(), TaskTracker::new());
    let window =
        Window { from: Some(Clock::real().now() - SignedDuration::from_hours(1)), to: None };
    let asked = athena.expect("settings").role_calls(&arn, window).await.expect("an answer");
    let scanned = LocalTrail::new(vec![folder.path().to_owned()]).role_calls(&arn, window).await;
    let scanned = scanned.expect("a trail");
    let names: Vec<_> = scanned.rows.iter().map(|row| row.event_name.as_deref()).collect();
    assert_eq!(names, [Some("CreateUser")]);
    assert!(scanned.rows[0].request_id.is_some() && scanned.rows[0].source_identity.is_some());
    assert_eq!(asked.rows, scanned.rows);
    assert_eq!(asked.coverage.last, scanned.coverage.last);
    Ok(())
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
