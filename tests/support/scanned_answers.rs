//! What the adapter's queries find, by our own scanner over the same objects.

use keyleak::domain::lineage::Subject;
use keyleak::domain::trail_row::{Field, Sighting, TrailRow, parse_time};
use keyleak::ports::trail::{Cut, Deeds, Source, Window};
use keyleak::trail::local::LocalTrail;
use std::collections::HashMap;

pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// The answer to one of the adapter's queries, by our own scanner.
pub(crate) async fn asked_of(
    trail: &LocalTrail,
    sql: &str,
    values: Vec<String>,
) -> (Vec<String>, Rows) {
    let mut values = values.into_iter();
    let mut time = || values.next().and_then(|text| parse_time(&text));
    let window = Window {
        from: time(),
        to: time().filter(|to| to.strftime("%Y").to_string().as_str() < "9999"),
    };
    if sql.contains("AS lineage_call") {
        return first_pass(trail, window).await;
    }
    let lists = lists(sql, values);
    let list = |name: &str| lists.get(name).cloned().unwrap_or_default();
    if sql.contains("AS records_read") {
        return coverage(trail, window).await;
    }
    let rows = if sql.contains("'deed' AS reach") {
        let deeds = Deeds {
            event_names: list("event_name"),
            target: list("target_user").remove(0),
            window,
        };
        trail.deeds(&deeds).await.expect("the trail").rows
    } else if sql.contains("'role' AS reach") {
        let role = list("issuer_arn").remove(0);
        trail.role_calls(&role, window).await.expect("the trail").rows
    } else {
        let subject = Subject {
            key_id: list("key").remove(0),
            keys: list("access_key_id"),
            principals: list("identity_arn"),
            sessions: list("session"),
            addresses: list("source_ip"),
            targets: list("target_user"),
            accounts: list("recipient_account"),
        };
        trail.cut(window, &subject).await.and_then(Cut::held).expect("the trail").rows
    };
    let texts = rows.iter().map(|row| texts(row.fields())).collect();
    (named(TrailRow::COLUMNS), texts)
}

async fn first_pass(trail: &LocalTrail, window: Window) -> (Vec<String>, Rows) {
    let found = trail.sightings(window).await.expect("the trail");
    let mut columns = named(Sighting::COLUMNS);
    columns.extend(named(&["regions", "data_events_from", "records_read"]));
    let seen = found.coverage;
    let mut rows: Rows = found.rows.iter().map(|row| texts(row.fields())).collect();
    for (place, row) in rows.iter_mut().enumerate() {
        let read = if place == 0 { seen.records_read } else { 0 };
        let data = seen.data_events_from.map(|time| time.to_string());
        row.extend([Some(seen.regions.join(" ")), data, Some(read.to_string())]);
    }
    (columns, rows)
}

async fn coverage(trail: &LocalTrail, window: Window) -> (Vec<String>, Rows) {
    let seen = trail.sightings(window).await.expect("the trail").coverage;
    let columns =
        ["records_read", "first_time", "last_time", "data_events_from", "regions", "accounts"];
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    let row = vec![
        Some(seen.records_read.to_string()),
        time(seen.first),
        time(seen.last),
        time(seen.data_events_from),
        Some(seen.regions.join(" ")),
        Some(seen.accounts.join(" ")),
    ];
    (named(&columns), vec![row])
}

/// The values of each list in the SQL, by the column before `IN`; the first one of the key's
/// column is the key itself.
fn lists(sql: &str, mut values: impl Iterator<Item = String>) -> HashMap<String, Vec<String>> {
    // Both times are taken; what follows in the text are lists.
    let (_, sql) = sql.split_once("eventtime < ?").expect("the end of the window");
    let mut lists = HashMap::new();
    let mut parts = sql.split(" IN (");
    let mut before = parts.next().unwrap_or_default();
    for part in parts {
        let marks = part.split(')').next().unwrap_or_default();
        let column = before.trim_end_matches(')');
        let column = column.rsplit([' ', '(', '\n']).next().unwrap_or_default();
        let column = if before.ends_with("event_time))") { "session" } else { column };
        let count = marks.matches('?').count();
        let taken: Vec<String> = values.by_ref().take(count).collect();
        let is_list = count > 0 || marks == "NULL";
        if is_list && column == "access_key_id" && !lists.contains_key("key") {
            lists.insert("key".to_owned(), taken);
        } else if is_list {
            lists.insert(column.to_owned(), taken);
        }
        before = part;
    }
    lists
}

fn named(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

fn texts(fields: Vec<Field<'_>>) -> Vec<Option<String>> {
    let text = |field| match field {
        Field::Null => None,
        Field::Text(text) => Some(str::to_owned(text)),
        Field::Integer(number) => Some(i64::to_string(&number)),
    };
    fields.into_iter().map(text).collect()
}
