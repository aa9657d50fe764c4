//! What the actor read that has to be changed, and what it destroyed, from the cut of a trail.

use crate::domain::lineage::{Certainty, Lineage, Node, NodeKind};
use crate::domain::trail_row::{TrailRow, parse_time};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A list that nobody works through helps nobody; what is more is said, and is in the cut.
pub const LOSSES_MAX: usize = 1_000;

/// What kind of thing was lost, which says what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// A secret of Secrets Manager, read.
    Secret,
    /// A parameter of Systems Manager, read decrypted.
    Parameter,
    /// Every parameter below a path, read decrypted.
    ParameterPath,
    /// A hint: the actor let a KMS key decrypt something it had.
    Decryption,
    /// A hint: the settings of a function, which may hold secrets.
    FunctionSettings,
    /// A hint: the user data of an instance, which may hold secrets.
    InstanceSettings,
    /// The administrator's password of an instance.
    InstancePassword,
    /// Deleted, ended or switched off.
    Destroyed,
}

/// One thing that the actor read or destroyed, as the trail tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    pub kind: LossKind,
    /// The ARN or name as the record has it; empty where the record names nothing.
    pub name: String,
    /// `iam.amazonaws.com`.
    pub service: String,
    pub call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who did it first.
    pub by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The record of the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// What is the actor's in a cut: since when, and whose calls are lawful although they grew from the
/// same key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    pub since: Option<Timestamp>,
    /// Key ids, principal ids and ARNs of what was made before the exposure.
    pub older: BTreeSet<String>,
    /// Key ids of what was made after it.
    pub newer: BTreeSet<String>,
    /// Those of them that are surely the actor's: sessions and keys that the trail shows it
    /// minting, and principals that it made.
    pub certain: BTreeSet<String>,
}

/// Everything that was found lost, the earliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    pub all: Vec<Loss>,
    /// There is more than a list holds.
    pub more: bool,
}

/// What makes two records tell of the same thing.
pub type LossKey<'a> = (LossKind, &'a str, &'a str, Option<&'a str>, Option<&'a str>, &'a str);

/// The calls that return a secret, or something in which one may be.
const READS: &[(&str, LossKind, &[&str])] = &[
    ("secretsmanager.amazonaws.com", LossKind::Secret, &["GetSecretValue", "BatchGetSecretValue"]),
    (
        "ssm.amazonaws.com",
        LossKind::Parameter,
        &["GetParameter", "GetParameters", "GetParameterHistory"],
    ),
    ("ssm.amazonaws.com", LossKind::ParameterPath, &["GetParametersByPath"]),
    ("kms.amazonaws.com", LossKind::Decryption, &["Decrypt"]),
    (
        "lambda.amazonaws.com",
        LossKind::FunctionSettings,
        &[
            "GetFunction20150331",
            "GetFunction20150331v2",
            "GetFunctionConfiguration20150331",
            "GetFunctionConfiguration20150331v2",
        ],
    ),
    ("ec2.amazonaws.com", LossKind::InstanceSettings, &["DescribeInstanceAttribute"]),
    ("ec2.amazonaws.com", LossKind::InstancePassword, &["GetPasswordData"]),
];

/// How calls begin that take something away for good.
const DESTROYING: &[&str] = &["Delete", "Terminate", "Disable", "Deregister", "Purge"];
/// Others that take away what somebody relies on.
const SWITCHING_OFF: &[&str] = &[
    "LeaveOrganization",
    "ScheduleKeyDeletion",
    "StopConfigurationRecorder",
    "StopDBCluster",
    "StopDBInstance",
    "StopInstances",
    "StopLogging",
];
/// What looks like it, and is how messages are taken from a queue.
const TAKEN_IN: &[&str] = &["DeleteMessage", "DeleteMessageBatch"];
/// What has one name and no parts, and cannot be made while it is there: who made it and deleted it
/// took nothing from anybody.
const WHOLE: &[&str] = &["Function20150331", "Group", "KeyPair", "Role", "User"];

/// A thing that is made or deleted as a whole: its service, noun, name, account and region.
type Thing = (String, String, String, Option<String>, Option<String>);

impl Bounds {
    pub fn new(lineage: &Lineage, since: Option<Timestamp>) -> Self {
        Self::of(&lineage.nodes, &lineage.key_id, since)
    }

    /// The same of nodes that a case holds.
    pub fn of(nodes: &[Node], key: &str, since: Option<Timestamp>) -> Self {
        let (older, newer): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| node.older);
        // A session has the principal id of its user or role, whoever opened it.
        let names = |node: &&Node| match node.kind.is_principal() {
            true => [node.principal_id.clone(), node.arn.clone()],
            false => [Some(node.id.clone()), None],
        };
        let names = |nodes: &[&Node]| -> BTreeSet<String> {
            nodes.iter().flat_map(names).flatten().collect()
        };
        let certain = newer.iter().filter(|node| is_surely_the_actors(node));
        let certain = certain.flat_map(|node| names(&[*node]).into_iter().chain(node.keys.clone()));
        let certain: BTreeSet<String> = certain.collect();
        let (mut older, newer) = (names(&older), names(&newer));
        older.retain(|name| !newer.contains(name) && *name != key);
        Self { since, older, newer, certain }
    }

    /// Whether nobody but the actor can have made the call: with the leaked key, or with what
    /// surely grew from it, and not by a service that acts for it.
    pub fn is_sure(&self, row: &TrailRow) -> bool {
        let by_key = row.reach.as_deref() == Some("key");
        row.invoked_by.is_none() && (by_key || signers(row).any(|by| self.certain.contains(by)))
    }

    /// When the key, or what grew from it, made this call, if it succeeded and was made since the
    /// exposure.
    pub fn deed(&self, row: &TrailRow) -> Option<Timestamp> {
        let is_actors = match row.reach.as_deref() {
            Some("key") => true,
            Some("lineage") => !self.is_older(row),
            Some(_) | None => false,
        };
        let succeeded = row.error_code.is_none() && row.error_message.is_none();
        let at = parse_time(&row.event_time).filter(|_| is_actors && succeeded)?;
        self.since.is_none_or(|since| at.as_second() >= since.as_second()).then_some(at)
    }

    /// Whether the call was made by what was there before the exposure.
    fn is_older(&self, row: &TrailRow) -> bool {
        if row.access_key_id.as_ref().is_some_and(|key| self.newer.contains(key)) {
            return false;
        }
        signers(row).any(|name| self.older.contains(name))
    }
}

/// Under which names what signed the call is known.
fn signers(row: &TrailRow) -> impl Iterator<Item = &str> {
    let principal = row.principal_id.as_deref().and_then(|id| id.split(':').next());
    let by = [row.access_key_id.as_deref(), principal];
    by.into_iter().chain([row.issuer_arn.as_deref(), row.identity_arn.as_deref()]).flatten()
}

/// What was opened to the actor, as a role by its trust policy, is used by others too; and a
/// forwarded session is of the service that acts for somebody.
fn is_surely_the_actors(node: &Node) -> bool {
    let own = node.is_created() || !node.kind.is_principal();
    own && node.certainty == Certainty::Certain && node.kind != NodeKind::ForwardedSession
}

/// What the key and what grew from it read and destroyed, with success, since the exposure, from
/// the rows in their order.
pub fn losses<R: Borrow<TrailRow>>(rows: impl IntoIterator<Item = R>, bounds: &Bounds) -> Losses {
    let mut made: BTreeMap<Thing, i64> = BTreeMap::new();
    let mut found: BTreeMap<_, Loss> = BTreeMap::new();
    let mut more = false;
    // When the newest that is kept was first lost: what comes later is not among the first.
    let mut newest = Timestamp::MIN;
    for row in rows {
        let row: &TrailRow = row.borrow();
        let Some(at) = bounds.deed(row) else { continue };
        if let Some(thing) = whole("Create", row) {
            made.insert(thing, at.as_second());
        }
        // In one second nobody can tell which came first.
        let made_at = whole("Delete", row).and_then(|thing| made.remove(&thing));
        let own = made_at.is_some_and(|made_at| made_at < at.as_second());
        let Some(loss) = loss_of(at, row).filter(|_| !own) else { continue };
        let is_full = found.len() >= LOSSES_MAX;
        match found.entry(owned(&loss)) {
            Entry::Occupied(mut known) => {
                let last = known.get().last.max(at);
                known.get_mut().last = last;
            }
            Entry::Vacant(_) if is_full && at > newest => more = true,
            Entry::Vacant(new) => {
                newest = at;
                new.insert(loss);
            }
        }
    }
    let mut all: Vec<Loss> = found.into_values().collect();
    all.sort_by(|a, b| (a.first, a.key()).cmp(&(b.first, b.key())));
    more |= all.len() > LOSSES_MAX;
    all.truncate(LOSSES_MAX);
    Losses { all, more }
}

fn loss_of(at: Timestamp, row: &TrailRow) -> Option<Loss> {
    let (service, call) = (row.event_source.as_deref()?, row.event_name.as_deref()?);
    let kind = kind_of(service, call, row)?;
    let named = row.resource.as_deref().or(row.bucket.as_deref());
    // Objects are lost by the thousand; what is restored is the bucket.
    let of_bucket = row.bucket.as_deref().filter(|_| call.starts_with("DeleteObject"));
    let name = of_bucket.or(named).unwrap_or_default();
    // Secrets Manager records each secret of a batch by itself as well.
    if call == "BatchGetSecretValue" && name.is_empty() {
        return None;
    }
    let by = [&row.identity_arn, &row.issuer_arn, &row.principal_id, &row.invoked_by];
    Some(Loss {
        kind,
        name: name.to_owned(),
        service: service.to_owned(),
        call: call.to_owned(),
        region: row.aws_region.clone(),
        account: row.recipient_account.clone(),
        by: by.into_iter().flatten().next().cloned().unwrap_or_default(),
        from: row.source_ip.clone(),
        first: at,
        last: at,
        event_id: row.event_id.clone(),
    })
}

fn kind_of(service: &str, call: &str, row: &TrailRow) -> Option<LossKind> {
    let named = |(source, _, calls): &&(&str, LossKind, &[&str])| {
        *source == service && calls.contains(&call)
    };
    if let Some((_, kind, _)) = READS.iter().find(named) {
        return returned(*kind, row).then_some(*kind);
    }
    let takes = DESTROYING.iter().any(|verb| call.starts_with(verb));
    let takes = takes || SWITCHING_OFF.contains(&call);
    (takes && row.read_only != Some(1) && !TAKEN_IN.contains(&call)).then_some(LossKind::Destroyed)
}

/// Whether the call gave the caller something that has to be kept secret.
fn returned(kind: LossKind, row: &TrailRow) -> bool {
    let detail = row.detail.as_deref();
    match kind {
        LossKind::Parameter | LossKind::ParameterPath => detail == Some("true"),
        // A service that decrypts for its caller shows what it gave by a record of its own.
        LossKind::Decryption => row.invoked_by.is_none(),
        LossKind::InstanceSettings => detail == Some("userData"),
        LossKind::Secret
        | LossKind::FunctionSettings
        | LossKind::InstancePassword
        | LossKind::Destroyed => true,
    }
}

/// What a call with this verb makes or deletes as a whole.
fn whole(verb: &str, row: &TrailRow) -> Option<Thing> {
    let noun = row.event_name.as_deref()?.strip_prefix(verb)?;
    let (service, name) = (row.event_source.as_ref()?, row.resource.as_ref()?);
    let place = (row.recipient_account.clone(), row.aws_region.clone());
    let thing = || (service.clone(), noun.to_owned(), name.clone(), place.0, place.1);
    WHOLE.contains(&noun).then(thing)
}

fn owned(loss: &Loss) -> (LossKind, String, String, Option<String>, Option<String>, String) {
    let (kind, service, call, account, region, name) = loss.key();
    let text = |text: &str| text.to_owned();
    (kind, text(service), text(call), account.map(text), region.map(text), text(name))
}

impl LossKind {
    /// Whether it was read, so that it has to be changed.
    pub fn is_read(self) -> bool {
        self != Self::Destroyed
    }

    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Parameter => "parameter",
            Self::ParameterPath => "all parameters below",
            Self::Decryption => "what it had decrypted by the KMS key (a hint)",
            Self::FunctionSettings => "settings of the function (a hint)",
            Self::InstanceSettings => "user data of the instance (a hint)",
            Self::InstancePassword => "administrator's password of the instance",
            Self::Destroyed => "destroyed",
        }
    }
}

impl Loss {
    /// What makes it the same thing; a secret that two calls return is one secret, but a call that
    /// may name more stands by itself, so that the rest is not passed over.
    pub fn key(&self) -> LossKey<'_> {
        let is_one = self.kind.is_read() && !self.names_more();
        let call = if is_one { "" } else { self.call.as_str() };
        let (account, region) = (self.account.as_deref(), self.region.as_deref());
        (self.kind, &self.service, call, account, region, &self.name)
    }

    /// Whether its call may name more than the record's first.
    pub fn names_more(&self) -> bool {
        matches!(
            self.call.as_str(),
            "BatchGetSecretValue"
                | "GetParameters"
                | "DeleteAlarms"
                | "DeleteFlowLogs"
                | "DeleteObjects"
                | "DeleteParameters"
                | "DeleteVpcEndpoints"
                | "StopInstances"
                | "TerminateInstances"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{KEY, minted};

    fn row(at: &str, call: (&str, &str), name: &str) -> TrailRow {
        TrailRow {
            event_time: format!("2026-11-20T{at}Z"),
            event_id: Some(format!("{at}-{}", call.1)),
            event_source: Some(format!("{}.amazonaws.com", call.0)),
            event_name: Some(call.1.to_owned()),
            identity_arn: Some("arn:aws:iam::029608264753:user/ci".to_owned()),
            resource: (!name.is_empty()).then(|| name.to_owned()),
            reach: Some("key".to_owned()),
            ..TrailRow::default()
        }
    }

    fn names(rows: &[TrailRow]) -> Vec<(LossKind, String)> {
        losses(rows, &Bounds::default())
            .all
            .into_iter()
            .map(|loss| (loss.kind, loss.name))
            .collect()
    }

    const GET: (&str, &str) = ("secretsmanager", "GetSecretValue");

    #[test]
    fn a_secret_that_was_read_is_listed_once_with_who_and_when_first_and_last() {
        let rows =
            [row("10:00:00", GET, "db"), row("10:01:00", GET, "api"), row("10:05:00", GET, "db")];
        let found = losses(&rows, &Bounds::default());
        let [db, api] = found.all.as_slice() else { panic!("{found:?}") };
        assert_eq!((db.name.as_str(), api.name.as_str()), ("db", "api"));
        assert_eq!(db.first.to_string(), "2026-11-20T10:00:00Z");
        assert_eq!(db.last.to_string(), "2026-11-20T10:05:00Z");
        assert_eq!(db.by, "arn:aws:iam::029608264753:user/ci");
        assert_eq!(db.event_id.as_deref(), Some("10:00:00-GetSecretValue"));
    }

    #[test]
    fn refused_calls_others_calls_and_what_is_older_are_no_losses() {
        let refused =
            TrailRow { error_code: Some("AccessDenied".into()), ..row("10:00:00", GET, "a") };
        let others = TrailRow { reach: Some("about".to_owned()), ..row("10:00:00", GET, "b") };
        let same_address =
            TrailRow { reach: Some("address".to_owned()), ..row("10:00:00", GET, "c") };
        assert_eq!(names(&[refused, others, same_address]), []);
        let rows = [row("09:59:59", GET, "before"), row("10:00:00", GET, "then")];
        let since = "2026-11-20T10:00:00.7Z".parse().unwrap();
        let told = losses(&rows, &Bounds { since: Some(since), ..Bounds::default() }).all;
        assert_eq!(told.iter().map(|loss| loss.name.as_str()).collect::<Vec<_>>(), ["then"]);
        assert_eq!(names(&rows).len(), 2, "the control: without a time both count");
    }

    #[test]
    fn only_what_was_returned_in_the_clear_counts() {
        let parameter = |detail: &str| TrailRow {
            detail: Some(detail.to_owned()),
            ..row("10:00:00", ("ssm", "GetParameter"), "/db")
        };
        assert_eq!(names(&[parameter("false")]), []);
        assert_eq!(names(&[parameter("true")]), [(LossKind::Parameter, "/db".to_owned())]);
        let decrypt = row("10:00:00", ("kms", "Decrypt"), "key");
        let for_it = TrailRow {
            invoked_by: Some("secretsmanager.amazonaws.com".to_owned()),
            ..decrypt.clone()
        };
        assert_eq!(names(&[for_it]), []);
        assert_eq!(names(&[decrypt]), [(LossKind::Decryption, "key".to_owned())]);
        assert_eq!(names(&[row("10:00:00", ("ec2", "DescribeInstanceAttribute"), "i-1")]), []);
    }

    #[test]
    fn what_the_actor_made_itself_and_deleted_is_nobodys_loss_but_what_was_there_is() {
        let make = row("10:00:00", ("iam", "CreateUser"), "helper");
        let delete = |at| row(at, ("iam", "DeleteUser"), "helper");
        assert_eq!(names(&[make.clone(), delete("10:01:00")]), []);
        let gone = [(LossKind::Destroyed, "helper".to_owned())];
        assert_eq!(names(&[delete("09:59:00"), make.clone(), delete("10:01:00")]), gone);
        let table = row("10:01:00", ("dynamodb", "DeleteTable"), "helper");
        assert_eq!(names(&[make, table]), gone, "another thing of that name");
        for call in [("cloudtrail", "StopLogging"), ("kms", "ScheduleKeyDeletion")] {
            assert_eq!(names(&[row("10:00:00", call, "x")]).len(), 1, "{call:?}");
        }
        let object = |key: &str| TrailRow {
            bucket: Some("logs".to_owned()),
            ..row("10:00:00", ("s3", "DeleteObject"), key)
        };
        let bucket = [(LossKind::Destroyed, "logs".to_owned())];
        assert_eq!(names(&[object("arn:aws:s3:::logs/a"), object("arn:aws:s3:::logs/b")]), bucket);
        assert_eq!(names(&[row("10:00:00", ("sqs", "DeleteMessage"), "q")]), []);
        for call in [("s3", "PutObject"), ("ec2", "DescribeInstances"), ("iam", "CreateUser")] {
            assert_eq!(names(&[row("10:00:00", call, "x")]), [], "{call:?}");
        }
    }

    #[test]
    fn what_was_lawfully_there_before_reads_on_and_the_actors_session_of_it_does_not() {
        let node = |kind, id: &str, older| Node {
            arn: Some(format!("arn:aws:iam::029608264753:role/{id}")),
            principal_id: Some(id.to_owned()),
            older,
            ..minted(kind, id)
        };
        let lineage = Lineage {
            key_id: KEY.to_owned(),
            nodes: vec![
                node(NodeKind::Role, "AROAPROD", true),
                node(NodeKind::RoleSession, "ASIALAWFUL", true),
                node(NodeKind::RoleSession, "ASIAEVIL", false),
            ],
            ..Lineage::default()
        };
        let read = |key: &str, what: &str| TrailRow {
            access_key_id: Some(key.to_owned()),
            principal_id: Some("AROAPROD:session".to_owned()),
            reach: Some("lineage".to_owned()),
            ..row("10:00:00", GET, what)
        };
        let rows = [read("ASIALAWFUL", "own"), read("ASIANEW", "too"), read("ASIAEVIL", "taken")];
        let told = losses(&rows, &Bounds::new(&lineage, None)).all;
        assert_eq!(told.iter().map(|loss| loss.name.as_str()).collect::<Vec<_>>(), ["taken"]);
    }

    #[test]
    fn a_thing_of_that_name_elsewhere_or_in_that_very_second_is_a_loss() {
        let at = |region: &str, time: &str, call| TrailRow {
            aws_region: Some(region.to_owned()),
            ..row(time, ("lambda", call), "billing")
        };
        let make = at("us-west-2", "10:00:00", "CreateFunction20150331");
        let delete = |region, time| at(region, time, "DeleteFunction20150331");
        assert_eq!(names(&[make.clone(), delete("us-west-2", "10:01:00")]), []);
        assert_eq!(names(&[make.clone(), delete("eu-west-1", "10:01:00")]).len(), 1);
        assert_eq!(names(&[make.clone(), delete("us-west-2", "10:00:00")]).len(), 1);
        let twice = [make, delete("us-west-2", "10:01:00"), delete("us-west-2", "10:02:00")];
        assert_eq!(names(&twice).len(), 1, "somebody made it again meanwhile");
    }

    #[test]
    fn what_a_call_names_beside_the_first_is_not_passed_over() {
        let read = |call, at| TrailRow {
            detail: Some("true".to_owned()),
            ..row(at, ("ssm", call), "/db")
        };
        let found = losses(
            &[read("GetParameter", "10:00:00"), read("GetParameters", "10:01:00")],
            &Bounds::default(),
        );
        assert!(found.all.iter().any(Loss::names_more), "{found:?}");
    }

    #[test]
    fn a_list_has_an_end_and_says_so() {
        let many = |count: usize| {
            let rows: Vec<_> =
                (0..count).map(|n| row("10:00:00", GET, &format!("s{n:04}"))).collect();
            let found = losses(&rows, &Bounds::default());
            (found.all.len(), found.more)
        };
        assert_eq!(many(LOSSES_MAX), (LOSSES_MAX, false));
        assert_eq!(many(LOSSES_MAX + 1), (LOSSES_MAX, true));
    }

    #[test]
    fn of_more_than_a_list_holds_the_first_are_kept_with_when_each_was_lost_last() {
        let minutes = |n: usize| format!("1{}:{:02}:00", n / 60, n % 60);
        let at = |n: usize| row(&minutes(n / 100), GET, &format!("s{:04}", 9_999 - n));
        let rows: Vec<_> = (0..3 * LOSSES_MAX).map(at).collect();
        let again = row("12:00:00", GET, "s9999");
        let found = losses(rows.iter().chain([&again]), &Bounds::default());
        let mut first: Vec<_> = rows[..LOSSES_MAX].iter().map(|row| &row.resource).collect();
        first.sort_by_key(|name| std::cmp::Reverse(*name));
        let mut kept: Vec<_> = found.all.iter().map(|loss| Some(loss.name.clone())).collect();
        kept.sort_by(|one, other| other.cmp(one));
        assert!(found.more && kept.iter().eq(first));
        let last = found.all.iter().find(|loss| loss.name == "s9999").unwrap().last;
        assert_eq!(last.to_string(), "2026-11-20T12:00:00Z");
    }
}
