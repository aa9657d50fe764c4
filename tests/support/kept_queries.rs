//! Athena's named queries, as its API has them: told a page at a time, and by token made once.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Athena's own limit is fifty; a smaller page shows that all are read.
const PAGE: usize = 10;
const OF_ATHENA: &str = "AmazonAthena.";

/// The queries of one workgroup.
#[derive(Debug, Default)]
pub(crate) struct KeptQueries {
    /// By their ids.
    pub(crate) queries: BTreeMap<String, Value>,
    by_token: BTreeMap<String, String>,
    made: usize,
    /// The calls that changed something, in order.
    pub(crate) changes: Vec<String>,
    /// Calls that the caller may not make.
    pub(crate) denied: BTreeSet<&'static str>,
}

impl KeptQueries {
    /// The answer to a call about named queries; none to any other.
    pub(crate) fn answer(&mut self, target: &str, asked: &Value) -> Option<Result<Value, Value>> {
        let call = target.strip_prefix(OF_ATHENA)?;
        if self.denied.contains(call) {
            let why = format!("not authorized to perform: athena:{call}");
            return Some(Err(json!({ "__type": "AccessDeniedException", "message": why })));
        }
        let id = asked["NamedQueryId"].as_str().unwrap_or_default().to_owned();
        let said = match call {
            "ListNamedQueries" => self.list(asked),
            "BatchGetNamedQuery" => self.read(asked),
            "CreateNamedQuery" => self.create(asked),
            "UpdateNamedQuery" => {
                let query = self.queries.get_mut(&id).expect("it is there");
                for field in ["Name", "Description", "QueryString"] {
                    query[field] = asked[field].clone();
                }
                json!({})
            }
            "DeleteNamedQuery" => {
                self.queries.remove(&id).expect("it is there");
                json!({})
            }
            _ => return None,
        };
        if ["Create", "Update", "Delete"].iter().any(|verb| call.starts_with(verb)) {
            self.changes.push(call.to_owned());
        }
        Some(Ok(said))
    }

    /// Puts a query there as a person does in the console.
    pub(crate) fn put(&mut self, name: &str, text: &str) -> String {
        let asked = json!({
            "Name": name, "Database": "logs", "QueryString": text, "WorkGroup": "keyleak",
            "ClientRequestToken": format!("by hand {}", self.made),
        });
        let made = self.create(&asked);
        made["NamedQueryId"].as_str().expect("an id").to_owned()
    }

    /// The text of the query of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut named = self.queries.values().filter(|query| query["Name"] == name);
        let found = named.next()?["QueryString"].as_str();
        assert!(named.next().is_none(), "{name} is there twice");
        found
    }

    fn list(&self, asked: &Value) -> Value {
        assert_eq!(asked["WorkGroup"], "keyleak", "the workgroup of the settings");
        let from: usize = asked["NextToken"].as_str().map_or(0, |at| at.parse().expect("ours"));
        let ids: Vec<&String> = self.queries.keys().skip(from).take(PAGE).collect();
        let next = from + PAGE;
        let next = (next < self.queries.len()).then(|| next.to_string());
        json!({ "NamedQueryIds": ids, "NextToken": next })
    }

    fn read(&self, asked: &Value) -> Value {
        let ids = asked["NamedQueryIds"].as_array().expect("ids");
        assert!((1..=50).contains(&ids.len()), "{} ids", ids.len());
        let known = |id: &Value| self.queries.get(id.as_str().unwrap_or_default()).cloned();
        let (there, gone): (Vec<&Value>, Vec<&Value>) =
            ids.iter().partition(|id| known(id).is_some());
        let there: Vec<Value> = there.into_iter().filter_map(known).collect();
        let gone: Vec<Value> = gone.iter().map(|id| json!({ "NamedQueryId": id })).collect();
        json!({ "NamedQueries": there, "UnprocessedNamedQueryIds": gone })
    }

    fn create(&mut self, asked: &Value) -> Value {
        let token = asked["ClientRequestToken"].as_str().expect("a token").to_owned();
        // As AWS says: the same response, and no other query, whatever became of the first.
        if let Some(id) = self.by_token.get(&token) {
            return json!({ "NamedQueryId": id });
        }
        self.made += 1;
        let id = format!("named-{:03}", self.made);
        let mut query = asked.clone();
        query["NamedQueryId"] = json!(id);
        self.queries.insert(id.clone(), query);
        self.by_token.insert(token, id.clone());
        json!({ "NamedQueryId": id })
    }
}
