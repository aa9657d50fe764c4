//! `keyleak doctor` in an emulated AWS: each planted fault is told, alone, with its fix.

mod town;

use crate::account::Credential;
use crate::doctor::town::{ANCHORS, EVIDENCE, OPEN, PLAIN, Town};
use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use aws_config::SdkConfig;
use keyleak::aws::checkup;
use keyleak::domain::checkup::{Checkup, Line, Part, State};
use libtest_mimic::Trial;
use std::sync::Arc;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let planted = Arc::clone(parts);
    vec![trial_async(
        "doctor_tells_each_fault_that_is_planted_in_aws_with_its_fix",
        move || async move { each_is_told(&planted, ["890000000001", "890000000002"]).await },
    )]
}

/// A fault, and the one line that must tell it.
struct Planted {
    name: &'static str,
    /// Words of the settings, and what stands in their place.
    settings: &'static [(&'static str, &'static str)],
    /// Actions that the bot is denied meanwhile.
    denied: &'static [&'static str],
    told: (Part, State, &'static str, &'static str),
}

/// Each stands in the settings in the place of what is well.
const FAULTS: &[Planted] = &[
    of(
        "a journal that is not there",
        &[("table = \"keyleak-journal\"", "table = \"keyleak-nowhere\"")],
        (Part::Journal, State::Failed, "no such table", "keyleak manifest table > tables.yaml"),
    ),
    of(
        "a work table that is not there",
        &[("work_table = \"keyleak-work\"", "work_table = \"keyleak-nowhere\"")],
        (Part::WorkTable, State::Failed, "no such table", "keyleak manifest table > tables.yaml"),
    ),
    of(
        "a journal with other keys",
        &[("table = \"keyleak-journal\"", "table = \"keyleak-wrong\"")],
        (
            Part::Journal,
            State::Failed,
            "its keys are id (S), not case (S), seq (S)",
            "under another",
        ),
    ),
    of(
        "a journal whose items expire",
        &[("table = \"keyleak-journal\"", "table = \"keyleak-fleeting\"")],
        (Part::Journal, State::Failed, "items in it expire", "update-time-to-live --table-name"),
    ),
    of(
        "a journal that cannot be restored",
        &[("table = \"keyleak-journal\"", "table = \"keyleak-plain\"")],
        (Part::Journal, State::Warning, "to a point in time", "update-continuous-backups"),
    ),
    denied(
        "a bot that may not add to the journal",
        &["dynamodb:PutItem"],
        (Part::Journal, State::Failed, "dynamodb:PutItem refused", "allow dynamodb:PutItem"),
    ),
    of(
        "a bucket of the evidence that is not there",
        &[(EVIDENCE, "doctor-nowhere")],
        (Part::Evidence, State::Failed, "no such bucket", "create-bucket --bucket doctor-nowhere"),
    ),
    of(
        "evidence that keeps no versions",
        &[(EVIDENCE, PLAIN)],
        (Part::Evidence, State::Warning, "it keeps no versions", "put-bucket-versioning --bucket"),
    ),
    of(
        "evidence that is open to the public",
        &[(EVIDENCE, OPEN)],
        (Part::Evidence, State::Failed, "not closed to the public", "put-public-access-block"),
    ),
    denied(
        "a bot that may not write evidence",
        &["s3:PutObject"],
        (Part::Evidence, State::Failed, "cannot be written to", "allow s3:PutObject on"),
    ),
    of(
        "anchors that anybody may delete",
        &[(ANCHORS, PLAIN)],
        (Part::Anchors, State::Failed, "no Object Lock", "put-object-lock-configuration"),
    ),
    of(
        "a workgroup that is not there",
        &[("workgroup = \"bounded\"", "workgroup = \"nowhere\"")],
        (Part::Trail, State::Failed, "no such workgroup", "create-work-group --name nowhere"),
    ),
    of(
        "a workgroup without a limit",
        &[("workgroup = \"bounded\"", "workgroup = \"boundless\"")],
        (Part::Trail, State::Warning, "no limit", "BytesScannedCutoffPerQuery"),
    ),
    of(
        "a workgroup that puts results nowhere",
        &[("workgroup = \"bounded\"", "workgroup = \"aimless\"")],
        (Part::Trail, State::Failed, "nothing says where results go", "OutputLocation"),
    ),
    of(
        "a table that is no trail",
        &[("table = \"trail\"", "table = \"orders\"")],
        (Part::Trail, State::Failed, "it is no table of CloudTrail", "trail.athena.table"),
    ),
    of(
        "another external id than the roles ask for",
        &[("external_id = \"of-prod\"", "external_id = \"of-test\"")],
        (Part::Roles, State::Failed, "", "external_id"),
    ),
    of(
        "a role that is not there",
        &[("role/keyleak-contain-prod\"", "role/keyleak-nowhere\"")],
        (
            Part::Roles,
            State::Failed,
            "there is no such role",
            "create-role --role-name keyleak-nowhere",
        ),
    ),
    of(
        "a role that trusts another bot",
        &[("role/keyleak-contain-prod\"", "role/keyleak-contain-other\"")],
        (
            Part::Roles,
            State::Failed,
            "does not let the bot in",
            "the trust policy of keyleak-contain-other",
        ),
    ),
    of(
        "a role that asks for another external id",
        &[("role/keyleak-contain-prod\"", "role/keyleak-contain-test\"")],
        (Part::Roles, State::Failed, "asks for another external id", "set the external_id"),
    ),
    of(
        "a role that may not do all it must",
        &[("role/keyleak-contain-prod\"", "role/keyleak-contain-less\"")],
        (
            Part::Roles,
            State::Failed,
            "do not allow iam:UpdateAccessKey",
            "attach the policy contain",
        ),
    ),
    of(
        "an account in which nothing can be changed",
        &[("contain_role = \"arn:aws:iam::890000000002:role/keyleak-contain-prod\"\n", "")],
        (Part::Roles, State::Warning, "no contain role", "set contain_role"),
    ),
];

const fn of(
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    told: (Part, State, &'static str, &'static str),
) -> Planted {
    Planted { name, settings, denied: &[], told }
}

const fn denied(
    name: &'static str,
    denied: &'static [&'static str],
    told: (Part, State, &'static str, &'static str),
) -> Planted {
    Planted { name, settings: &[], denied, told }
}

/// What is wrong or to be warned of, but for the addresses of a simulation.
fn complaints(checkup: &Checkup) -> Vec<&Line> {
    let bad = |line: &&Line| {
        matches!(line.state, State::Failed | State::Warning) && line.part != Part::Endpoints
    };
    checkup.lines.iter().filter(bad).collect()
}

async fn each_is_told(parts: &Parts, accounts: [&str; 2]) -> Result<(), Missing> {
    let town = Town::new(parts, accounts).await?;
    let sdk = town.security.config_of(&town.bot);
    let mut wrong = Vec::new();
    for fault in FAULTS {
        let well = town.doctor(&[], &sdk).await;
        assert!(complaints(&well).is_empty(), "before {}:\n{}", fault.name, well.text());
        town.deny(fault.denied).await;
        let sick = town.doctor(fault.settings, &sdk).await;
        town.allow_again(fault.denied).await;
        let (part, state, seen, fix) = fault.told;
        let is_told = |line: &&&Line| {
            let fixed = line.fix.as_deref().is_some_and(|words| words.contains(fix));
            line.part == part && line.state == state && line.seen.contains(seen) && fixed
        };
        let complaints = complaints(&sick);
        // An external id is that of two roles.
        if complaints.is_empty() || complaints.iter().any(|line| !is_told(&line)) {
            wrong.push(format!("{}:\n{}", fault.name, sick.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    each_look_that_is_not_allowed_is_told(&town, &sdk).await;
    wrong_credentials(&town).await;
    nothing_was_written(&town).await;
    Ok(())
}

/// Without a right of the policy `doctor` nothing is wrong, and the line says what was not seen.
async fn each_look_that_is_not_allowed_is_told(town: &Town, sdk: &SdkConfig) {
    for right in checkup::CALLS {
        town.deny(&[right]).await;
        let told = town.doctor(&[], sdk).await;
        town.allow_again(&[right]).await;
        assert!(complaints(&told).is_empty(), "without {right}:\n{}", told.text());
        // These are asked only where another look was refused.
        if ["iam:GetRole", "s3:ListBucket"].contains(right) {
            continue;
        }
        let unseen = |line: &&Line| {
            let fixed = line.fix.as_deref().is_some_and(|fix| fix.contains("the policy doctor"));
            line.state == State::NotChecked && fixed
        };
        assert!(told.lines.iter().any(|line| unseen(&line)), "without {right}:\n{}", told.text());
    }
}

/// Whoever has no credentials is told that alone.
async fn wrong_credentials(town: &Town) {
    let nobody = Credential::new(&town.bot.id, "another secret", None);
    let sick = town.doctor(&[], &town.security.config_of(&nobody)).await;
    let complaints = complaints(&sick);
    let [line] = complaints.as_slice() else { panic!("{}", sick.text()) };
    assert_eq!((line.part, line.state), (Part::AwsCredentials, State::Failed), "{line:?}");
    assert!(line.fix.as_deref().is_some_and(|fix| fix.contains("renew the bot's credentials")));
}

/// What was asked under conditions that cannot hold did not come to pass.
async fn nothing_was_written(town: &Town) {
    for table in ["keyleak-journal", "keyleak-work"] {
        let all = town.security.root.dynamodb.scan().table_name(table).send().await.expect("items");
        assert_eq!(all.count(), 0, "{table}");
    }
    for bucket in [EVIDENCE, ANCHORS, PLAIN, OPEN] {
        let all = town.security.root.s3.list_objects_v2().bucket(bucket).send().await;
        assert_eq!(all.expect("objects").key_count(), Some(0), "{bucket}");
    }
}
