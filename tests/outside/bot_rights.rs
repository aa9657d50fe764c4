//! Each right of the bot itself, taken away in turn: what asks for it says that it lacks.

use crate::account::{Account, Credential, code};
use crate::aws_contract::make_tables;
use crate::frame::{Missing, trial, trial_async};
use crate::journal_contract::record;
use crate::leak::BOT;
use crate::least_rights::{
    AWSS_DENY, BOT_CASE_TABLES, BOT_ORGANIZATION, CONTAIN, CONTAIN_RESOURCES, ERADICATE,
    ERADICATE_RESOURCES, EXTERNAL_ID, LOOKUP, OF_THE_BOT, ORGANIZATION, allowed, printed, role,
};
use crate::parts::Parts;
use crate::resource_ends;
use crate::resource_rights;
use aws_config::SdkConfig;
use aws_sdk_athena::types::ResultConfiguration;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use keyleak::aws::anchors::{AnchorSettings, S3Anchors};
use keyleak::aws::clients::{AwsSettings, RoleSettings};
use keyleak::aws::evidence::{EvidenceSettings, S3Evidence};
use keyleak::aws::journal::DynamoJournal;
use keyleak::aws::lookup::AwsLookup;
use keyleak::aws::tables::TableNames;
use keyleak::aws::work::DynamoWork;
use keyleak::domain::anchor::Anchor;
use keyleak::domain::ids::CaseId;
use keyleak::ports::anchors::Anchors;
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::Lookup;
use keyleak::ports::evidence::Evidence;
use keyleak::ports::journal::{Brakes, Claim, Inbox, Journal, Kept, Work};
use keyleak::store::folder::Folder;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

const BUCKETS: [&str; 2] = ["keyleak-evidence", "keyleak-athena"];
const ANCHORS: &str = "keyleak-anchors";
const WORKGROUP: &str = "keyleak";
/// The statements of `bot.json` whose rights are taken away here, and what is asked then.
const ASKED: [(&str, Asked); 7] = [
    ("AssumeTheRolesThatLookContainAndEradicate", Asked::Roles),
    ("AddToTheJournalAndReadIt", Asked::Journal),
    ("ClaimsAndLeases", Asked::Work),
    ("Evidence", Asked::Evidence),
    ("AnchorsThatNobodyDeletes", Asked::Anchors),
    ("FindAnchors", Asked::Anchors),
    ("AskAthena", Asked::Athena),
];
/// Rights that the emulator does not ask for, by statement, and where they are pinned.
const NOT_ASKED_FOR: [(&str, &str, &str); 27] = [
    (
        "AssumeTheRolesThatLookContainAndEradicate",
        "sts:SetSourceIdentity",
        "it forgets the source identity; src/aws/contain.rs pins that it is sent",
    ),
    (
        "TellMissingEvidenceFromForbidden",
        "s3:ListBucket",
        "it tells missing from forbidden without it; src/aws/evidence.rs says who needs it",
    ),
    ("AnchorsThatNobodyDeletes", "s3:GetObject", "S3 asks for it where a version has no id"),
    ("AnchorsThatNobodyDeletes", "s3:PutObjectRetention", "the headers are pinned in object_lock"),
    ("EvidenceUnderItsOwnKey", "kms:Decrypt", "it has no KMS here"),
    ("EvidenceUnderItsOwnKey", "kms:GenerateDataKey", "it has no KMS here"),
    (
        "SeeHowTheTrailsTableIsMade",
        "athena:GetTableMetadata",
        "its catalog is not AWS's; src/aws/athena.rs pins the request",
    ),
    ("WhatAthenaReadsOnOurBehalf", "glue:GetDatabase", ATHENA_READS),
    ("WhatAthenaReadsOnOurBehalf", "glue:GetPartitions", ATHENA_READS),
    ("WhatAthenaReadsOnOurBehalf", "glue:GetTable", ATHENA_READS),
    ("TheTrailItself", "s3:GetBucketLocation", ATHENA_READS),
    ("TheTrailItself", "s3:GetObject", ATHENA_READS),
    ("TheTrailItself", "s3:ListBucket", ATHENA_READS),
    ("WhereAthenaPutsResults", "s3:GetBucketLocation", ATHENA_READS),
    ("WhereAthenaPutsResults", "s3:GetObject", ATHENA_READS),
    ("WhereAthenaPutsResults", "s3:ListBucket", ATHENA_READS),
    ("WhereAthenaPutsResults", "s3:PutObject", ATHENA_READS),
    ("", "athena:ListTableMetadata", "src/aws/athena_whole_cut/tests.rs pins the request"),
    ("", "glue:*", ATHENA_READS),
    ("", "account:ListRegions", "src/aws/history_regions.rs pins the request"),
    ("", "cloudtrail:LookupEvents", "src/aws/event_history.rs pins the requests"),
    ("", "guardduty:*", "src/aws/guard_duty.rs pins the requests"),
    ("", "health:*", "src/aws/health.rs pins the requests"),
    ("", "sts:AssumeRole", "src/aws/guard.rs pins what a proof of the organization's policy asks"),
    ("", "sts:SetSourceIdentity", "it forgets the source identity, as above"),
    ("", "organizations:DescribeAccount", "tests/outside/organization.rs takes it away"),
    ("", "sts:GetAccessKeyInfo", "everybody may; src/aws/lookup.rs pins the request"),
];
const ATHENA_READS: &str = "its Athena does not read with the caller's rights";
/// What is asked when a right is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Roles,
    Journal,
    Work,
    Evidence,
    Anchors,
    Athena,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let bot = Arc::clone(parts);
    vec![
        trial_async("rights_each_of_the_bot_that_lacks_is_named", move || async move {
            each_of_the_bot(&bot, "550000000003").await
        }),
        trial("rights_none_is_in_a_policy_that_no_trial_takes_away", || {
            none_is_untried();
            Ok(())
        }),
    ]
}

/// Everything the bot itself can ask for, in an account with all it needs.
pub(crate) struct Desk {
    pub(crate) owner: Account,
    pub(crate) config: SdkConfig,
    pub(crate) names: TableNames,
    evidence: Arc<Folder>,
    case: CaseId,
    lookup_role: String,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) async fn new(parts: &Parts, account: &str) -> Result<(Self, Credential), Missing> {
        let owner = Account::at(parts.ministack()?.address(), account).await;
        let key = owner.administrator(BOT).await;
        let names = make_tables(&owner).await;
        let made = owner.root.athena.create_work_group().name(WORKGROUP).send().await;
        made.expect("a workgroup");
        let lookup_role = role(&owner, "keyleak-lookup", &printed(LOOKUP, AWSS_DENY)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let evidence = Arc::new(Folder::open(folder.path()).expect("an evidence store"));
        let (config, case) = (owner.config_of(&key), CaseId("kl-rights".to_owned()));
        let desk = Self { owner, config, names, evidence, case, lookup_role, _folder: folder };
        Ok((desk, key))
    }

    /// The names of buckets are everybody's, so that one trial alone can have them.
    async fn make_buckets(&self) {
        let s3 = &self.owner.root.s3;
        for bucket in BUCKETS {
            s3.create_bucket().bucket(bucket).send().await.expect("a bucket");
        }
        let locked = s3.create_bucket().bucket(ANCHORS).object_lock_enabled_for_bucket(true);
        locked.send().await.expect("a bucket with Object Lock");
    }

    /// What is refused when all of it is asked, in words.
    async fn refused(&self, what: Asked, round: usize) -> Vec<String> {
        match what {
            Asked::Roles => self.roles().await,
            Asked::Journal => self.journal(round).await,
            Asked::Work => self.work().await,
            Asked::Evidence => self.of_evidence(round).await,
            Asked::Anchors => self.anchors(round).await,
            Asked::Athena => self.athena().await,
        }
    }

    async fn roles(&self) -> Vec<String> {
        let arn = self.lookup_role.clone();
        let lookup_role = Some(RoleSettings { arn, external_id: Some(EXTERNAL_ID.to_owned()) });
        let settings = AwsSettings { lookup_role, ..AwsSettings::default() };
        let lookup = AwsLookup::new(&self.config, &settings).await;
        Vec::from_iter(lookup.users().await.err().map(|error| error.to_string()))
    }

    async fn journal(&self, round: usize) -> Vec<String> {
        let journal =
            DynamoJournal::new(&self.config, &self.names, Arc::clone(&self.evidence) as _);
        let case = CaseId(format!("kl-rights-{round}"));
        let appended = journal.append(&record(&case, "a note", None)).await.map_err(words);
        let read = journal.read(&case, 0).await.map_err(words);
        errors([appended, read.map(drop)])
    }

    async fn work(&self) -> Vec<String> {
        let work = DynamoWork::new(&self.config, &self.names);
        let (case, now) = (&self.case, Clock::real().now());
        let mut asked = vec![
            work.claim_key("digest", case).await.map(drop),
            work.claim_key("digest", &CaseId("kl-another".to_owned())).await.map(drop),
            work.release_key("digest", case).await,
            work.list_open(case, now).await,
            work.unlist(case, now).await,
            work.open_cases().await.map(drop),
            work.brake().await.map(drop),
            work.tally().await.map(drop),
            work.keep(&Kept { id: "a".to_owned(), what: "b".to_owned() }).await,
            work.kept().await.map(drop),
            work.forget("a").await,
        ];
        let leased = work.lease(case, "one", now, now + Duration::from_secs(9)).await;
        if let Ok(Claim::Mine(lease)) = &leased {
            asked.push(work.release(lease).await);
        }
        asked.push(leased.map(drop));
        errors(asked.into_iter().map(|answer| answer.map_err(words)))
    }

    async fn of_evidence(&self, round: usize) -> Vec<String> {
        let settings = EvidenceSettings {
            bucket: BUCKETS[0].to_owned(),
            prefix: "case".into(),
            kms_key: None,
        };
        let store = S3Evidence::new(&self.config, settings);
        let put = store.put(format!("a snapshot {round}").as_bytes()).await;
        let known = keyleak::domain::digest::sha256_hex(b"a snapshot 0");
        let got = store.get(&known).await;
        errors([put.map(drop).map_err(words), got.map(drop).map_err(words)])
    }

    async fn anchors(&self, round: usize) -> Vec<String> {
        let settings =
            AnchorSettings { bucket: ANCHORS.to_owned(), prefix: "a".into(), retain_days: 1 };
        let anchors = S3Anchors::new(&self.config, settings);
        let (hashes, now) = (vec![format!("{round:064}")], Clock::real().now());
        let anchor = Anchor::sign(self.case.clone(), 1, hashes, now, b"a key of this trial");
        let kept = anchors.keep(&anchor).await.map_err(words);
        errors([kept, anchors.read(&self.case).await.map(drop).map_err(words)])
    }

    /// The calls as such: the emulator's engine does not read Athena's SQL.
    async fn athena(&self) -> Vec<String> {
        let athena = aws_sdk_athena::Client::new(&self.config);
        let output = format!("s3://{}/", BUCKETS[1]);
        let output = ResultConfiguration::builder().output_location(output).build();
        let start = |client: &aws_sdk_athena::Client| {
            let start = client.start_query_execution().query_string("SELECT 1");
            start.work_group(WORKGROUP).result_configuration(output.clone()).send()
        };
        let by_owner = start(&self.owner.root.athena).await.expect("a query");
        let id = by_owner.query_execution_id().expect("an id");
        let mut got =
            self.owner.root.athena.get_query_execution().query_execution_id(id).send().await;
        while !format!("{got:?}").contains("Succeeded") {
            tokio::time::sleep(Duration::from_millis(20)).await;
            got = self.owner.root.athena.get_query_execution().query_execution_id(id).send().await;
        }
        errors([
            of_sdk("athena:StartQueryExecution", start(&athena).await),
            of_sdk(
                "athena:GetQueryExecution",
                athena.get_query_execution().query_execution_id(id).send().await,
            ),
            of_sdk(
                "athena:GetQueryResults",
                athena.get_query_results().query_execution_id(id).send().await,
            ),
            of_sdk(
                "athena:GetWorkGroup",
                athena.get_work_group().work_group(WORKGROUP).send().await,
            ),
            of_sdk(
                "athena:StopQueryExecution",
                athena.stop_query_execution().query_execution_id(id).send().await,
            ),
        ])
    }

    /// From now on the bot may do this and nothing else.
    pub(crate) async fn may(&self, policy: &Value) {
        let put = self.owner.root.iam.put_user_policy().user_name(BOT);
        let put = put.policy_name("administrator").policy_document(policy.to_string());
        put.send().await.expect("its rights");
    }
}

fn words<E: std::fmt::Display>(error: E) -> String {
    error.to_string()
}

fn errors(answers: impl IntoIterator<Item = Result<(), String>>) -> Vec<String> {
    answers.into_iter().filter_map(Result::err).collect()
}

/// A refusal in the words of the product's own calls.
fn of_sdk<T, E, R>(call: &str, answer: Result<T, SdkError<E, R>>) -> Result<(), String>
where
    E: ProvideErrorMetadata + Debug,
    R: Debug,
{
    match answer {
        Ok(_) => Ok(()),
        Err(error) if code(&error).starts_with("AccessDenied") => {
            let said = error.message().unwrap_or_default();
            assert!(said.contains(call), "AWS names it: {said}");
            Err(format!("allow {call} "))
        }
        Err(_) => Ok(()),
    }
}

fn is_asked_for(sid: &str, action: &str) -> bool {
    !NOT_ASKED_FOR.iter().any(|(of, which, _)| of == &sid && which == &action)
}

async fn each_of_the_bot(parts: &Parts, account: &str) -> Result<(), Missing> {
    let (desk, _) = Desk::new(parts, account).await?;
    desk.make_buckets().await;
    let whole = printed(OF_THE_BOT, AWSS_DENY);
    desk.may(&whole).await;
    for (_, what) in ASKED {
        let refused = desk.refused(what, 0).await;
        assert_eq!(refused, Vec::<String>::new(), "{what:?} with the whole policy");
    }
    let mut rounds = 0;
    for (sid, action) in rights(OF_THE_BOT) {
        let asked = ASKED.iter().find(|(of, _)| *of == sid).filter(|_| is_asked_for(&sid, &action));
        let Some((_, what)) = asked else { continue };
        rounds += 1;
        desk.may(&without(&whole, &sid, &action)).await;
        let refused = desk.refused(*what, rounds).await;
        assert!(!refused.is_empty(), "nothing asks for {action} of {sid}");
        for said in refused {
            assert!(said.contains(&format!("allow {action} ")), "{sid} {action}: {said}");
        }
    }
    assert!(rounds > 15, "{rounds}");
    Ok(())
}

/// Statement and action of everything that a policy allows.
fn rights(policy: &str) -> BTreeSet<(String, String)> {
    let policy = printed(policy, AWSS_DENY);
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let allowing = statements.filter(|statement| statement["Effect"] == "Allow");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    allowing
        .flat_map(|statement| {
            let sid = text(&statement["Sid"]);
            let actions = statement["Action"].as_array().expect("a list").iter();
            actions.map(move |action| (sid.clone(), text(action)))
        })
        .collect()
}

/// The same policy without one action of one statement.
fn without(policy: &Value, sid: &str, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().expect("statements");
    for statement in statements.iter_mut().filter(|statement| statement["Sid"] == sid) {
        statement["Action"].as_array_mut().expect("a list").retain(|known| known != action);
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

/// What is added to a policy is taken away in a trial, or stands in the list of what is not.
fn none_is_untried() {
    let of_bot = rights(OF_THE_BOT).into_iter().filter(|(sid, action)| {
        let asked = ASKED.iter().any(|(of, _)| of == sid);
        !asked && is_asked_for(sid, action)
    });
    assert_eq!(of_bot.collect::<Vec<_>>(), Vec::new(), "say where it is tried or pinned");
    let all = rights(OF_THE_BOT);
    for (sid, action, why) in NOT_ASKED_FOR.iter().filter(|(sid, ..)| !sid.is_empty()) {
        let there = all.contains(&((*sid).to_owned(), (*action).to_owned()));
        assert!(there, "{action} of {sid} is in no policy any more ({why})");
    }
    let of_resources: BTreeSet<_> =
        [LOOKUP, CONTAIN_RESOURCES].into_iter().flat_map(allowed).collect();
    for action in resource_rights::NOT_ASKED_FOR {
        assert!(of_resources.contains(action), "{action} is in no policy any more");
    }
    let to_delete = allowed(ERADICATE_RESOURCES);
    assert!(resource_ends::NOT_ASKED_FOR.iter().all(|action| to_delete.contains(*action)));
    // The trials of the other policies take each of IAM's actions away, whatever it is called.
    let of_roles =
        [LOOKUP, CONTAIN, CONTAIN_RESOURCES, ERADICATE, ERADICATE_RESOURCES, ORGANIZATION];
    for policy in of_roles.into_iter().chain([BOT_ORGANIZATION, BOT_CASE_TABLES]) {
        let known = |action: &String| {
            let (service, _) = action.split_once(':').expect("a service");
            let all = format!("{service}:*");
            let pinned = |(_, which, _): &(&str, &str, &str)| *which == all || which == action;
            service == "iam"
                || action == "sts:GetCallerIdentity"
                || resource_rights::TRIED.contains(&action.as_str())
                || action == resource_rights::TRIED_BY_ITS_EFFECT
                || resource_rights::NOT_ASKED_FOR.contains(&action.as_str())
                || resource_ends::TRIED.contains(&action.as_str())
                || resource_ends::NOT_ASKED_FOR.contains(&action.as_str())
                || NOT_ASKED_FOR.iter().any(pinned)
        };
        let untried: Vec<_> = allowed(policy).into_iter().filter(|one| !known(one)).collect();
        assert_eq!(untried, Vec::<String>::new(), "say where it is tried or pinned");
    }
}
