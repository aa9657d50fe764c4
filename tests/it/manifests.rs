//! The policies allow exactly the calls that the code makes, and the tables are as it uses them.

use keyleak::aws::{
    anchors, athena, brakes, changes, eradicate, eradicate_things, event_history, evidence, guard,
    guard_duty, health, history_regions, iam_things, journal, key_making, lookup, organization,
    resources, roles, session, users, work,
};
use serde_json::Value;
use std::collections::BTreeSet;

const LOOKUP: &str = include_str!("../../manifests/iam/lookup.json");
const CONTAIN: &str = include_str!("../../manifests/iam/contain.json");
const CONTAIN_RESOURCES: &str = include_str!("../../manifests/iam/contain_resources.json");
const ERADICATE: &str = include_str!("../../manifests/iam/eradicate.json");
const RECOVER: &str = include_str!("../../manifests/iam/recover.json");
const BOT: &str = include_str!("../../manifests/iam/bot.json");
const BOT_ORGANIZATION: &str = include_str!("../../manifests/iam/bot_organization.json");
const ORGANIZATION: &str = include_str!("../../manifests/iam/organization.json");
const TRUST: &str = include_str!("../../manifests/iam/trust.json");
const TABLES: &str = include_str!("../../manifests/dynamodb/tables.yaml");
/// How the SDK's calls begin; anything else with empty parentheses is no call.
const VERBS: &[&str] = &[
    "assume",
    "attach",
    "batch",
    "create",
    "deactivate",
    "delete",
    "describe",
    "detach",
    "execute",
    "generate",
    "get",
    "list",
    "lookup",
    "put",
    "remove",
    "scan",
    "simulate",
    "start",
    "stop",
    "tag",
    "transact",
    "untag",
    "update",
];
/// Parts of answers that begin as calls do.
const NO_CALLS: &[&str] = &["assume_role_policy_document", "create_date", "start_time"];
/// What the journal's writer must never be able to do.
const NEVER_ON_THE_JOURNAL: &[&str] = &[
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteTable",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateTimeToLive",
];

const ATHENA: &str = concat!(
    include_str!("../../src/aws/athena_forecast.rs"),
    include_str!("../../src/aws/athena_stopper.rs"),
    include_str!("../../src/aws/athena_tables.rs"),
    include_str!("../../src/aws/athena_run.rs"),
);

/// Everything that stopping a resource takes.
const OF_RESOURCES: &[&[&str]] = &[
    resources::READS,
    resources::CALLS,
    resources::READS_BY_CLOUD_CONTROL,
    resources::CALLS_BY_CLOUD_CONTROL,
];

pub(crate) fn statements(policy: &str) -> Vec<Value> {
    let policy: Value = serde_json::from_str(policy).unwrap();
    policy["Statement"].as_array().unwrap().clone()
}

/// The actions of every statement with this effect on a resource that the filter takes.
pub(crate) fn actions(of: &str, effect: &str, about: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let text = |one: &Value| one.as_str().unwrap().to_owned();
    let texts = |value: &Value| match value.as_array() {
        Some(many) => many.iter().map(text).collect(),
        None => vec![text(value)],
    };
    statements(of)
        .iter()
        .filter(|statement| statement["Effect"] == effect)
        .filter(|statement| texts(&statement["Resource"]).iter().all(|arn| about(arn)))
        .flat_map(|statement| texts(&statement["Action"]))
        .collect()
}

pub(crate) fn set(lists: &[&[&str]]) -> BTreeSet<String> {
    lists.iter().flat_map(|list| list.iter()).map(|call| (*call).to_owned()).collect()
}

#[test]
fn the_lookup_role_may_make_exactly_the_lookup_calls() {
    let resources =
        [resources::READS, resources::READS_OF_OWNERS, resources::READS_BY_CLOUD_CONTROL];
    let mut looks =
        set(&[lookup::CALLS, users::CALLS, roles::CALLS, guard_duty::CALLS, health::CALLS]);
    looks.extend(set(&resources));
    looks.extend(set(&[iam_things::CALLS, event_history::CALLS, history_regions::CALLS]));
    let tries = |arn: &str| arn.contains(":role/quarantine-");
    assert_eq!(actions(LOOKUP, "Allow", |arn| !tries(arn)), looks);
    assert_eq!(actions(LOOKUP, "Allow", tries), set(&[guard::CALLS]));
    let reads = ["Get", "List", "Describe", "Lookup"];
    for call in looks {
        let name = call.split(':').nth(1).unwrap();
        assert!(reads.iter().any(|verb| name.starts_with(verb)), "{call} reads nothing");
    }
}

#[test]
fn an_organization_is_asked_about_an_account_and_nothing_else() {
    assert_eq!(actions(ORGANIZATION, "Allow", |_| true), set(&[organization::CALLS]));
    assert_eq!(actions(BOT_ORGANIZATION, "Allow", |_| true), set(&[session::CALLS]));
    let inside = &statements(BOT_ORGANIZATION)[0]["Condition"]["StringEquals"];
    assert_eq!(inside["aws:ResourceOrgID"], "${aws:PrincipalOrgID}", "of no other organization");
}

#[test]
fn the_contain_role_may_make_exactly_the_containing_calls() {
    assert_eq!(actions(CONTAIN, "Allow", |_| true), set(&[changes::CALLS]));
    let allowed = actions(CONTAIN, "Allow", |_| true);
    let out_of_reach = |arn: &str| {
        arn.ends_with("/break-glass/*") || arn.starts_with("arn:aws:iam::*:role/keyleak-")
    };
    let denied = actions(CONTAIN, "Deny", out_of_reach);
    assert_eq!(denied, allowed, "the way back in is out of reach of every call");
}

#[test]
fn the_eradicate_role_may_make_exactly_the_deleting_calls() {
    use keyleak::domain::action::{Action, Change};
    use keyleak::domain::principal::{Principal, PrincipalKind};
    use keyleak::domain::resource::ResourceType;
    let of_principals = set(&[eradicate::CALLS, eradicate::READS]);
    let mut made = of_principals.clone();
    made.extend(set(&[eradicate_things::CALLS, eradicate_things::READS]));
    assert_eq!(actions(ERADICATE, "Allow", |_| true), made);
    let (policy_arn, inline_name) = ("arn".to_owned(), "name".to_owned());
    let change = Change::Delete { policy_arn, inline_name };
    let needed = [PrincipalKind::User, PrincipalKind::Role].map(|kind| {
        let on = Principal { kind, name: "a".into(), id: "b".into(), arn: "c".into() };
        Action { on, change: change.clone() }.permissions()
    });
    assert_eq!(set(&needed), of_principals);
    let things = ResourceType::OF_IAM.map(ResourceType::deleting);
    assert_eq!(set(&things), set(&[eradicate_things::CALLS, eradicate_things::READS]));
    let contains = actions(CONTAIN, "Allow", |_| true);
    assert!(!contains.contains("iam:DeleteUser") && !contains.contains("iam:DeleteRole"));
}

#[test]
fn the_recover_role_may_make_a_key_and_write_its_secret_and_read_none() {
    use keyleak::domain::action::{Action, Change};
    use keyleak::domain::principal::{Principal, PrincipalKind};
    let made = set(&[key_making::CALLS, key_making::CALLS_BESIDE]);
    assert_eq!(actions(RECOVER, "Allow", |_| true), made);
    let kind = PrincipalKind::User;
    let on = Principal { kind, name: "a".into(), id: "b".into(), arn: "c".into() };
    let change = Change::MakeKey { secret: "keyleak/d".into(), region: None, beside: Vec::new() };
    assert_eq!(set(&[Action { on, change }.permissions()]), made);
    let of_secrets = |arn: &str| arn.contains(":secretsmanager:");
    let secrets = actions(RECOVER, "Allow", of_secrets);
    assert_eq!(secrets, actions(RECOVER, "Allow", |arn| arn.ends_with(":secret:keyleak/*")));
    assert!(!secrets.iter().any(|call| call.contains("GetSecretValue")), "it reads none");
    let kept = actions(RECOVER, "Deny", |arn| arn.ends_with(":user/break-glass/*"));
    assert_eq!(kept, set(&[&["iam:CreateAccessKey", "iam:DeleteAccessKey"]]), "the way back in");
    for other in [LOOKUP, CONTAIN, CONTAIN_RESOURCES, ERADICATE, BOT] {
        assert!(!actions(other, "Allow", |_| true).contains("iam:CreateAccessKey"));
    }
}

#[test]
fn the_contain_role_may_attach_no_policy_but_the_deny() {
    for statement in statements(CONTAIN) {
        let text = statement.to_string();
        if statement["Effect"] == "Allow" && text.contains("tachUserPolicy\"") {
            let arn = &statement["Condition"]["ArnEquals"]["iam:PolicyARN"];
            assert_eq!(arn, "arn:aws:iam::aws:policy/AWSDenyAll");
        }
    }
}

#[test]
fn every_action_of_the_catalogue_is_in_the_contain_role() {
    use keyleak::domain::action::{Action, Change, SideCredential, SideKind};
    use keyleak::domain::ids::AccessKeyId;
    use keyleak::domain::principal::{Principal, PrincipalKind};
    use keyleak::domain::revocation::Sessions;
    let key = AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").unwrap();
    let (policy_arn, inline_name) = ("arn".to_owned(), "name".to_owned());
    let side = |kind| SideCredential { kind, id: "id".to_owned() };
    let mut changes = vec![
        Change::Deny { policy_arn: policy_arn.clone(), inline_name: inline_name.clone() },
        Change::LiftDeny { policy_arn, inline_name: inline_name.clone() },
        Change::DeactivateKey { key: key.clone() },
        Change::ActivateKey { key },
        Change::RevokeSessions {
            sessions: Sessions::Everyone,
            until: jiff::Timestamp::UNIX_EPOCH,
            inline_name: inline_name.clone(),
        },
        Change::LiftRevocation { inline_name },
        Change::PutTrust { document: String::new() },
        Change::Quarantine { tag: String::new(), value: String::new() },
        Change::LiftQuarantine { tag: String::new() },
        Change::SetBoundary { boundary: Some(String::new()) },
        Change::SetBoundary { boundary: None },
    ];
    changes
        .extend(SideKind::ALL.map(|kind| Change::DeactivateCredential { credential: side(kind) }));
    changes.extend(SideKind::ALL.map(|kind| Change::ActivateCredential { credential: side(kind) }));
    let on =
        |kind| Principal { kind, name: "a".to_owned(), id: "b".to_owned(), arn: "c".to_owned() };
    let all: Vec<Action> = [PrincipalKind::User, PrincipalKind::Role]
        .into_iter()
        .flat_map(|kind| {
            changes.iter().map(move |change| Action { on: on(kind), change: change.clone() })
        })
        .collect();
    let needed: Vec<&[&str]> = all.iter().map(Action::permissions).collect();
    assert_eq!(set(&needed), set(&[changes::CALLS]));
}

#[test]
fn every_change_of_a_resource_is_in_the_contain_role_and_none_stops_or_deletes_anything() {
    use keyleak::domain::bucket_policy::BucketDeny;
    use keyleak::domain::ids::CaseId;
    use keyleak::domain::resource_change::ResourceChange;
    use keyleak::domain::resource_switch::SWITCHES;
    let deny = BucketDeny::new(&CaseId("kl-1".to_owned()), "arn:aws:s3:::b", Vec::new());
    let all = [
        ResourceChange::CloseBucket { deny },
        ResourceChange::PutBucketPolicy { document: None },
        ResourceChange::Isolate { group: "sg-1".to_owned() },
        ResourceChange::PutGroups { groups: Vec::new() },
        ResourceChange::StopFunction,
        ResourceChange::PutConcurrency { reserved: None },
    ];
    let switches = SWITCHES.iter().map(|switch| ResourceChange::SwitchOff { of: switch.of });
    let all: Vec<_> = all.into_iter().chain(switches).collect();
    let needed: Vec<&[&str]> = all.iter().map(ResourceChange::permissions).collect();
    assert_eq!(set(&needed), set(OF_RESOURCES));
    assert_eq!(actions(CONTAIN_RESOURCES, "Allow", |_| true), set(OF_RESOURCES));
    let own = |arn: &str| arn.starts_with("arn:aws:s3:::keyleak-");
    let kept = actions(CONTAIN_RESOURCES, "Deny", own);
    assert_eq!(kept, set(&[&["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"]]), "our own buckets");
    let takes_away = |call: &String| {
        let name = call.split(':').nth(1).unwrap();
        let policy_or_property = name.ends_with("Policy") || name.ends_with("Concurrency");
        ["Stop", "Terminate", "Delete"].iter().any(|verb| name.starts_with(verb))
            && !policy_or_property
    };
    assert_eq!(set(&needed).iter().find(|call| takes_away(call)), None);
}

#[test]
fn the_bot_may_add_to_the_journal_and_read_it_and_nothing_else() {
    let journal = |arn: &str| arn.ends_with("table/keyleak-journal");
    assert_eq!(actions(BOT, "Allow", journal), set(&[journal::CALLS]));
    let denied = actions(BOT, "Deny", journal);
    for call in NEVER_ON_THE_JOURNAL {
        assert!(denied.contains(*call), "{call}");
    }
    assert!(denied.is_disjoint(&set(&[journal::CALLS])));
}

#[test]
fn the_bot_may_make_exactly_its_other_calls() {
    let on = |what: &'static str| move |arn: &str| arn.contains(what);
    assert_eq!(actions(BOT, "Allow", on("keyleak-work")), set(&[work::CALLS, brakes::CALLS]));
    assert_eq!(actions(BOT, "Allow", on(":role/")), set(&[session::CALLS]));
    assert_eq!(actions(BOT, "Allow", on("workgroup/")), set(&[athena::CALLS]));
    assert_eq!(actions(BOT, "Allow", on("datacatalog/")), set(&[athena::CALLS_OF_CATALOG]));
    let mut evidence_calls = actions(BOT, "Allow", on("keyleak-evidence"));
    evidence_calls.extend(
        actions(BOT, "Allow", |arn| arn == "*").into_iter().filter(|call| call.starts_with("kms:")),
    );
    assert_eq!(evidence_calls, set(&[evidence::CALLS, evidence::CALLS_BY_S3]));
    let anchoring = actions(BOT, "Allow", on("keyleak-anchors"));
    assert_eq!(anchoring, set(&[anchors::PERMISSIONS]));
    let mut by_athena = actions(BOT, "Allow", on("keyleak-athena"));
    by_athena.extend(
        actions(BOT, "Allow", |arn| arn == "*")
            .into_iter()
            .filter(|call| call.starts_with("glue:")),
    );
    assert_eq!(by_athena, set(&[athena::CALLS_BY_ATHENA]));
}

#[test]
fn the_bot_is_allowed_nothing_that_no_list_names() {
    let named = set(&[
        journal::CALLS,
        work::CALLS,
        session::CALLS,
        evidence::CALLS,
        evidence::CALLS_BY_S3,
        anchors::PERMISSIONS,
        athena::CALLS,
        athena::CALLS_OF_CATALOG,
        athena::CALLS_BY_ATHENA,
    ]);
    assert_eq!(actions(BOT, "Allow", |_| true), named);
    let changes_identities = |call: &String| call.starts_with("iam:");
    assert!(!named.iter().any(changes_identities), "that is the roles' to do");
}

#[test]
fn a_role_is_assumed_only_with_the_external_id() {
    let statements = statements(TRUST);
    let assume: Vec<&Value> =
        statements.iter().filter(|statement| statement["Action"] == "sts:AssumeRole").collect();
    assert_eq!(assume.len(), 1);
    assert!(assume[0]["Condition"]["StringEquals"]["sts:ExternalId"].is_string());
}

/// The lists are compared with the code that makes the calls, not with themselves.
#[test]
fn every_call_in_the_code_is_in_its_list_and_the_other_way_round() {
    let identity: &[&str] = &["sts:GetCallerIdentity"];
    let of_resources = vec![resources::READS, resources::READS_OF_OWNERS, resources::CALLS];
    let files: [(&str, &str, Vec<&[&str]>); 20] = [
        ("lookup", include_str!("../../src/aws/lookup.rs"), vec![lookup::CALLS]),
        ("guard_duty", include_str!("../../src/aws/guard_duty.rs"), vec![guard_duty::CALLS]),
        ("resources", include_str!("../../src/aws/resources.rs"), of_resources),
        ("health", include_str!("../../src/aws/health.rs"), vec![health::CALLS]),
        ("organization", include_str!("../../src/aws/organization.rs"), vec![organization::CALLS]),
        ("users", include_str!("../../src/aws/users.rs"), vec![users::CALLS]),
        ("roles", include_str!("../../src/aws/roles.rs"), vec![roles::CALLS]),
        ("changes", include_str!("../../src/aws/changes.rs"), vec![changes::CALLS]),
        ("contain", include_str!("../../src/aws/contain.rs"), vec![identity]),
        ("eradicate", include_str!("../../src/aws/eradicate.rs"), vec![eradicate::CALLS]),
        ("iam_things", include_str!("../../src/aws/iam_things.rs"), vec![iam_things::CALLS]),
        (
            "eradicate_things",
            include_str!("../../src/aws/eradicate_things.rs"),
            vec![eradicate_things::CALLS],
        ),
        ("key_making", include_str!("../../src/aws/key_making.rs"), vec![key_making::CALLS]),
        ("session", include_str!("../../src/aws/session.rs"), vec![session::CALLS]),
        ("journal", include_str!("../../src/aws/journal.rs"), vec![journal::CALLS]),
        ("brakes", include_str!("../../src/aws/brakes.rs"), vec![brakes::CALLS]),
        ("work", include_str!("../../src/aws/work.rs"), vec![work::CALLS]),
        ("anchors", include_str!("../../src/aws/anchors.rs"), vec![anchors::CALLS]),
        ("evidence", include_str!("../../src/aws/evidence.rs"), vec![evidence::CALLS]),
        ("athena", ATHENA, vec![athena::CALLS, athena::CALLS_OF_CATALOG]),
    ];
    for (name, source, lists) in files {
        let code = source.split("#[cfg(test)]").next().unwrap();
        let listed: BTreeSet<String> = set(&lists)
            .iter()
            .filter(|call| *call != "sts:SetSourceIdentity")
            .map(|call| call.split(':').nth(1).unwrap().to_ascii_lowercase())
            .collect();
        assert_eq!(calls_in(code), listed, "{name}");
    }
}

/// The SDK's calls in a source text, as `getuserpolicy`.
pub(crate) fn calls_in(code: &str) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for piece in code.split('.').skip(1) {
        let Some((name, _)) = piece.split_once("()") else {
            continue;
        };
        let word = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let verb = name.split('_').next().unwrap();
        let call = name == "query" || (name.contains('_') && VERBS.contains(&verb));
        if word && call && !NO_CALLS.contains(&name) {
            calls.insert(name.replace('_', ""));
        }
    }
    // The two tables share one way to put an item.
    if code.contains(" put(&self.dynamo.") {
        calls.insert("putitem".to_owned());
    }
    calls
}

#[test]
fn no_table_expires_and_both_can_be_restored() {
    assert_eq!(TABLES.matches("Type: AWS::DynamoDB::Table").count(), 2);
    for setting in [
        "DeletionPolicy: Retain",
        "BillingMode: PAY_PER_REQUEST",
        "DeletionProtectionEnabled: true",
        "SSEEnabled: true",
        "PointInTimeRecoveryEnabled: true",
    ] {
        assert_eq!(TABLES.matches(setting).count(), 2, "{setting}");
    }
    assert!(!TABLES.contains("TimeToLive"));
}
