//! What `doctor` sees of AWS: credentials, tables, buckets, the trail's table, and every role.

use crate::aws::athena_table::AthenaSettings;
use crate::aws::checkup;
use crate::aws::checkup::buckets::Named;
use crate::aws::checkup::roles::wanted;
use crate::aws::clients::{AccountSettings, ContainSettings, RoleSettings};
use crate::aws::manifests;
use crate::commands::doctor::bounded;
use crate::commands::trails;
use crate::config::anchors::AnchorPlace;
use crate::config::trail::TrailConfig;
use crate::config::{Config, EvidenceConfig, JournalConfig};
use crate::domain::checkup::buckets::{self, Holds};
use crate::domain::checkup::roles::{self, Identity, Tier, Wanted};
use crate::domain::checkup::tables::{self, JOURNAL_KEYS, WORK_KEYS};
use crate::domain::checkup::{Line, Part, Trouble, athena};
use crate::domain::ids::AccountId;
use crate::domain::principal::account_in;
use crate::ports::clock::Clock;
use aws_config::SdkConfig;
use futures_util::future::join_all;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Everything that AWS tells, and how far the clock here is ahead of its own.
pub async fn look(
    config: &Config,
    sdk: &SdkConfig,
    clock: Clock,
) -> (Vec<Line>, Option<SignedDuration>) {
    let (identity, ahead) = Box::pin(checkup::identity(sdk, clock)).await;
    let mut lines = vec![roles::identity(&identity)];
    if let Err(Trouble::Silent(_) | Trouble::Denied { .. } | Trouble::Missing) = &identity {
        let why = "whatever is asked with the bot's credentials: see AWS credentials";
        let parts = [Part::Journal, Part::Evidence, Part::Trail, Part::Roles];
        lines.extend(parts.map(|part| Line::not_checked(part, why)));
        return (lines, ahead);
    }
    let bot = identity.ok();
    let looks = tokio::join!(
        bounded(Part::Journal, stores(config, sdk)),
        bounded(Part::Evidence, evidence(config, sdk)),
        bounded(Part::Anchors, anchors(config, sdk)),
        bounded(Part::Trail, trail(config, sdk, clock)),
        bounded(Part::Roles, accounts(config, sdk, bot.as_ref())),
    );
    let (stores, evidence, anchors, trail, accounts) = looks;
    for more in [stores, evidence, anchors, trail, accounts] {
        lines.extend(more);
    }
    (lines, ahead)
}

async fn stores(config: &Config, sdk: &SdkConfig) -> Vec<Line> {
    let JournalConfig::DynamoDb(names) = &config.journal else { return Vec::new() };
    let (part, keys) = (Part::Journal, JOURNAL_KEYS);
    let journal = tables::Wanted { part, name: &names.journal, keys, is_append_only: true };
    let (part, keys) = (Part::WorkTable, WORK_KEYS);
    let work = tables::Wanted { part, name: &names.work, keys, is_append_only: false };
    let seen = join_all([journal, work].map(|table| checkup::tables::table(sdk, table))).await;
    let told = [journal, work].into_iter().zip(&seen);
    told.flat_map(|(wanted, seen)| tables::table(wanted, seen)).collect()
}

async fn evidence(config: &Config, sdk: &SdkConfig) -> Vec<Line> {
    let EvidenceConfig::Bucket(settings) = &config.evidence else { return Vec::new() };
    let named = Named {
        bucket: &settings.bucket,
        prefix: &settings.prefix,
        kms_key: settings.kms_key.as_deref(),
        asks_to_put: true,
    };
    let seen = checkup::buckets::bucket(sdk, named).await;
    buckets::bucket(Holds::Evidence, &settings.bucket, &seen)
}

async fn anchors(config: &Config, sdk: &SdkConfig) -> Vec<Line> {
    let place = config.anchors.as_ref().map(|anchors| &anchors.place);
    let Some(AnchorPlace::Bucket(settings)) = place else { return Vec::new() };
    let named = Named {
        bucket: &settings.bucket,
        prefix: &settings.prefix,
        kms_key: None,
        asks_to_put: false,
    };
    let seen = checkup::buckets::bucket(sdk, named).await;
    buckets::bucket(Holds::Anchors, &settings.bucket, &seen)
}

async fn trail(config: &Config, sdk: &SdkConfig, clock: Clock) -> Vec<Line> {
    let (table, regions) = match &config.trail {
        TrailConfig::Athena(settings, regions) => (Some(settings), regions.as_deref()),
        TrailConfig::EventHistory(regions) => (None, Some(regions.as_slice())),
        TrailConfig::None | TrailConfig::Paths(_) => return Vec::new(),
    };
    let reader = trails::looking(config, sdk).await;
    let name = config.aws.lookup_role.as_ref().map_or("the bot", |role| role.arn.as_str());
    let mut lines = Vec::new();
    if let Some(settings) = table {
        lines.extend(in_athena((&reader, name), settings, clock).await);
    }
    if let Some(regions) = regions {
        let seen = checkup::history::history(&reader, regions).await;
        lines.push(athena::event_history(name, &seen));
    }
    lines
}

async fn in_athena(
    (reader, name): (&SdkConfig, &str),
    settings: &AthenaSettings,
    clock: Clock,
) -> Vec<Line> {
    let (workgroup, table) = tokio::join!(
        Box::pin(checkup::athena::workgroup(reader, settings)),
        Box::pin(checkup::athena::table(reader, settings, clock)),
    );
    let named = athena::Named {
        workgroup: settings.workgroup.as_deref(),
        output: settings.output.as_deref(),
        table: &format!("{}.{}", settings.database, settings.table),
        reader: name,
    };
    let mut lines = vec![athena::workgroup(named, workgroup.as_ref())];
    lines.extend(athena::table(named, &table));
    lines
}

/// Every role that the settings name, account by account.
async fn accounts(config: &Config, sdk: &SdkConfig, bot: Option<&Identity>) -> Vec<Line> {
    let by_account = by_account(config);
    let looks = by_account.iter().map(|(account, all)| async move {
        let is_bots = bot.is_some_and(|bot| bot.account == *account);
        (all, checkup::roles::account(sdk, is_bots, all).await)
    });
    let mut lines = Vec::new();
    for (all, seen) in join_all(looks).await {
        let told = all.iter().zip(&seen).map(|(wanted, seen)| {
            let needed = manifests::calls_of(wanted.tier, &config.aws);
            roles::role(wanted, bot, seen, &needed)
        });
        lines.extend(told);
    }
    let serves_others = !config.aws.accounts.is_empty() || config.aws.organization.is_some();
    lines.extend(roles::placement(bot, &read_only(config), serves_others));
    if config.aws.organization.is_some() {
        let why = "the roles of the pattern: they are in accounts that come and go";
        lines.push(Line::not_checked(Part::Organization, why));
    }
    lines
}

fn by_account(config: &Config) -> BTreeMap<AccountId, Vec<Wanted>> {
    let aws = &config.aws;
    let contain = match &aws.contain {
        Some(ContainSettings::Role(role)) => Some(role),
        Some(ContainSettings::OwnCredentials) | None => None,
    };
    let asking = aws.organization.as_ref().and_then(|pattern| pattern.describe_role.as_ref());
    let own = [
        (Tier::Lookup, aws.lookup_role.as_ref()),
        (Tier::Contain, contain),
        (Tier::Eradicate, aws.eradicate_role.as_ref()),
        (Tier::Recover, aws.recover_role.as_ref()),
        (Tier::Describe, asking),
    ];
    let named = |(tier, role): (Tier, Option<&RoleSettings>)| Some(wanted(tier, role?));
    let others = aws.accounts.values().flat_map(of_account);
    let mut all: BTreeMap<AccountId, Vec<Wanted>> = BTreeMap::new();
    for role in own.into_iter().filter_map(named).chain(others) {
        if let Some(account) = account_in(&role.arn).and_then(AccountId::parse) {
            all.entry(account).or_default().push(role);
        }
    }
    for roles in all.values_mut() {
        roles.sort_by_key(|role| role.tier);
    }
    all
}

fn of_account(account: &AccountSettings) -> Vec<Wanted> {
    let roles = [
        (Tier::Lookup, Some(&account.lookup_role)),
        (Tier::Contain, account.contain_role.as_ref()),
        (Tier::Eradicate, account.eradicate_role.as_ref()),
        (Tier::Recover, account.recover_role.as_ref()),
    ];
    roles.into_iter().filter_map(|(tier, role)| Some(wanted(tier, role?))).collect()
}

/// The accounts in which nothing can be changed.
fn read_only(config: &Config) -> Vec<String> {
    let own = config.aws.contain.is_none().then(|| match config.aws.own_account() {
        Some(account) => account.0,
        None => "the bot's own account".to_owned(),
    });
    let others = config.aws.accounts.iter().filter(|(_, account)| account.contain_role.is_none());
    own.into_iter().chain(others.map(|(id, _)| id.0.clone())).collect()
}
