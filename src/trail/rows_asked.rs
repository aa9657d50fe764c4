//! Questions over rows that would fool a naive one.

use crate::domain::question::Times;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::Cell;
use crate::trail::catalogue::Catalogue;
use crate::trail::table::CaseTable;

const KEY: &str = "AKIAAAAAAAAAAAAAAA22";
const NEW_KEY: &str = "AKIAAAAAAAAAAAAAAA33";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A call at this minute after ten, of this reach.
fn call(minute: u32, name: &str, reach: &str) -> TrailRow {
    TrailRow {
        event_time: format!("2026-08-01T10:{minute:02}:00Z"),
        event_source: text("iam.amazonaws.com"),
        event_name: text(name),
        source_ip: text("192.0.2.1"),
        read_only: Some(0),
        reach: text(reach),
        ..TrailRow::default()
    }
}

fn signed(key: &str, row: TrailRow) -> TrailRow {
    TrailRow { access_key_id: text(key), ..row }
}

/// What a question answers, each row as its named cells.
fn asked(id: &str, columns: &[&str], rows: &[TrailRow]) -> Vec<Vec<String>> {
    let catalogue = Catalogue::built_in().unwrap();
    let question = catalogue.find(id).unwrap();
    let contained_at = Some("2026-08-01T10:30:00Z".parse().unwrap());
    let sql = question.at(&Times { contained_at, ..Times::default() }).unwrap();
    let found = CaseTable::load(rows).unwrap().ask(&sql).unwrap();
    assert_eq!(found.columns, question.columns, "{id}");
    let place = |name: &&str| found.columns.iter().position(|column| column == name).unwrap();
    let places: Vec<usize> = columns.iter().map(place).collect();
    let shown = |cell: &Cell| match cell {
        Cell::Null => "-".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    };
    found.rows.iter().map(|row| places.iter().map(|at| shown(&row[*at])).collect()).collect()
}

#[test]
fn others_at_a_resource_are_listed_beside_the_actor_and_not_at_any_other() {
    let of = |bucket: &str, row: TrailRow| TrailRow { bucket: text(bucket), ..row };
    let refused = TrailRow { error_code: text("AccessDenied"), ..call(2, "PutObject", "key") };
    let rows = [
        of("loot", signed(KEY, call(1, "PutObject", "key"))),
        of("loot", signed(KEY, refused)),
        of("loot", signed("AKIAOTHER", call(3, "GetObject", "address"))),
        of("beside", signed("AKIAOTHER", call(4, "GetObject", "address"))),
        // Nothing is named: neither a match for the others, nor a row.
        signed(KEY, call(5, "ListUsers", "key")),
        signed("AKIAOTHER", call(6, "ListUsers", "address")),
    ];
    let columns = ["target", "credential", "reach", "calls", "changes", "failed"];
    let found = asked("Q25", &columns, &rows);
    let expected =
        [["loot", KEY, "key", "2", "2", "1"], ["loot", "AKIAOTHER", "address", "1", "1", "0"]];
    assert_eq!(found, expected);
}

#[test]
fn a_new_key_is_one_that_others_made_and_its_use_is_told() {
    let made = |minute, key: &str, reach: &str| TrailRow {
        minted_key: text(key),
        target_user: text("ci"),
        identity_arn: text("arn:aws:iam::111122223333:user/admin"),
        ..call(minute, "CreateAccessKey", reach)
    };
    let refused = TrailRow { error_code: text("LimitExceeded"), ..made(3, "AKIANONE", "about") };
    let rows = [
        made(1, NEW_KEY, "about"),
        made(2, "AKIAOFTHEACTOR", "lineage"),
        refused,
        made(4, "AKIAUNUSED", "about"),
        signed(NEW_KEY, call(5, "ListUsers", "address")),
        signed(NEW_KEY, TrailRow { error_code: text("x"), ..call(6, "ListUsers", "address") }),
    ];
    let columns = ["new_key", "for_user", "reach", "calls", "failed", "last_seen"];
    let expected = [
        [NEW_KEY, "ci", "about", "2", "1", "2026-08-01T10:06:00Z"],
        ["AKIAUNUSED", "ci", "about", "0", "0", "-"],
    ];
    assert_eq!(asked("Q60", &columns, &rows), expected);
}

#[test]
fn only_what_the_leaked_key_itself_signed_after_the_containment_breaks_its_silence() {
    let denied =
        TrailRow { error_code: text("AccessDenied"), ..signed(KEY, call(31, "ListUsers", "key")) };
    let rows = [
        signed(KEY, call(29, "ListUsers", "key")),
        denied.clone(),
        TrailRow { event_time: "2026-08-01T10:32:00Z".to_owned(), ..denied },
        signed("ASIASESSION", call(33, "ListUsers", "lineage")),
    ];
    let columns = ["outcome", "call", "calls", "last_seen"];
    let found = asked("Q61", &columns, &rows);
    assert_eq!(found, [["denied", "ListUsers", "2", "2026-08-01T10:32:00Z"]]);
    assert!(asked("Q61", &columns, &rows[..1]).is_empty());
}
