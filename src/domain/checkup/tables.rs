//! Whether the journal and the work table are there, as they must be, and may be used.

use crate::domain::checkup::{Line, Part, State, Trouble};

/// The keys of the journal's items, and of the work table's.
pub const JOURNAL_KEYS: [&str; 2] = ["case", "seq"];
pub const WORK_KEYS: [&str; 2] = ["item", "part"];

/// A table as it must be: `manifests/dynamodb/tables.yaml` makes it so.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub part: Part,
    pub name: &'a str,
    /// The partition key and the sort key, both texts.
    pub keys: [&'static str; 2],
    /// The policy that allows what is probed.
    pub is_append_only: bool,
}

/// A table as DynamoDB describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub is_active: bool,
    /// Each key's name and type, the partition key first.
    pub keys: Vec<(String, String)>,
    pub is_deletion_protected: bool,
    /// None where nobody may know.
    pub is_restorable: Option<bool>,
    pub expires: Option<bool>,
}

/// What was seen of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub described: Result<Described, Trouble>,
    /// The calls that keyleak lives by, each tried in a way that changes nothing.
    pub refused: Vec<(&'static str, Trouble)>,
    pub tried: Vec<&'static str>,
}

/// What lets the looks be made that the bot does not live by.
const FIX_OF_RIGHTS: &str = "attach the policy doctor of `keyleak manifest iam` to the bot's role";

/// What stands about a table; one line where all is well.
pub fn table(wanted: Wanted<'_>, seen: &Seen) -> Vec<Line> {
    let part = wanted.part;
    let line = |line: Line| line.about(wanted.name);
    if let Some(gone) = gone(wanted, seen) {
        return vec![line(gone)];
    }
    let mut lines = match &seen.described {
        Ok(described) => shape(wanted, described),
        Err(_) => Vec::new(),
    };
    if !lines.iter().any(|line| line.state == State::Failed) {
        lines.extend(refused(wanted, seen));
    }
    let unknown = unknown(&seen.described);
    if !unknown.is_empty() {
        let why = format!("whether {}: the bot may not ask", unknown.join(" and "));
        lines.push(Line::not_checked(part, why).with_fix(FIX_OF_RIGHTS));
    }
    if lines.is_empty() {
        let tried = seen.tried.iter().filter_map(|call| call.split(':').nth(1));
        let tried: Vec<&str> = tried.collect();
        let seen = format!("keys, restore and expiry as wanted; may {}", tried.join(", "));
        lines.push(Line::ok(part, seen));
    }
    lines.into_iter().map(line).collect()
}

fn unknown(described: &Result<Described, Trouble>) -> Vec<&'static str> {
    match described {
        Err(_) => vec!["its keys are as wanted", "it can be restored", "its items expire"],
        Ok(described) => {
            let looks = [
                (described.is_restorable, "it can be restored"),
                (described.expires, "its items expire"),
            ];
            looks.into_iter().filter(|(seen, _)| seen.is_none()).map(|(_, what)| what).collect()
        }
    }
}

fn gone(wanted: Wanted<'_>, seen: &Seen) -> Option<Line> {
    let refusals = seen.refused.iter().map(|(_, trouble)| trouble);
    let missing = seen.described.as_ref().err().into_iter().chain(refusals);
    let troubles: Vec<&Trouble> = missing.collect();
    if troubles.contains(&&Trouble::Missing) {
        let make = "aws cloudformation deploy --stack-name keyleak --template-file tables.yaml";
        let fix = format!("keyleak manifest table > tables.yaml && {make}");
        return Some(Line::failed(
            wanted.part,
            "there is no such table in this account and region",
            format!("{fix}; or correct journal.table, journal.work_table or aws.region"),
        ));
    }
    let silent = |trouble: &Trouble| matches!(trouble, Trouble::Silent(_));
    let all_silent = troubles.len() > seen.tried.len() && troubles.iter().copied().all(silent);
    all_silent.then(|| {
        let why = troubles.first().map(|trouble| trouble.why()).unwrap_or_default();
        Line::failed(
            wanted.part,
            format!("DynamoDB gives no useful answer: {why}"),
            "check aws.region, the endpoint and the network of this host",
        )
    })
}

fn shape(wanted: Wanted<'_>, described: &Described) -> Vec<Line> {
    let part = wanted.part;
    let keys = wanted.keys.map(|key| (key.to_owned(), "S".to_owned()));
    if described.keys != keys {
        let list = |keys: &[(String, String)]| {
            let each: Vec<String> =
                keys.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
            each.join(", ")
        };
        let seen = format!("its keys are {}, not {}", list(&described.keys), list(&keys));
        let fix = "make a table with these keys under another name (keyleak manifest table), and \
                   set journal.table or journal.work_table: keys of a table cannot be changed";
        return vec![Line::failed(part, seen, fix)];
    }
    let mut lines = Vec::new();
    if !described.is_active {
        let fix = "wait until it is ACTIVE, and ask again";
        lines.push(Line::failed(part, "it is being made or changed", fix));
    }
    let name = wanted.name;
    if described.expires == Some(true) {
        lines.push(Line::failed(
            part,
            "items in it expire, and a decision that is gone is a broken chain",
            format!(
                "aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification \
                 Enabled=false,AttributeName=ATTRIBUTE"
            ),
        ));
    }
    if described.is_restorable == Some(false) {
        lines.push(Line::warning(
            part,
            "it cannot be restored to a point in time",
            format!(
                "aws dynamodb update-continuous-backups --table-name {name} \
                 --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
            ),
        ));
    }
    if !described.is_deletion_protected {
        lines.push(Line::warning(
            part,
            "it is not protected from deletion",
            format!("aws dynamodb update-table --table-name {name} --deletion-protection-enabled"),
        ));
    }
    lines
}

fn refused(wanted: Wanted<'_>, seen: &Seen) -> Option<Line> {
    let (first, trouble) = seen.refused.first()?;
    let calls: Vec<&str> = seen.refused.iter().map(|(call, _)| *call).collect();
    let seen = format!("{} refused: {}", calls.join(", "), trouble.why());
    Some(match trouble {
        Trouble::Denied { .. } => {
            let only = if wanted.is_append_only { ", and nothing else," } else { "" };
            let fix = format!(
                "allow {}{only} on {} to the bot: the policy bot of `keyleak manifest iam` does",
                calls.join(", "),
                wanted.name
            );
            Line::failed(wanted.part, seen, fix)
        }
        Trouble::Missing | Trouble::Silent(_) => {
            let fix = format!("ask again; if it stays, look why {first} fails for the bot");
            Line::failed(wanted.part, seen, fix)
        }
    })
}

/// A journal on this host instead of tables.
pub fn sqlite(path: &str, trouble: Option<&str>) -> Line {
    match trouble {
        Some(why) => Line::failed(
            Part::Journal,
            format!("{path} cannot be used: {why}"),
            "set journal.path to a file in a folder that keyleak may write to",
        ),
        None => Line::warning(
            Part::Journal,
            format!("{path} is one file on one host: whoever owns the host owns the decision log"),
            "for more than a trial set journal.store = \"dynamodb\"",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = include_str!("../../../manifests/dynamodb/tables.yaml");

    #[test]
    fn the_keys_that_are_wanted_are_those_of_the_printed_tables() {
        for keys in [JOURNAL_KEYS, WORK_KEYS] {
            let [partition, sort] = keys;
            let schema = format!(
                "- AttributeName: {partition}\n          KeyType: HASH\n        \
                 - AttributeName: {sort}\n          KeyType: RANGE"
            );
            assert_eq!(TABLES.matches(&schema).count(), 1, "{schema}");
        }
    }

    #[test]
    fn a_table_that_nobody_may_describe_is_still_tried() {
        let denied = |right: &str| Trouble::Denied { right: right.into(), why: "no".into() };
        let wanted =
            Wanted { part: Part::Journal, name: "j", keys: JOURNAL_KEYS, is_append_only: true };
        let mut seen = Seen {
            described: Err(denied("dynamodb:DescribeTable")),
            refused: Vec::new(),
            tried: vec!["dynamodb:PutItem", "dynamodb:Query"],
        };
        let told = table(wanted, &seen);
        assert_eq!(told.iter().map(|line| line.state).collect::<Vec<_>>(), [State::NotChecked]);
        seen.refused.push(("dynamodb:PutItem", denied("dynamodb:PutItem")));
        let told = table(wanted, &seen);
        let states: Vec<State> = told.iter().map(|line| line.state).collect();
        assert_eq!(states, [State::Failed, State::NotChecked]);
        assert!(told[0].fix.as_ref().unwrap().contains("allow dynamodb:PutItem, and nothing else"));
    }
}
