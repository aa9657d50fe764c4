//! The rights to make tables of whole cuts: these calls, in one database, under names of ours.

use crate::manifests::{actions, calls_in, set, statements};
use keyleak::aws::athena;
use serde_json::Value;

const BOT_CASE_TABLES: &str = include_str!("../../manifests/iam/bot_case_tables.json");
const CODE: &str = include_str!("../../src/aws/athena_whole_cut.rs");

#[test]
fn tables_of_cases_are_made_and_dropped_by_exactly_these_rights_and_under_names_of_ours() {
    let named = set(&[athena::CALLS_OF_CASE_TABLES, athena::CALLS_OF_CASE_TABLES_BY_ATHENA]);
    assert_eq!(actions(BOT_CASE_TABLES, "Allow", |_| true), named);
    let changes = |name: &str| name.starts_with("glue:Create") || name.starts_with("glue:Delete");
    for statement in statements(BOT_CASE_TABLES) {
        let text = statement.to_string();
        let actions = statement["Action"].as_array().unwrap().iter();
        if actions.filter_map(Value::as_str).any(changes) {
            assert!(text.contains("table/keyleak_cases/keyleak_*") && !text.contains("/*\""));
        }
    }
    let code = CODE.split("#[cfg(test)]").next().unwrap();
    assert_eq!(calls_in(code), ["listtablemetadata".to_owned()].into());
    assert_eq!(athena::CALLS_OF_CASE_TABLES, ["athena:ListTableMetadata"]);
}
