//! The journal's tables in a DynamoDB that a trial or a benchmark has to itself.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};

/// The two tables, as the manifest makes them.
pub(crate) async fn make_tables(dynamodb: &Client) {
    for (table, keys) in [("keyleak-journal", ["case", "seq"]), ("keyleak-work", ["item", "part"])]
    {
        let mut made = dynamodb.create_table().table_name(table);
        for (name, kind) in keys.into_iter().zip([KeyType::Hash, KeyType::Range]) {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build();
            made =
                made.key_schema(key.expect("a key")).attribute_definitions(attribute.expect("it"));
        }
        made.billing_mode(BillingMode::PayPerRequest).send().await.expect("the table is made");
    }
}
