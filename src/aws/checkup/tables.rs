//! Looks at the two tables: how they are made, and whether what keyleak does with them is allowed.

use crate::aws::checkup::trouble;
use crate::aws::error::call_error;
use crate::aws::tables::{condition_failed, text};
use crate::domain::checkup::Trouble;
use crate::domain::checkup::tables::{Described, Seen, Wanted};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeyType, PointInTimeRecoveryStatus, TableDescription, TableStatus,
    TimeToLiveStatus,
};
use std::error::Error;

const DESCRIBE_TABLE: &str = "dynamodb:DescribeTable";
const DESCRIBE_BACKUPS: &str = "dynamodb:DescribeContinuousBackups";
const DESCRIBE_EXPIRY: &str = "dynamodb:DescribeTimeToLive";
const PUT_ITEM: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";
const UPDATE_ITEM: &str = "dynamodb:UpdateItem";
const DELETE_ITEM: &str = "dynamodb:DeleteItem";

/// Never the name of a case, of a key or of a list.
const NOBODYS: &str = "keyleak-doctor";
/// No item meets it, so that what is tried under it changes nothing, and is refused only to whoever
/// may not do it.
const NEVER: &str = "attribute_exists(#key) AND attribute_not_exists(#key)";

/// Looks at one table.
pub async fn table(config: &SdkConfig, wanted: Wanted<'_>) -> Seen {
    let client = Client::new(config);
    let name = wanted.name;
    let (described, put, query) = tokio::join!(
        Box::pin(described(&client, name)),
        Box::pin(put(&client, wanted)),
        Box::pin(query(&client, wanted)),
    );
    let mut tried = vec![(PUT_ITEM, put), (QUERY, query)];
    if !wanted.is_append_only {
        let (update, delete) =
            tokio::join!(Box::pin(update(&client, wanted)), Box::pin(delete(&client, wanted)),);
        tried.extend([(UPDATE_ITEM, update), (DELETE_ITEM, delete)]);
    }
    let calls = tried.iter().map(|(call, _)| *call).collect();
    let refused = tried.into_iter().filter_map(|(call, came)| Some((call, came.err()?)));
    Seen { described, refused: refused.collect(), tried: calls }
}

async fn described(client: &Client, name: &str) -> Result<Described, Trouble> {
    let (table, backups, expiry) = tokio::join!(
        Box::pin(client.describe_table().table_name(name).send()),
        Box::pin(client.describe_continuous_backups().table_name(name).send()),
        Box::pin(client.describe_time_to_live().table_name(name).send()),
    );
    let table = table.map_err(|error| trouble(call_error(DESCRIBE_TABLE, &error)))?;
    let backups = backups.map_err(|error| trouble(call_error(DESCRIBE_BACKUPS, &error)));
    let expiry = expiry.map_err(|error| trouble(call_error(DESCRIBE_EXPIRY, &error)));
    let table = table.table.unwrap_or_else(|| TableDescription::builder().build());
    let is_restorable = backups.ok().map(|told| {
        let told = told.continuous_backups_description;
        let recovery = told.and_then(|told| told.point_in_time_recovery_description);
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
        status == Some(PointInTimeRecoveryStatus::Enabled)
    });
    let expires = expiry.ok().map(|told| {
        let status = told.time_to_live_description.and_then(|told| told.time_to_live_status);
        matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
    });
    Ok(Described {
        is_active: matches!(table.table_status, Some(TableStatus::Active | TableStatus::Updating)),
        keys: keys(&table),
        is_deletion_protected: table.deletion_protection_enabled.unwrap_or_default(),
        is_restorable,
        expires,
    })
}

/// Each key's name and type, the partition key first.
fn keys(table: &TableDescription) -> Vec<(String, String)> {
    let kind = |name: &str| {
        let is = |attribute: &&AttributeDefinition| attribute.attribute_name() == name;
        let found = table.attribute_definitions().iter().find(is);
        found.map(|found| found.attribute_type().as_str().to_owned()).unwrap_or_default()
    };
    let named = |wanted: &KeyType| {
        let mut keys = table.key_schema().iter();
        let key = keys.find(|key| key.key_type() == wanted)?.attribute_name().to_owned();
        let kind = kind(&key);
        Some((key, kind))
    };
    [KeyType::Hash, KeyType::Range].iter().filter_map(named).collect()
}

/// What was tried under a condition that nothing meets: refused for the condition, it is allowed.
fn allowed<T, E>(action: &str, tried: Result<T, SdkError<E, HttpResponse>>) -> Result<(), Trouble>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match tried {
        Ok(_) => Ok(()),
        Err(error) if condition_failed(&error) => Ok(()),
        Err(error) => Err(trouble(call_error(action, &error))),
    }
}

async fn put(client: &Client, wanted: Wanted<'_>) -> Result<(), Trouble> {
    let [partition, sort] = wanted.keys;
    let request = client.put_item().table_name(wanted.name);
    let request = request.item(partition, text(NOBODYS)).item(sort, text(NOBODYS));
    let request = request.condition_expression(NEVER).expression_attribute_names("#key", partition);
    allowed(PUT_ITEM, request.send().await)
}

async fn query(client: &Client, wanted: Wanted<'_>) -> Result<(), Trouble> {
    let [partition, _] = wanted.keys;
    let request = client.query().table_name(wanted.name).limit(1);
    let request = request.key_condition_expression("#key = :nobodys");
    let request = request.expression_attribute_names("#key", partition);
    let request = request.expression_attribute_values(":nobodys", text(NOBODYS));
    let asked = request.send().await.map(drop);
    asked.map_err(|error| trouble(call_error(QUERY, &error)))
}

async fn update(client: &Client, wanted: Wanted<'_>) -> Result<(), Trouble> {
    let [partition, sort] = wanted.keys;
    let request = client.update_item().table_name(wanted.name);
    let request = request.key(partition, text(NOBODYS)).key(sort, text(NOBODYS));
    let request = request.update_expression("SET nothing = :nothing");
    let request = request.expression_attribute_values(":nothing", text("-"));
    let request = request.condition_expression(NEVER).expression_attribute_names("#key", partition);
    allowed(UPDATE_ITEM, request.send().await)
}

async fn delete(client: &Client, wanted: Wanted<'_>) -> Result<(), Trouble> {
    let [partition, sort] = wanted.keys;
    let request = client.delete_item().table_name(wanted.name);
    let request = request.key(partition, text(NOBODYS)).key(sort, text(NOBODYS));
    let request = request.condition_expression(NEVER).expression_attribute_names("#key", partition);
    allowed(DELETE_ITEM, request.send().await)
}
