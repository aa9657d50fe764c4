//! A CloudTrail table as a catalog defines it, and whether SQL names what it does not have.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The caller as AWS's own table declares it.
const IDENTITY: &str = "struct<type:string,principalid:string,arn:string,accountid:string,\
    invokedby:string,accesskeyid:string,username:string,sessioncontext:struct<\
    attributes:struct<mfaauthenticated:string,creationdate:string>,sessionissuer:struct<\
    type:string,principalid:string,arn:string,accountid:string,username:string>>>";
const TEXTS: &[&str] = &[
    "eventversion",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "useragent",
    "errorcode",
    "errormessage",
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "requestid",
    "eventid",
    "readonly",
    "eventtype",
    "apiversion",
    "recipientaccountid",
    "serviceeventdetails",
    "sharedeventid",
    "vpcendpointid",
    "eventcategory",
    "sessioncredentialfromconsole",
];

/// Columns, partition columns and properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrailTable {
    pub(crate) columns: BTreeMap<String, String>,
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) parameters: BTreeMap<String, String>,
}

impl TrailTable {
    /// As AWS's documentation makes it today.
    pub(crate) fn current() -> Self {
        let texts = TEXTS.iter().map(|name| ((*name).to_owned(), "string".to_owned()));
        let rows = [
            ("useridentity", IDENTITY),
            ("resources", "array<struct<arn:string,accountid:string,type:string>>"),
            ("tlsdetails", "struct<tlsversion:string,ciphersuite:string>"),
        ];
        let rows = rows.map(|(name, shape)| (name.to_owned(), shape.to_owned()));
        let columns = texts.chain(rows).collect();
        Self { columns, keys: Vec::new(), parameters: BTreeMap::new() }
    }

    /// With all that records have, as whoever adds to AWS's definition declares it.
    pub(crate) fn whole() -> Self {
        let more = "sourceidentity:string>,credentialid:string>";
        let identity = IDENTITY.strip_suffix(">>").expect("the caller's session");
        Self::current().with("useridentity", &format!("{identity},{more}"))
    }

    pub(crate) fn key(mut self, name: &str, shape: &str) -> Self {
        self.keys.push((name.to_owned(), shape.to_owned()));
        self
    }

    /// A property of the projection of a partition column.
    pub(crate) fn projected(mut self, property: &str, value: &str) -> Self {
        self.parameters.insert("projection.enabled".to_owned(), "true".to_owned());
        self.parameters.insert(format!("projection.{property}"), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, columns: &[&str]) -> Self {
        self.columns.retain(|name, _| !columns.contains(&name.as_str()));
        self
    }

    pub(crate) fn with(mut self, column: &str, shape: &str) -> Self {
        self.columns.insert(column.to_owned(), shape.to_owned());
        self
    }

    /// As Athena answers.
    pub(crate) fn metadata(&self) -> Value {
        let columns = |all: &mut dyn Iterator<Item = (&String, &String)>| -> Value {
            all.map(|(name, shape)| json!({"Name": name, "Type": shape})).collect()
        };
        json!({ "TableMetadata": {
            "Name": "cloudtrail",
            "TableType": "EXTERNAL_TABLE",
            "Columns": columns(&mut self.columns.iter()),
            "PartitionKeys": columns(&mut self.keys.iter().map(|(name, shape)| (name, shape))),
            "Parameters": self.parameters,
        }})
    }

    /// A column, or a field of the caller, that a query names and the table does not have.
    pub(crate) fn unknown(&self, sql: &str) -> Option<String> {
        let (before, after) = sql.split_once("FROM \"cloudtrail\"").expect("the table");
        let (_, list) = before.rsplit_once("SELECT").expect("what is selected");
        // What goes on without a relation of ours in between names the table's own fields.
        let is_direct = !after.contains("AS trail");
        let fields = if is_direct { sql } else { list };
        let missing = TrailTable::current().columns.into_keys().chain(["managementevent".into()]);
        let missing = missing.filter(|name| !self.columns.contains_key(name));
        let mut missing = missing.filter(|name| names(list, name));
        missing.next().or_else(|| self.unknown_field(fields))
    }

    fn unknown_field(&self, sql: &str) -> Option<String> {
        let has = self.columns.get("useridentity").map(String::as_str).unwrap_or_default();
        let paths = sql.split("useridentity.").skip(1).map(|rest| {
            let ends = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '.'));
            &rest[..ends.unwrap_or(rest.len())]
        });
        let mut lacking = paths
            .flat_map(|path| path.split('.'))
            .filter(|field| !has.contains(&format!("{field}:")));
        lacking.next().map(|field| format!("useridentity.{field}"))
    }
}

/// Whether a list of columns uses this one: what is only a name for something else does not count.
fn names(list: &str, column: &str) -> bool {
    let is_other = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words: Vec<&str> = list.split(is_other).filter(|word| !word.is_empty()).collect();
    let named = |at: usize| at > 0 && words[at - 1] == "AS";
    words.iter().enumerate().any(|(at, word)| *word == column && !named(at))
}

/// The first and the last day that a query's predicates select, as `2026/08/01`; without any it
/// reads everything.
pub(crate) fn days(sql: &str) -> (String, String) {
    let before = sql.split("eventtime >= ?").next().unwrap_or(sql);
    let dates: Vec<String> = before
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, '/' | '-')))
        .filter(|word| matches!(word.len(), 8 | 10))
        .map(|word| word.replace(['/', '-'], ""))
        .filter(|digits| digits.len() == 8)
        .map(|digits| format!("{}/{}/{}", &digits[..4], &digits[4..6], &digits[6..]))
        .collect();
    let (Some(first), Some(last)) = (dates.iter().min(), dates.iter().max()) else {
        return (String::new(), "9999".to_owned());
    };
    let date: jiff::civil::Date = last.replace('/', "-").parse().expect("a day");
    // Some predicates name the day after.
    let is_until = before.contains("\" < '") || before.contains("eventtime < TIMESTAMP");
    let date = if is_until { date.yesterday().expect("a day before") } else { date };
    (first.clone(), date.strftime("%Y/%m/%d").to_string())
}
