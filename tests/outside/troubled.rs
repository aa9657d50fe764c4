//! People press while their tables fail: what they are told is so, and nothing is shown that is
//! not stored.

use crate::account::Account;
use crate::faulty::{Fault, Faulty, Trouble};
use crate::frame::{Missing, trial_async};
use crate::leak::{Leak, leak_delivered};
use crate::parts::Parts;
use crate::service::{Journal, Service};
use crate::troubled_case::Troubled;
use crate::troubled_watch::Watch;
use futures_util::StreamExt;
use futures_util::stream;
use libtest_mimic::Trial;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How late the trail comes: CloudTrail's minutes, compressed.
const DELIVERY: Duration = Duration::from_millis(500);
/// Stories told at once; more would wait for the machine and not for the tables.
const AT_ONCE: usize = 2;
pub(crate) const JOURNAL: &str = "keyleak-journal";
pub(crate) const WORK: &str = "keyleak-work";
/// How DynamoDB words its refusals.
const THROTTLED: Fault = Fault::Refused(400, "ThrottlingException");
const TOO_MUCH: Fault = Fault::Refused(400, "ProvisionedThroughputExceededException");
const BROKEN: Fault = Fault::Refused(500, "InternalServerError");
const BROKEN_AFTER: Fault = Fault::DoneAndRefused(500, "InternalServerError");
const DENIED: Fault = Fault::Refused(400, "AccessDeniedException");

/// What fails: the table, the operation (all of them where it is empty), and how.
const TROUBLES: [(&str, &str, Fault); 13] = [
    (JOURNAL, "PutItem", THROTTLED),
    (JOURNAL, "PutItem", BROKEN),
    (JOURNAL, "PutItem", BROKEN_AFTER),
    (JOURNAL, "PutItem", DENIED),
    (JOURNAL, "PutItem", Fault::DoneAndSilent),
    (JOURNAL, "PutItem", Fault::Silent),
    (JOURNAL, "PutItem", Fault::DoneAndCut),
    (JOURNAL, "PutItem", Fault::Cut),
    (JOURNAL, "", Fault::DoneAndSilent),
    (JOURNAL, "Query", TOO_MUCH),
    (WORK, "", THROTTLED),
    (WORK, "", Fault::DoneAndSilent),
    // The claim of the key goes through, and the list of cases does not.
    (WORK, "UpdateItem", TOO_MUCH),
];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, lied] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "while_its_tables_fail_a_click_gets_an_honest_answer_and_nothing_unstored_is_shown",
            move || async move { every_trouble(&whole, "320000000001").await },
        ),
        trial_async(
            "sabotage_with_a_journal_that_claims_what_it_did_not_store_the_checks_turn_red",
            move || async move { claimed_but_not_stored(&lied, "320000000002").await },
        ),
    ]
}

/// The bot, with a proxy before its tables, and somebody who watches what it shows.
pub(crate) struct Town {
    pub(crate) service: Service,
    pub(crate) faulty: Faulty,
    pub(crate) tables: aws_sdk_dynamodb::Client,
}

impl Town {
    /// Opens for business, with the tables behind the proxy.
    async fn open(leak: &mut Leak) -> Self {
        let faulty = Faulty::before(leak.bot.endpoint).await;
        leak.bot.endpoint = faulty.address();
        let service = Service::start(leak, Journal::DynamoDb).await;
        Self { service, faulty, tables: leak.owner.root.dynamodb.clone() }
    }
}

/// What fails for one case and for no other.
pub(crate) fn trouble(
    four: &str,
    (table, operation, fault): (&str, &'static str, Fault),
) -> Trouble {
    let named = |text: &str| text.to_owned();
    Trouble { operation, holding: vec![named(four), format!("\"{table}\"")], fault }
}

async fn every_trouble(parts: &Parts, account: &str) -> Result<(), Missing> {
    let mut leak = leak_delivered(parts, account, DELIVERY).await?;
    let town = Town::open(&mut leak).await;
    let watch = Watch::begin(&town);
    let keys = keys_told_apart(&leak.owner).await;
    let log = || town.service.log();
    let stories = keys.iter().zip(TROUBLES).map(|(key, trouble)| {
        let case = Troubled::new(&town, key);
        let log = &log;
        async move {
            let told = case.story(trouble).await;
            told.unwrap_or_else(|why| panic!("{trouble:?}, {key}: {why}\n{}", log()));
        }
    });
    stream::iter(stories).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    assert_eq!(watch.end().await, Vec::<String>::new(), "shown without being stored");
    assert!(town.faulty.met() >= TROUBLES.len(), "the faults were met");
    for key in &keys {
        let verified = town.service.run(&["verify", &Troubled::new(&town, key).id().await]);
        assert!(verified.status.success(), "{verified:?}");
    }
    Ok(())
}

/// A key for each trouble. Cases are told apart by its last four characters, which the emulator
/// takes from so few that two of thirteen keys share them once in fifty runs.
async fn keys_told_apart(owner: &Account) -> Vec<String> {
    let mut keys = BTreeMap::new();
    for number in 0.. {
        if keys.len() == TROUBLES.len() {
            break;
        }
        let key = owner.administrator(&format!("deploy-{number}")).await.id;
        keys.insert(key[key.len() - 4..].to_owned(), key);
    }
    keys.into_values().collect()
}

/// Sabotage: the table answers that it stored what it did not.
async fn claimed_but_not_stored(parts: &Parts, account: &str) -> Result<(), Missing> {
    let mut leak = leak_delivered(parts, account, DELIVERY).await?;
    let town = Town::open(&mut leak).await;
    let watch = Watch::begin(&town);
    let unopened = leak.owner.administrator("unopened").await.id;
    let unopened = Troubled::new(&town, &unopened);
    let judged = unopened.open_amid((JOURNAL, "PutItem", Fault::Lied)).await;
    let why = judged.expect_err("what was answered is not so");
    assert!(why.contains("is told that the case is open, and it is not stored"), "{why}");

    let unapproved = leak.owner.administrator("unapproved").await.id;
    let unapproved = Troubled::new(&town, &unapproved);
    unapproved.open_for_certain().await.expect("it is opened");
    let mut lie = trouble(unapproved.mark(), (JOURNAL, "PutItem", Fault::Lied));
    lie.holding.push(r#""kind":{"S":"approved"}"#.to_owned());
    town.faulty.begin(lie);
    unapproved.press("plan.approve").await;
    watch.wait_for_a_finding(&town).await;
    let found = watch.end().await;
    assert!(found.iter().any(|found| found.contains("approved")), "{found:?}");
    Ok(())
}
