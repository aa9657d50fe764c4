//! The AWS adapters on an AWS we did not write: stores, evidence, lookups and containment.

use crate::account::{Account, Credential, code};
use crate::dynalite::Dynalite;
use crate::frame::{Missing, trial_async};
use crate::journal_contract::journal_contract;
use crate::parts::Parts;
use crate::work_contract::work_contract;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use keyleak::aws::clients::AwsSettings;
use keyleak::aws::evidence::{EvidenceSettings, S3Evidence};
use keyleak::aws::journal::DynamoJournal;
use keyleak::aws::lookup::AwsLookup;
use keyleak::aws::tables::TableNames;
use keyleak::aws::work::DynamoWork;
use keyleak::domain::ids::{AccessKeyId, CaseId, UserName};
use keyleak::domain::principal::PrincipalName;
use keyleak::ports::cloud::{CallClass, Lookup};
use keyleak::ports::evidence::{Evidence, EvidenceError};
use keyleak::ports::journal::Journal;
use keyleak::store::folder::Folder;
use libtest_mimic::Trial;
use std::sync::Arc;

const USER: &str = "ci-deploy";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [none, evidence, lookup] = [(); 3].map(|()| Arc::clone(parts));
    let mut trials = vec![
        trial_async("an_item_over_400_kb_is_refused_by_the_table_itself", move || async move {
            refuses_a_large_item().await
        }),
        trial_async("a_table_that_is_not_there_is_named_with_its_remedy", move || async move {
            missing_table(&account(&none, "250000000003").await?).await
        }),
        trial_async("evidence_on_s3_is_written_once_and_checked_when_read", move || async move {
            keeps_evidence(&account(&evidence, "250000000004").await?).await
        }),
        trial_async("the_lookups_tell_the_account_as_it_is", move || async move {
            looks_up(&account(&lookup, "250000000005").await?).await
        }),
    ];
    for emulator in [Emulator::MiniStack, Emulator::Dynalite, Emulator::DynamoDbLocal] {
        let [journal, work] = [(); 2].map(|()| Arc::clone(parts));
        let name = format!("dynamodb_keeps_the_journal_as_every_store_must_on_{emulator:?}");
        trials.push(trial_async(&name.to_lowercase(), move || async move {
            let (account, _running) = emulator.account(&journal, "250000000001").await?;
            keeps_the_journal(&account).await
        }));
        let name = format!("dynamodb_claims_and_leases_as_every_store_must_on_{emulator:?}");
        trials.push(trial_async(&name.to_lowercase(), move || async move {
            let (account, _running) = emulator.account(&work, "250000000002").await?;
            let tables = make_tables(&account).await;
            work_contract(&DynamoWork::new(account.config(), &tables), "dynamodb").await;
            Ok(())
        }));
    }
    trials
}

/// A DynamoDB that others wrote.
#[derive(Debug, Clone, Copy)]
enum Emulator {
    MiniStack,
    Dynalite,
    DynamoDbLocal,
}

impl Emulator {
    /// An account of one trial's own, and what has to run for as long as it is used.
    async fn account(
        self,
        parts: &Parts,
        id: &str,
    ) -> Result<(Account, Option<Dynalite>), Missing> {
        Ok(match self {
            Self::MiniStack => (Account::at(parts.ministack()?.address(), id).await, None),
            Self::Dynalite => {
                // It knows no accounts, so each trial has one of its own.
                let dynalite = Dynalite::start().map_err(Missing)?;
                (Account::at(dynalite.address(), id).await, Some(dynalite))
            }
            // It takes every key id for an account.
            Self::DynamoDbLocal => (Account::at(parts.dynamodb_local()?.address(), id).await, None),
        })
    }
}

async fn keeps_the_journal(account: &Account) -> Result<(), Missing> {
    let tables = make_tables(account).await;
    let folder = tempfile::tempdir().expect("a folder");
    let evidence = Arc::new(Folder::open(folder.path()).expect("an evidence store"));
    // Two clients, as two replicas have.
    let open = || DynamoJournal::new(account.config(), &tables, Arc::clone(&evidence) as _);
    journal_contract((&open(), &open()), "dynamodb").await;
    Ok(())
}

/// Why large records go elsewhere, and that this judge would notice if they did not.
async fn refuses_a_large_item() -> Result<(), Missing> {
    let dynalite = Dynalite::start().map_err(Missing)?;
    let account = Account::at(dynalite.address(), "250000000003").await;
    let tables = make_tables(&account).await;
    let put = |bytes: usize| {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = account.root.dynamodb.put_item().table_name(&tables.journal);
        put.item("case", text("large"))
            .item("seq", text("1"))
            .item("record", text(&"x".repeat(bytes)))
    };
    put(400_000).send().await.expect("an item below the limit");
    let refused = put(410_000).send().await.expect_err("an item over the limit");
    assert_eq!(code(&refused), "ValidationException");
    Ok(())
}

async fn account(parts: &Parts, id: &str) -> Result<Account, Missing> {
    Ok(Account::at(parts.ministack()?.address(), id).await)
}

/// Both tables with the keys that `manifests/dynamodb/tables.yaml` gives them.
pub(crate) async fn make_tables(account: &Account) -> TableNames {
    let names = TableNames::default();
    let client = aws_sdk_dynamodb::Client::new(account.config());
    for (table, hash, range) in [(&names.journal, "case", "seq"), (&names.work, "item", "part")] {
        let mut request = client.create_table().table_name(table);
        for (name, kind) in [(hash, KeyType::Hash), (range, KeyType::Range)] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S);
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            request = request
                .attribute_definitions(attribute.build().expect("an attribute"))
                .key_schema(key.build().expect("a key"));
        }
        let request = request.billing_mode(BillingMode::PayPerRequest);
        request.send().await.expect("a table");
    }
    names
}

async fn missing_table(account: &Account) -> Result<(), Missing> {
    let folder = tempfile::tempdir().expect("a folder");
    let evidence = Arc::new(Folder::open(folder.path()).expect("an evidence store"));
    let store = DynamoJournal::new(account.config(), &TableNames::default(), evidence);
    let error = store.read(&CaseId("none".to_owned()), 0).await;
    let said = error.expect_err("there is no table").to_string();
    assert!(said.contains("keyleak-journal"), "{said}");
    assert!(said.contains("keyleak manifest table"), "{said}");
    Ok(())
}

async fn keeps_evidence(account: &Account) -> Result<(), Missing> {
    let bucket = format!("evidence-{}", account.id);
    let s3 = &account.root.s3;
    let made = s3.create_bucket().bucket(&bucket).send().await;
    made.expect("a bucket");
    let settings =
        EvidenceSettings { bucket: bucket.clone(), prefix: "case".to_owned(), kms_key: None };
    let store = S3Evidence::new(account.config(), settings);
    let name = store.put(b"a snapshot").await.expect("it is stored");
    assert_eq!(store.put(b"a snapshot").await.as_ref(), Ok(&name));
    assert_eq!(store.get(&name).await.as_deref(), Ok(b"a snapshot".as_slice()));
    let nothing = "0".repeat(64);
    let missing = store.get(&nothing).await;
    assert_eq!(missing, Err(EvidenceError::Missing(nothing)));

    let forged = s3.put_object().bucket(&bucket).key(format!("case/{name}"));
    let forged = forged.body(b"another".to_vec().into()).send().await;
    forged.expect("whoever holds the bucket can");
    assert_eq!(store.get(&name).await, Err(EvidenceError::Altered(name)));
    Ok(())
}

async fn looks_up(account: &Account) -> Result<(), Missing> {
    let credential = account.administrator(USER).await;
    furnish(account, &credential).await;
    let lookup = AwsLookup::new(account.config(), &AwsSettings::default()).await;
    let user = UserName(USER.to_owned());

    assert_eq!(lookup.own_account().await.expect("it").0, account.id);
    let detail = lookup.user(&user).await.expect("the user");
    assert_eq!(detail.name, user.0);
    assert!(detail.arn.ends_with(":user/ci-deploy"), "{}", detail.arn);
    assert_eq!(detail.tags.get("owner").map(String::as_str), Some("ana"));

    let keys = lookup.access_keys(&user).await.expect("keys");
    let key = AccessKeyId::from_record(&credential.id).expect("a valid id");
    let states: Vec<(bool, bool)> =
        keys.iter().map(|state| (state.id == key, state.active)).collect();
    assert!(states.contains(&(true, true)), "{states:?}");
    assert!(states.contains(&(false, false)), "{states:?}");

    let inline = lookup.inline_policies(&PrincipalName::user(USER)).await.expect("policies");
    let document: serde_json::Value =
        serde_json::from_str(&inline["administrator"]).expect("the document as JSON");
    assert_eq!(document["Statement"][0]["Effect"], "Allow");
    let attached = lookup.attached_policies(&PrincipalName::user(USER)).await.expect("policies");
    assert_eq!(attached.len(), 1);
    assert_eq!(lookup.groups(&user).await.expect("groups"), ["deployers"]);
    assert!(lookup.login_profile(&user).await.expect("a password").is_some());
    assert_eq!(lookup.mfa_devices(&user).await.expect("devices"), Vec::<String>::new());
    // One more than a page holds.
    let names = lookup.users().await.expect("users");
    assert_eq!(names.len(), 105);

    let nobody = UserName("nobody".to_owned());
    let error = lookup.user(&nobody).await.expect_err("nobody is there");
    assert_eq!(error.class, CallClass::NotFound);
    assert_eq!(lookup.login_profile(&nobody).await.expect("none"), None);
    Ok(())
}

/// A second key that is inactive, a group, a tag, a password, a policy, and a crowd of others.
async fn furnish(account: &Account, credential: &Credential) {
    let iam = &account.root.iam;
    let second = iam.create_access_key().user_name(USER).send().await;
    let second = second.expect("a key").access_key.expect("a key").access_key_id;
    assert_ne!(second, credential.id);
    let inactive = aws_sdk_iam::types::StatusType::Inactive;
    account.set_status(USER, &second, inactive).await;
    let group = iam.create_group().group_name("deployers").send().await;
    group.expect("a group");
    let join = iam.add_user_to_group().group_name("deployers").user_name(USER);
    join.send().await.expect("a member");
    let tag = aws_sdk_iam::types::Tag::builder().key("owner").value("ana");
    let tag = tag.build().expect("a tag");
    let tagged = iam.tag_user().user_name(USER).tags(tag).send().await;
    tagged.expect("a tagged user");
    let profile = iam.create_login_profile().user_name(USER).password("Long-enough-1");
    profile.send().await.expect("a password");
    let policy = account.deny_all_policy().await;
    let attach = iam.attach_user_policy().user_name(USER).policy_arn(policy);
    attach.send().await.expect("an attached policy");
    for number in 0..104 {
        let name = format!("bystander-{number}");
        let made = iam.create_user().user_name(name).send().await;
        made.expect("a user");
    }
}
