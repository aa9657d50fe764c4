//! What is left to do after a case: losses, gaps, keys, open items, and when people look back.

use crate::domain::case::Case;
use crate::domain::facts::{Fact, KeyState};
use crate::domain::hardening;
use crate::domain::impact_state;
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::recovering as losses;
use crate::domain::recovery_step::Replacement;
use crate::domain::regime::Wait;
use crate::domain::report::exhibit::told;
use crate::domain::report::looked::masked;
use crate::domain::report::shape_parts::{
    Chain, DetectionGap, Inventory, KeyRow, OpenItem, Review, RotationItem,
};
use crate::domain::report::{recovering, story, waiting};
use crate::domain::severity::Severity;
use jiff::Timestamp;

const LESSONS: [&str; 14] = [
    "What happened, and at what times? Is anything missing from the timeline?",
    "How well did people and procedures do? Were the written procedures followed, and were they \
     enough?",
    "What was needed sooner than it was there?",
    "What did anybody do that may have hindered the recovery?",
    "What would people do differently next time?",
    "How could information have been shared better, inside and outside?",
    "What keeps this from happening again, and who does it by when?",
    "Which signs should be watched for, so that the next one is seen earlier?",
    "Which tools or rights were lacking to find, stop or undo it?",
    "Why did the key have these rights, and which of them did its workload need?",
    "How long was it exposed before anybody noticed, and why so long?",
    "Did anything that the actor left behind slip through?",
    "Where else are keys like this one?",
    "When does this workload move to credentials that expire by themselves?",
];

/// What the actor read or destroyed, each with its end.
pub(super) fn rotation(case: &Case) -> Vec<RotationItem> {
    let row = |item: &crate::domain::recovery::Item| RotationItem {
        number: item.number,
        what: told(&losses::line(&item.loss)),
        read: item.loss.kind.is_read(),
        owner: item.owner.as_deref().map(told),
        became: recovering::became(item),
        open: item.settled.is_none(),
    };
    losses::items(case).map(row).collect()
}

/// The hardening checklist as gaps, each with what closes it.
pub(super) fn gaps(case: &Case) -> Vec<DetectionGap> {
    let row = |item: hardening::Hardening| DetectionGap {
        id: item.measure.slug().to_owned(),
        fix: item.measure.words().to_owned(),
        done: item.done.as_ref().map(|press| story::said("said to be in place", press)),
        gap: item.because,
    };
    hardening::checklist(case).into_iter().map(row).collect()
}

/// Everything that somebody still has to do.
pub(super) fn open_items(case: &Case) -> Vec<OpenItem> {
    let item = |area: &str, what| OpenItem { area: area.to_owned(), what };
    let mut all: Vec<OpenItem> = waiting(case).into_iter().map(|what| item("case", what)).collect();
    if case.closed_at().is_some() {
        let open = losses::open(case).into_iter();
        all.extend(open.map(|what| item("recovery", what)));
    }
    let impact = impact_state::open(case).into_iter();
    all.extend(impact.map(|question| item("impact", question.words().to_owned())));
    let gaps = gaps(case).into_iter().filter(|gap| gap.done.is_none());
    all.extend(gaps.map(|gap| item("hardening", gap.fix.clone())));
    let denied = story::in_force(case).into_iter();
    all.extend(denied.map(|what| item("still in force", what)));
    all.push(item("root cause", "not determined; to be said in the review".to_owned()));
    all
}

/// Questions that nobody but people can answer.
pub(super) fn lessons() -> Vec<String> {
    LESSONS.map(str::to_owned).into()
}

/// The long-term keys that the case knows of, and what it did not look at.
pub(super) fn inventory(case: &Case) -> Inventory {
    let facts = case.facts();
    let user = facts.owner_known().map(|owner| owner.user.to_string());
    let whose = user.as_deref().map_or_else(|| "owner not known".to_owned(), told);
    let mut not_looked_at = vec![
        "keys of other users of the account: IAM's credential report has their age and last use \
         (aws iam generate-credential-report)"
            .to_owned(),
        "which role could take the place of each key: IAM does not tell what a key is used for"
            .to_owned(),
    ];
    let mut keys: Vec<KeyRow> = match &facts.keys {
        Some(Fact::Known(keys)) => keys.iter().map(|key| row(case, key, &whose)).collect(),
        Some(Fact::Unknown(why)) => {
            not_looked_at.insert(0, format!("the other keys of the owner: {}", told(why)));
            Vec::new()
        }
        None => {
            not_looked_at.insert(0, "the other keys of the owner: nobody asked IAM".to_owned());
            Vec::new()
        }
    };
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let grown = nodes.iter().filter(|node| node.kind == NodeKind::LongTermKey && node.depth > 0);
    let known: Vec<String> = keys.iter().map(|key| key.key.clone()).collect();
    let grown = grown.map(|node| grown_row(case, node)).filter(|row| !known.contains(&row.key));
    keys.extend(grown);
    Inventory { keys, not_looked_at }
}

fn age_days(case: &Case, created: Option<Timestamp>) -> Option<i64> {
    created.map(|created| case.opened_at().duration_since(created).as_hours() / 24)
}

fn row(case: &Case, key: &KeyState, whose: &str) -> KeyRow {
    let is_exposed = key.id == case.opening().key;
    let replace_with = match (is_exposed, case.recovery().replacement()) {
        (true, Some((press, with, _))) => {
            let which = match with {
                Replacement::Role => "a role, whose name nobody said",
                Replacement::Key => "a new key in Secrets Manager",
            };
            format!("{which} (said by {})", press.name)
        }
        (true, None) => "nobody said; a role, where the workload can have one".to_owned(),
        (false, _) => "not looked at: what it is used for is not known".to_owned(),
    };
    KeyRow {
        key: key.id.to_string(),
        whose: whose.to_owned(),
        state: if key.active { "active" } else { "inactive" }.to_owned(),
        created: key.created,
        age_days: age_days(case, key.created),
        replace_with,
    }
}

fn grown_row(case: &Case, node: &Node) -> KeyRow {
    let whose = node.user_name.as_deref().or(node.arn.as_deref()).unwrap_or("not known");
    let replace_with = match node.older {
        true => "not looked at: it was there before the exposure",
        false => "nothing: it grew from the exposed key",
    };
    KeyRow {
        key: masked(&node.id),
        whose: told(whose),
        state: node.standing.word().to_owned(),
        created: node.made,
        age_days: age_days(case, node.made),
        replace_with: replace_with.to_owned(),
    }
}

/// P1 and P2 within five business days of the close, the others within fifteen.
pub(super) fn review(case: &Case) -> Review {
    let severity = case.team().severity();
    let business_days = match severity {
        Severity::P1 | Severity::P2 => 5,
        Severity::P3 | Severity::P4 => 15,
    };
    let by = case.closed_at().map(|closed| {
        Wait::BusinessDays(business_days).after(closed).strftime("%Y-%m-%d").to_string()
    });
    let (word, days) = (severity.word(), business_days);
    let words = match &by {
        Some(day) => format!(
            "by {day}: {word}, {days} business days after the close; holidays are not known here"
        ),
        None => format!("{word}: within {days} business days of the close; the case is open"),
    };
    Review { by, business_days, words }
}

/// The record that all of this was drawn up to.
pub(super) fn chain(case: &Case) -> Chain {
    Chain {
        records: case.seq(),
        head: case.last_record().map(|record| record.hash.clone()).unwrap_or_default(),
        verify: format!("keyleak verify {}", case.id()),
    }
}
