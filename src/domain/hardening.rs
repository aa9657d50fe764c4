//! What would have made this case smaller: a checklist that follows from what the case found.

use crate::domain::case::Case;
use crate::domain::facts::{Fact, KeyState};
use crate::domain::ids::KeyKind;
use crate::domain::lineage::{Certainty, NodeKind};
use crate::domain::measure::Measure;
use crate::domain::record::Press;
use crate::domain::recovering::tally;
use crate::domain::recovery_step::Replacement;
use jiff::SignedDuration;

/// Security Hub and CIS ask for access keys to be no older.
const KEY_AGE_DAYS_MAX: i64 = 90;
/// An exposure that is noticed later than this was noticed by chance.
const NOTICED_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// AWS's managed policies that give far more than any one workload needs.
const BROAD: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"];

/// One thing to do, what in this case speaks for it, and who said that it is done. Nothing of an
/// actor's choosing is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hardening {
    pub measure: Measure,
    pub because: String,
    pub done: Option<Press>,
}

/// The checklist of a case; what the case does not speak for is not on it.
pub fn checklist(case: &Case) -> Vec<Hardening> {
    let found = [
        about_the_key(case),
        about_rights(case),
        about_what_was_lost(case),
        about_being_seen(case),
    ];
    let done = |measure| case.recovery().hardened(measure).cloned();
    let item = |(measure, because)| Hardening { measure, because, done: done(measure) };
    found.concat().into_iter().map(item).collect()
}

/// One line of it, as people read it, without who did it.
pub fn line(item: &Hardening) -> String {
    format!("{} ({})", item.measure.words(), item.because)
}

fn item(measure: Measure, because: impl Into<String>) -> Vec<(Measure, String)> {
    vec![(measure, because.into())]
}

fn about_the_key(case: &Case) -> Vec<(Measure, String)> {
    let facts = case.facts();
    let mut all = Vec::new();
    let replaced_by_role =
        case.recovery().replacement().is_some_and(|(_, with, _)| *with == Replacement::Role);
    if case.opening().key.kind() == KeyKind::LongTerm && !replaced_by_role {
        all.extend(item(
            Measure::ExpiringCredentials,
            "the key that leaked was a long-term one, and no role was chosen in its place",
        ));
    }
    let keys = facts.keys.as_ref().and_then(Fact::known).map_or(&[][..], Vec::as_slice);
    let age = |key: &KeyState| {
        key.created.map(|created| case.opened_at().duration_since(created).as_hours() / 24)
    };
    if let Some(oldest) = keys.iter().filter_map(age).max().filter(|age| *age > KEY_AGE_DAYS_MAX) {
        all.extend(item(Measure::KeyAge, format!("a key of the user was {oldest} days old")));
    }
    if case.opening().found_where.is_some() {
        all.extend(item(
            Measure::SecretScanning,
            "it was found in a place that people named when they opened the case",
        ));
    }
    let quarantine = facts.quarantine.as_ref().and_then(Fact::known);
    if quarantine.is_some_and(Option::is_some) {
        all.extend(item(Measure::Quarantine, "AWS attached it; keyleak never detaches it"));
    }
    all
}

fn about_rights(case: &Case) -> Vec<(Measure, String)> {
    let mut all = Vec::new();
    let permissions = case.facts().permissions.as_ref().and_then(Fact::known);
    let broad = BROAD.iter().find(|name| {
        permissions.is_some_and(|known| known.attached.iter().any(|has| has.ends_with(*name)))
    });
    if let Some(name) = broad {
        all.extend(item(Measure::LeastPrivilege, format!("the user had {name}")));
    }
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let made = |kinds: &[NodeKind]| {
        let sure = nodes.iter().filter(|node| node.certainty == Certainty::Certain && !node.older);
        sure.filter(|node| kinds.contains(&node.kind)).count()
    };
    let principals = made(&[NodeKind::User, NodeKind::Role, NodeKind::LongTermKey]);
    if principals > 0 {
        all.extend(item(
            Measure::PrincipalMaking,
            format!("the actor made {principals} users, roles or keys with this one"),
        ));
    }
    let sessions = made(&[NodeKind::UserSession, NodeKind::FederatedUser]);
    if sessions > 0 {
        all.extend(item(
            Measure::SessionMinting,
            format!("{sessions} sessions outlived the key by themselves"),
        ));
    }
    if made(&[NodeKind::ConsoleSession]) > 0 {
        all.extend(item(Measure::Mfa, "the actor was in the console"));
    }
    all
}

fn about_what_was_lost(case: &Case) -> Vec<(Measure, String)> {
    let tally = tally(case);
    let mut all = Vec::new();
    if tally.read > 0 {
        all.extend(item(Measure::SecretAccess, format!("the actor read {}", tally.read)));
    }
    if tally.destroyed > 0 {
        all.extend(item(Measure::Backups, format!("the actor destroyed {}", tally.destroyed)));
    }
    all
}

fn about_being_seen(case: &Case) -> Vec<(Measure, String)> {
    let mut all = Vec::new();
    let late = case.exposed_since().map(|since| case.opened_at().duration_since(since));
    if let Some(late) = late.filter(|late| *late > NOTICED_WITHIN) {
        all.extend(item(
            Measure::UseAlarm,
            format!("the key was exposed for {} h before anybody reported it", late.as_hours()),
        ));
    }
    if let Some(because) = not_told(case) {
        all.extend(item(Measure::OrganizationTrail, because));
    }
    if matches!(&case.facts().guard_duty, Some(Fact::Unknown(_))) {
        all.extend(item(Measure::GuardDuty, "its findings could not be read"));
    }
    all
}

/// Why the trail does not tell all; nothing where it does.
fn not_told(case: &Case) -> Option<String> {
    match case.survey() {
        None => Some("the trail was not read".to_owned()),
        Some((_, survey)) if survey.truncated => Some("the trail was not read wholly".to_owned()),
        Some((_, survey)) => survey.gaps.first().cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::facts::{Finding, Permissions};
    use crate::domain::record::Entry;
    use crate::domain::sample::{at, minted, opened, survey};

    const DAY: i64 = 86_400;

    fn said(events: Vec<Event>) -> Vec<String> {
        let mut case = opened();
        for event in events {
            let entry = Entry::own(at(20), event);
            case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
        }
        checklist(&case).iter().map(line).collect()
    }

    fn found(finding: Finding) -> Vec<Event> {
        vec![Event::Found { finding }]
    }

    fn read(kind: Option<NodeKind>) -> Vec<Event> {
        let nodes = kind.map(|kind| minted(kind, "id")).into_iter().collect();
        vec![Event::Surveyed { survey: Box::new(survey(nodes)) }]
    }

    #[track_caller]
    fn only_then(part: &str, with: Vec<Event>, without: Vec<Event>) {
        let has = |said: Vec<String>| said.iter().any(|what| what.contains(part));
        assert!(has(said(with)), "{part} is missing");
        assert!(!has(said(without)), "{part} is there for no reason");
    }

    #[test]
    fn each_item_is_there_for_what_was_found_and_not_without() {
        let user_may = |name: &str| {
            let attached = vec![name.to_owned()];
            found(Finding::Permissions(Fact::Known(Permissions { attached, ..Default::default() })))
        };
        only_then("only what it calls", user_may("AdministratorAccess"), user_may("ReadOnly"));
        let aged = |days: i64| {
            let id = opened().opening().key.clone();
            let key = KeyState { id, active: true, created: Some(at(1 - days * DAY)) };
            found(Finding::Keys(Fact::Known(vec![key])))
        };
        only_then("within 90 days", aged(91), aged(90));
        let quarantined =
            |name: Option<&str>| found(Finding::Quarantine(Fact::Known(name.map(str::to_owned))));
        only_then("quarantine", quarantined(Some("V3")), quarantined(None));
        only_then("make users", read(Some(NodeKind::User)), read(Some(NodeKind::RoleSession)));
        only_then("GetSessionToken", read(Some(NodeKind::UserSession)), read(None));
        only_then("without MFA", read(Some(NodeKind::ConsoleSession)), read(None));
        only_then("one trail", Vec::new(), read(None));
        let findings = |fact| found(Finding::GuardDuty(fact));
        let unread = findings(Fact::Unknown("denied".to_owned()));
        only_then("GuardDuty", unread, findings(Fact::Known(Vec::new())));
    }
}
