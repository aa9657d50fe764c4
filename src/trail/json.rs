//! A survey and its answers as one JSON object, for machines.

use crate::domain::attack::technique;
use crate::domain::lineage::{Lineage, Node, Origin};
use crate::domain::renamed_user::Renamed;
use crate::domain::trail_row::format_time;
use crate::ports::activity::Activity;
use crate::ports::trail::{Answer, Cell, Coverage, Survey};
use crate::trail::address_books::AddressBooks;
use crate::trail::addresses;
use crate::trail::asking::{Asked, Failed, LeftOut};
use crate::trail::output::skips;
use crate::trail::quiet_json::Quiet;
use jiff::Timestamp;
use serde::ser::{Error as _, Serialize, SerializeMap};
use serde_json::ser::Serializer;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The survey and its answers as the text of one JSON object, in which nothing drives a terminal.
pub fn text(
    survey: &Survey,
    (asked, books): (&Asked, &AddressBooks),
) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    let mut writer = Serializer::with_formatter(&mut text, Quiet::default());
    Whole { survey, asked, books }.serialize(&mut writer)?;
    text.push(b'\n');
    String::from_utf8(text).map_err(serde_json::Error::custom)
}

/// The survey and its answers as one JSON object. The answers may be most of the memory that there
/// is, so their rows are written from where they are.
struct Whole<'a> {
    survey: &'a Survey,
    asked: &'a Asked,
    books: &'a AddressBooks,
}

impl Serialize for Whole<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let answers = self.asked.answers.iter();
        let answers: BTreeMap<&str, Rows<'_>> =
            answers.map(|answer| (answer.question.as_str(), Rows(answer))).collect();
        let parts = parts(self.survey, self.asked, self.books);
        let (before, after): (Vec<_>, Vec<_>) =
            parts.iter().partition(|(name, _)| name.as_str() < ANSWERS);
        let mut object = serializer.serialize_map(None)?;
        before.into_iter().try_for_each(|(name, part)| object.serialize_entry(name, part))?;
        object.serialize_entry(ANSWERS, &answers)?;
        after.into_iter().try_for_each(|(name, part)| object.serialize_entry(name, part))?;
        object.end()
    }
}

/// The rows of an answer, each an object by column.
struct Rows<'a>(&'a Answer);

impl Serialize for Rows<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns: BTreeMap<&str, usize> =
            self.0.columns.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let rows = self.0.rows.iter().map(|cells| Row { columns: &columns, cells });
        serializer.collect_seq(rows)
    }
}

struct Row<'a> {
    columns: &'a BTreeMap<&'a str, usize>,
    cells: &'a [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().map(|(name, at)| (name, self.cells.get(*at))))
    }
}

/// Where the answers stand among the other parts.
const ANSWERS: &str = "answers";

/// All but the answers.
fn parts(survey: &Survey, asked: &Asked, books: &AddressBooks) -> BTreeMap<String, Value> {
    let answers = &asked.answers;
    let attack: Map<String, Value> = answers.iter().filter_map(json_attack).collect();
    let failed = |failed: &Failed| json!({ "question": failed.question, "reason": failed.reason });
    let left_out =
        |left: &LeftOut| json!({ "question": left.question, "needs": left.needs.text() });
    let parts = json!({
        "key": survey.lineage.key_id,
        "coverage": json_coverage(&survey.coverage),
        "activity": json_activity(&survey.activity),
        "addresses": addresses::json(survey, books),
        "lineage": json_lineage(&survey.lineage),
        "cut": asked.cut().map(|answer| &answer.question).collect::<Vec<_>>(),
        "failed": asked.failed.iter().map(failed).collect::<Vec<_>>(),
        "not_asked": asked.left_out.iter().map(left_out).collect::<Vec<_>>(),
        "attack": attack,
        "evidence": {
            "sha256": survey.cut.sha256,
            "rows": survey.cut.rows,
            "truncated": survey.truncated,
        },
        "watermark": time(survey.watermark),
    });
    let Value::Object(parts) = parts else { return BTreeMap::new() };
    parts.into_iter().collect()
}

/// The techniques that the rows of an answer may be signs of; nothing is a sign of nothing.
fn json_attack(answer: &Answer) -> Option<(String, Value)> {
    let named = |id: &String| {
        let technique = technique(id)?;
        let (later, called) = technique.v19;
        Some(json!({
            "v18": { "id": technique.id, "name": technique.name },
            "v19": { "id": later, "name": called },
        }))
    };
    let all: Vec<Value> = answer.attack.iter().filter_map(named).collect();
    let is_finding = !all.is_empty() && !answer.rows.is_empty();
    is_finding.then(|| (answer.question.clone(), Value::Array(all)))
}

fn json_coverage(coverage: &Coverage) -> Value {
    json!({
        "objects_read": coverage.objects_read,
        "objects_used": coverage.objects_used,
        "records_read": coverage.records_read,
        "records_unique": coverage.records_unique,
        "duplicates": coverage.duplicates,
        "first": time(coverage.first),
        "last": time(coverage.last),
        "regions": coverage.regions,
        "accounts": coverage.accounts,
        "data_events_from": time(coverage.data_events_from),
        "limits": coverage.limits,
        "skipped": skips(coverage).map(|(what, skip)| json!({
            "what": what,
            "reason": skip.reason,
            "count": skip.count,
            "example": skip.example,
        })).collect::<Vec<_>>(),
        "changed_while_read": {
            "objects": coverage.unsettled.objects,
            "examples": coverage.unsettled.changed,
        },
    })
}

fn json_activity(activity: &Activity) -> Value {
    json!({
        "events": activity.events,
        "succeeded": activity.succeeded,
        "failed": activity.failed,
        "denied": activity.denied,
        "first": time(activity.first),
        "last": time(activity.last),
        "source_ips": activity.source_ips,
    })
}

fn json_origin(origin: &Origin) -> Value {
    json!({
        "id": origin.id,
        "via": origin.via,
        "made": time(origin.made),
        "certainty": origin.certainty,
    })
}

fn json_renamed(renamed: &Renamed) -> Value {
    json!({
        "account": renamed.account,
        "old": renamed.old,
        "new": renamed.new,
        "at": format_time(renamed.at),
        "by": renamed.by,
    })
}

fn json_lineage(lineage: &Lineage) -> Value {
    let credential = |node: &Node| {
        json!({
            "id": node.id,
            "kind": node.kind.word(),
            "minted_by": node.minted_by,
            "via": node.via,
            "acts_as": node.arn,
            "made": time(node.made),
            "expires": time(node.expires),
            "events": node.events,
            "first": time(node.first),
            "last": time(node.last),
            "status": node.standing.word(),
            "certainty": node.certainty,
            "older": node.older,
            "why": node.why,
            "keys": node.keys,
        })
    };
    let principal = |node: &Node| {
        json!({
            "arn": node.arn,
            "kind": node.kind.word(),
            "created_by": node.minted_by,
            "principal_id": node.principal_id,
            "via": node.via,
            "made": time(node.made),
            "events": node.events,
            "first": time(node.first),
            "last": time(node.last),
            "certainty": node.certainty,
            "why": node.why,
            "status": node.standing.word(),
            "older": node.older,
        })
    };
    let second = |node: &Node| {
        json!({
            "id": node.id,
            "kind": node.kind.word(),
            "why": node.why,
            "events": node.events,
            "minted_by": node.minted_by,
            "via": node.via,
            "made": time(node.made),
            "expires": time(node.expires),
            "keys": node.keys,
            "acts_as": node.arn,
            "first": time(node.first),
            "last": time(node.last),
            "status": node.standing.word(),
            "certainty": node.certainty,
            "older": node.older,
        })
    };
    json!({
        "owner": lineage.owner_arn,
        "minted_by": lineage.minted_by,
        "signer": lineage.signer,
        "behind": lineage.behind.iter().map(json_origin).collect::<Vec<_>>(),
        "credentials": lineage.credentials().map(credential).collect::<Vec<_>>(),
        "principals": lineage.principals().map(principal).collect::<Vec<_>>(),
        "second_order": lineage.second_order().map(second).collect::<Vec<_>>(),
        "renamed": lineage.renamed.iter().map(json_renamed).collect::<Vec<_>>(),
        "truncated": lineage.truncated,
    })
}

fn time(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| Value::String(format_time(time)))
}
