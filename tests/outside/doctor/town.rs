//! A security account with the bot in it, and an account whose keys leak: all well, and spare parts
//! that are not.

use crate::account::{Account, Credential, REGION};
use crate::frame::Missing;
use crate::leak::BOT;
use crate::least_rights::{AWSS_DENY, CONTAIN, LOOKUP, printed, printed_without, role_for};
use crate::parts::Parts;
use crate::trail_table::TrailTable;
use aws_config::SdkConfig;
use aws_sdk_athena::types::{ResultConfiguration, WorkGroupConfiguration};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ScalarAttributeType, TimeToLiveSpecification,
};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use keyleak::commands::doctor::examine;
use keyleak::config;
use keyleak::domain::checkup::Checkup;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::people::Person;
use keyleak::sim::slack::server::SimSlack;
use keyleak::slack::checkup::NEEDED;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

const EXTERNAL_ID: &str = "a-text-of-our-own";
const SECRET: &str = "a-signing-secret-of-nobody";
const TOKEN: &str = "xoxb-a-token-of-nobody";
const ANCHOR_KEY: &str = "an anchor key of at least thirty-two characters";
pub(super) const EVIDENCE: &str = "doctor-evidence";
pub(super) const ANCHORS: &str = "doctor-anchors";
/// Without versions and Object Lock.
pub(super) const PLAIN: &str = "doctor-plain";
/// Not closed to the public.
pub(super) const OPEN: &str = "doctor-open";
/// What the lookup role needs to read the trail.
const ATHENA: &[&str] = &["athena:GetWorkGroup", "athena:GetTableMetadata"];

/// A security account with the bot in it, an account whose keys leak, and a workspace.
pub(super) struct Town {
    pub(super) security: Account,
    prod: Account,
    pub(super) bot: Credential,
    slack: SimSlack,
}

impl Town {
    pub(super) async fn new(parts: &Parts, [security, prod]: [&str; 2]) -> Result<Self, Missing> {
        let ministack = parts.ministack()?;
        let security = Account::at(ministack.address(), security).await;
        let prod = Account::at(ministack.address(), prod).await;
        let bot = security.administrator(BOT).await;
        tables(&security).await;
        buckets(&security).await;
        workgroups(&security).await;
        ministack.create_database(&security.id, "security");
        for (name, table) in [
            (
                "trail",
                TrailTable::whole()
                    .key("day", "string")
                    .projected("day.type", "date")
                    .projected("day.format", "yyyy/MM/dd")
                    .projected("day.range", "2024/01/01,NOW"),
            ),
            ("orders", TrailTable::whole().without(&["eventname"])),
        ] {
            ministack.tell_the_catalogue(&security.id, "CreateTable", &defined(name, &table));
        }
        roles(&security, &prod).await;
        let slack = workspace().await;
        Ok(Self { security, prod, bot, slack })
    }

    fn settings(&self) -> String {
        let (own, prod) = (&self.security.id, &self.prod.id);
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[slack]\nsigning_secret = \"{SECRET}\"\n\
             bot_token = \"{TOKEN}\"\nteam_id = \"T0SIM00001\"\napi_url = \"{}\"\n\
             [people]\napprovers = [\"U0ANA00001\", \"U0BOB00002\", \"U0CYN00003\"]\n\
             [people.operators]\n\"arn:aws:iam::{own}:user/ana\" = \"U0ANA00001\"\n\
             \"arn:aws:iam::{own}:user/bob\" = \"U0BOB00002\"\n\
             [aws]\nregion = \"{REGION}\"\nexternal_id = \"{EXTERNAL_ID}\"\n\
             lookup_role = \"arn:aws:iam::{own}:role/keyleak-lookup\"\n\
             contain_role = \"arn:aws:iam::{own}:role/keyleak-contain\"\n\
             [aws.accounts.{prod}]\nexternal_id = \"of-prod\"\n\
             lookup_role = \"arn:aws:iam::{prod}:role/keyleak-lookup-prod\"\n\
             contain_role = \"arn:aws:iam::{prod}:role/keyleak-contain-prod\"\n\
             [journal]\ntable = \"keyleak-journal\"\nwork_table = \"keyleak-work\"\n\
             [evidence]\nbucket = \"{EVIDENCE}\"\n\
             [anchors]\nbucket = \"{ANCHORS}\"\nkey = \"{ANCHOR_KEY}\"\n\
             [trail.athena]\ndatabase = \"security\"\ntable = \"trail\"\nworkgroup = \"bounded\"\n",
            self.slack.api_url(),
        )
    }

    pub(super) async fn doctor(&self, changes: &[(&str, &str)], sdk: &SdkConfig) -> Checkup {
        let mut text = self.settings();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let config = config::read("keyleak.toml", &text, &[]).expect("settings");
        examine(&config, sdk, Clock::real()).await
    }

    pub(super) async fn deny(&self, actions: &[&str]) {
        if actions.is_empty() {
            return;
        }
        // Of the two tables the journal alone, so that one line tells it.
        let of_tables = actions.iter().any(|action| action.starts_with("dynamodb:"));
        let on = if of_tables { "arn:aws:dynamodb:*:*:table/keyleak-journal" } else { "*" };
        let deny = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": actions, "Resource": on}]});
        let put = self.security.root.iam.put_user_policy().user_name(BOT).policy_name("denied");
        put.policy_document(deny.to_string()).send().await.expect("denied");
    }

    pub(super) async fn allow_again(&self, actions: &[&str]) {
        if actions.is_empty() {
            return;
        }
        let gone = self.security.root.iam.delete_user_policy().user_name(BOT).policy_name("denied");
        gone.send().await.expect("allowed again");
    }
}

async fn workspace() -> SimSlack {
    let mut config = SimSlackConfig::new(Clock::real(), SECRET, TOKEN);
    config.scopes = NEEDED.iter().map(|&scope| scope.to_owned()).collect();
    config.people.push(Person::member("U0DAN00004", "dan", "Dan Weiss"));
    SimSlack::start(config, &TaskTracker::new()).await.expect("a workspace")
}

/// Tables as they should be, and some that are not.
async fn tables(account: &Account) {
    let client = &account.root.dynamodb;
    for (name, keys) in [
        ("keyleak-journal", &["case", "seq"][..]),
        ("keyleak-fleeting", &["case", "seq"]),
        ("keyleak-plain", &["case", "seq"]),
        ("keyleak-work", &["item", "part"]),
        ("keyleak-wrong", &["id"]),
    ] {
        let mut request = client.create_table().table_name(name).deletion_protection_enabled(true);
        for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
            let text = ScalarAttributeType::S;
            let attribute =
                AttributeDefinition::builder().attribute_name(*key).attribute_type(text);
            let element = KeySchemaElement::builder().attribute_name(*key).key_type(kind);
            request = request
                .attribute_definitions(attribute.build().expect("an attribute"))
                .key_schema(element.build().expect("a key"));
        }
        let request = request.billing_mode(BillingMode::PayPerRequest);
        request.send().await.expect("a table");
        if name != "keyleak-plain" {
            let on =
                PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true);
            let update = client.update_continuous_backups().table_name(name);
            let update = update.point_in_time_recovery_specification(on.build().expect("on"));
            update.send().await.expect("a table that can be restored");
        }
    }
    let soon = TimeToLiveSpecification::builder().enabled(true).attribute_name("until");
    let update = client.update_time_to_live().table_name("keyleak-fleeting");
    let update = update.time_to_live_specification(soon.build().expect("an expiry"));
    update.send().await.expect("a table that expires");
}

async fn buckets(account: &Account) {
    let s3 = &account.root.s3;
    for name in [EVIDENCE, PLAIN, OPEN] {
        s3.create_bucket().bucket(name).send().await.expect("a bucket");
    }
    let locked = s3.create_bucket().bucket(ANCHORS).object_lock_enabled_for_bucket(true);
    locked.send().await.expect("a bucket with Object Lock");
    for name in [EVIDENCE, OPEN] {
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = s3.put_bucket_versioning().bucket(name).versioning_configuration(on);
        put.send().await.expect("versions");
    }
    let open = s3.delete_public_access_block().bucket(OPEN).send().await;
    open.expect("a bucket that is open");
}

async fn workgroups(account: &Account) {
    let results = || ResultConfiguration::builder().output_location("s3://doctor-plain/results/");
    let bounded = || WorkGroupConfiguration::builder().enforce_work_group_configuration(true);
    let limit = 100_000_000_000;
    let good = bounded().result_configuration(results().build());
    for (name, made) in [
        ("bounded", good.clone().bytes_scanned_cutoff_per_query(limit)),
        ("boundless", good),
        ("aimless", bounded().bytes_scanned_cutoff_per_query(limit)),
    ] {
        let request = account.root.athena.create_work_group().name(name);
        request.configuration(made.build()).send().await.expect("a workgroup");
    }
}

/// A table as the catalogue takes it.
fn defined(name: &str, table: &TrailTable) -> String {
    let columns = |all: &mut dyn Iterator<Item = (&String, &String)>| -> Vec<Value> {
        all.map(|(name, kind)| json!({"Name": name, "Type": kind})).collect()
    };
    let input = json!({
        "Name": name,
        "StorageDescriptor": {
            "Columns": columns(&mut table.columns.iter()),
            "Location": "s3://doctor-plain/trail/",
        },
        "PartitionKeys": columns(&mut table.keys.iter().map(|(name, kind)| (name, kind))),
        "Parameters": table.parameters,
    });
    json!({"DatabaseName": "security", "TableInput": input}).to_string()
}

/// The printed roles in both accounts, and some that are not as printed.
async fn roles(security: &Account, prod: &Account) {
    let own = (security.id.as_str(), EXTERNAL_ID);
    let mut looks = printed(LOOKUP, AWSS_DENY);
    let athena = json!({"Sid": "Trail", "Effect": "Allow", "Action": ATHENA, "Resource": "*"});
    looks["Statement"].as_array_mut().expect("statements").push(athena);
    let contains = printed(CONTAIN, AWSS_DENY);
    role_for(own, security, "keyleak-lookup", &looks).await;
    role_for(own, security, "keyleak-contain", &contains).await;
    let of_prod = (security.id.as_str(), "of-prod");
    role_for(of_prod, prod, "keyleak-lookup-prod", &looks).await;
    role_for(of_prod, prod, "keyleak-contain-prod", &contains).await;
    let less = printed_without(CONTAIN, AWSS_DENY, "iam:UpdateAccessKey");
    role_for(of_prod, prod, "keyleak-contain-less", &less).await;
    role_for((&security.id, "of-test"), prod, "keyleak-contain-test", &contains).await;
    role_for((&prod.id, "of-prod"), prod, "keyleak-contain-other", &contains).await;
}
