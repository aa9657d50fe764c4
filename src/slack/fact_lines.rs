//! What is known about the key, one line a fact; what is not known says why. The card has what
//! decides something, its thread all of it.

use crate::domain::case::Case;
use crate::domain::exposure::Basis;
use crate::domain::facts::{
    AccountFinding, Alert, Fact, KeyState, LastUse, OwnerFinding, Permissions,
};
use crate::domain::ids::{AccessKeyId, KeyKind};
use crate::domain::lineage::Standing;
use crate::domain::membership::Membership;
use crate::domain::plan_state::PlanState;
use crate::domain::signer::Signer;
use crate::ports::chat::Scene;
use crate::slack::blocks::{bold, code, cut, field, text, time};
use serde_json::Value;

/// So many names of policies, groups or keys stand on a card.
const NAMES_SHOWN_MAX: usize = 6;
/// So much of why something is not known stands on the card; the thread has all of it.
const WHY_LENGTH_MAX: usize = 80;

/// What a responder decides by, in few lines.
pub(super) fn brief(scene: &Scene<'_>) -> Vec<Vec<Value>> {
    let (case, facts) = (scene.case, scene.case.facts());
    let key = &case.opening().key;
    let mut first = vec![bold("Key: "), code(&key.to_string())];
    first.extend(facts.owner.as_ref().map(|fact| part(", of ", fact, |found| of(scene, found))));
    first.extend(facts.keys.as_ref().map(|fact| part(", ", fact, |keys| state_words(case, keys))));
    let mut lines = vec![first, line("Account", facts.account.as_ref(), account)];
    let is_session = key.kind() == KeyKind::Session;
    if is_session {
        lines.push(line("Signs as", facts.signer.as_ref(), signer));
        lines.extend(facts.signer_known().map(behind));
    }
    // What it could do before it was contained is in the thread.
    let open = case.standing_containment().is_none();
    let permissions = facts.permissions.as_ref().filter(|_| open);
    lines.extend(permissions.map(|fact| vec![bold("May do: "), part("", fact, permission_words)]));
    lines.push(line("Last used", facts.last_use.as_ref(), last_use));
    lines.extend(warnings(scene));
    lines.push(since(case));
    lines.extend(grown(case));
    let found_where = case.opening().found_where.iter();
    lines.extend(
        found_where.map(|at| vec![bold("Found: "), text(&cut(&field(at), WHY_LENGTH_MAX))]),
    );
    lines
}

/// What grew from the key, once the trail was read.
fn grown(case: &Case) -> Option<Vec<Value>> {
    let nodes = &case.survey()?.1.nodes;
    let ours = nodes.iter().filter(|node| !node.older);
    let live = ours.clone().filter(|node| node.standing == Standing::Live).count();
    let said = match ours.count() {
        0 => "nothing that the trail shows".to_owned(),
        // Denied is what they are then, however long they would have lived.
        count if case.standing_plans().any(|state| state.contained.is_some()) => {
            format!("{count}, contained")
        }
        count => format!("{count}, {live} of them live"),
    };
    Some(vec![bold("Grew from it: "), text(&said)])
}

/// What is known, or that it is not, within a line.
fn part<T>(before: &str, fact: &Fact<T>, known: impl FnOnce(&T) -> String) -> Value {
    let said = match fact {
        Fact::Unknown(why) => format!("not known – {}", cut(&field(why), WHY_LENGTH_MAX)),
        Fact::Known(value) => known(value),
    };
    text(&format!("{before}{said}"))
}

/// What AWS itself says is wrong, or cannot say; where it warns of nothing, the thread says so.
fn warnings(scene: &Scene<'_>) -> Vec<Vec<Value>> {
    let facts = scene.case.facts();
    let asked = [
        ("quarantine", facts.quarantine.as_ref().map(|fact| fact.known().is_some())),
        ("GuardDuty", facts.guard_duty.as_ref().map(|fact| fact.known().is_some())),
        ("AWS Health", facts.health.as_ref().map(|fact| fact.known().is_some())),
    ];
    let unknown: Vec<&str> = asked
        .into_iter()
        .filter_map(|(name, known)| (known == Some(false)).then_some(name))
        .collect();
    let mut lines = Vec::new();
    if !unknown.is_empty() {
        let said = format!("NOT KNOWN by {}", unknown.join(", "));
        lines.push(vec![bold("Warnings of AWS: "), text(&said)]);
    }
    let found = |label, fact: Option<&Fact<Vec<Alert>>>| {
        let some = fact.filter(|fact| fact.known().is_some_and(|found| !found.is_empty()));
        some.map(|_| line(label, fact, |found| alerts(found)))
    };
    let policy = facts.quarantine.as_ref();
    let policy = policy.filter(|fact| fact.known().is_some_and(Option::is_some));
    lines.extend(policy.map(|fact| line("Quarantine by AWS", Some(fact), quarantine)));
    lines.extend(found("GuardDuty", facts.guard_duty.as_ref()));
    lines.extend(found("AWS Health", facts.health.as_ref()));
    lines
}

/// All facts, in the order in which a responder asks for them.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Vec<Value>> {
    let facts = scene.case.facts();
    let owner = |fact: &OwnerFinding| owner(scene, fact);
    let mut lines = vec![
        line("Account", facts.account.as_ref(), account),
        line("Owner", facts.owner.as_ref(), owner),
    ];
    let is_session = scene.case.opening().key.kind() == KeyKind::Session;
    if is_session || facts.signer.is_some() {
        lines.push(line("Signs as", facts.signer.as_ref(), signer));
    }
    lines.extend(facts.signer_known().filter(|_| is_session).map(behind));
    lines.extend(of_user(scene));
    lines.extend([
        line("Last used", facts.last_use.as_ref(), last_use),
        line("GuardDuty", facts.guard_duty.as_ref(), |found| alerts(found)),
        line("AWS Health", facts.health.as_ref(), |found| alerts(found)),
    ]);
    lines
}

/// What is asked of the user alone; of a key that is no user's, it never is.
fn of_user(scene: &Scene<'_>) -> Vec<Vec<Value>> {
    let facts = scene.case.facts();
    let comes = |asked: bool| asked || !scene.case.validated();
    let mut lines = Vec::new();
    if comes(facts.keys.is_some()) {
        lines.push(line("Key state", facts.keys.as_ref(), |keys| state(scene.case, keys)));
    }
    if comes(facts.permissions.is_some()) {
        lines.push(line("May do", facts.permissions.as_ref(), permissions));
    }
    if comes(facts.quarantine.is_some()) {
        lines.push(line("Quarantine by AWS", facts.quarantine.as_ref(), quarantine));
    }
    lines
}

fn signer(found: &Signer) -> Vec<Value> {
    vec![text(&format!("{} ({})", found.kind.words(), field(&found.arn)))]
}

fn behind(found: &Signer) -> Vec<Value> {
    let mut parts = vec![bold("Behind it: "), text(&field(&found.behind.words()))];
    parts.extend(found.via.iter().map(|via| text(&format!(", opened by {}", field(via)))));
    if let Some(expires) = found.expires {
        parts.extend([text(", expires "), time(expires)]);
    }
    parts
}

/// Since when the key is exposed, and in a word whence that is known.
fn since(case: &Case) -> Vec<Value> {
    let exposure = case.exposure();
    let at = exposure.since.map_or_else(|| text("not known"), time);
    let mut parts = vec![bold("Exposed since: "), at];
    match (&exposure.basis, exposure.since) {
        (Basis::Nothing, _) => {}
        // That nobody was seen says nothing without the time up to which it was looked.
        (Basis::Trail { .. }, None) => {
            let late =
                case.unlike_use_told_late().map(|at| [text("; unlike use since "), time(at)]);
            let sought = case.unlike_use_sought_upto();
            let sought = sought.map(|upto| [text("; no unlike use up to "), time(upto)]);
            parts.extend(late.or(sought).into_iter().flatten());
        }
        (Basis::Trail { .. }, Some(_)) => parts.push(text(", by the trail")),
        (Basis::Person(press), _) => parts.push(text(&format!(", says {}", field(&press.name)))),
    }
    parts
}

/// Since when the key is exposed, and how that is known.
pub(super) fn exposed(case: &Case) -> Vec<Value> {
    let exposure = case.exposure();
    let mut parts = vec![bold("Exposed since: ")];
    match exposure.since {
        Some(since) => parts.push(time(since)),
        None => parts.push(text("not known")),
    }
    match &exposure.basis {
        Basis::Nothing => {}
        Basis::Trail { why } => parts.push(text(&format!(" – {}", field(why)))),
        Basis::Person(press) => parts.push(text(&format!(" – says {}", field(&press.name)))),
    }
    // That nobody was seen says nothing without the time up to which it was looked.
    if let Some(watermark) = case.unlike_use_sought_upto() {
        parts.extend([text("; looked for up to "), time(watermark)]);
    }
    if let Some(at) = case.unlike_use_told_late() {
        parts.extend([text("; told after the approval: unlike use since "), time(at)]);
    }
    parts
}

fn line<T>(
    label: &str,
    fact: Option<&Fact<T>>,
    known: impl FnOnce(&T) -> Vec<Value>,
) -> Vec<Value> {
    let mut parts = vec![bold(&format!("{label}: "))];
    match fact {
        None => parts.push(text("being looked up")),
        Some(Fact::Unknown(why)) => parts.push(text(&format!("not known – {}", field(why)))),
        Some(Fact::Known(value)) => parts.extend(known(value)),
    }
    parts
}

fn account(found: &AccountFinding) -> Vec<Value> {
    let mut said = found.account.to_string();
    said.extend(found.called().map(|name| format!(" ({})", field(name))));
    said.push_str(match (found.canary, found.ours, found.not_told()) {
        (true, ..) => {
            " – a canary service's: the key is a tripwire that somebody touched, and cannot be \
             contained here"
        }
        (false, true, _) => "",
        (false, false, None) => {
            " – not one of ours: its owner has to contain it; what to write to AWS is below"
        }
        (false, false, Some(_)) => {
            " – not known to be one of ours: if it is, install keyleak's roles there and press \
             Validation; if it is not, what to write to AWS is below"
        }
    });
    said.push_str(&in_the_organization(found));
    if let Some(other) = found.from_id.as_ref().filter(|other| **other != found.account) {
        said.push_str(&format!(" (AWS says so; the id itself says {other}, which is odd)"));
    }
    if !found.confirmed {
        said.push_str(match &found.from_id {
            Some(_) => " (read from the id, not confirmed by AWS)",
            None => " (not readable from the id)",
        });
    }
    vec![text(&said)]
}

/// What AWS Organizations says of the account, where it is asked.
fn in_the_organization(found: &AccountFinding) -> String {
    match &found.organization {
        None => String::new(),
        Some(Fact::Unknown(why)) => format!(" – its organization is not known: {}", field(why)),
        Some(Fact::Known(Membership::Outside)) => " – not of our organization".to_owned(),
        Some(Fact::Known(Membership::Member(member))) => {
            let about = |label: &str, told: &Option<String>| {
                told.as_ref().map(|told| format!(", {label} {}", field(told)))
            };
            let told = [about("root user", &member.email), about("state", &member.state)];
            format!(" – of our organization{}", told.into_iter().flatten().collect::<String>())
        }
    }
}

fn owner(scene: &Scene<'_>, found: &OwnerFinding) -> Vec<Value> {
    vec![text(&format!("{} ({})", of(scene, found), field(&found.arn)))]
}

/// The user, and what is odd about who owns it.
fn of(scene: &Scene<'_>, found: &OwnerFinding) -> String {
    let mut said = format!("user {}", field(&found.user.0));
    said.push_str(&match (&found.owner_tag, scene.policy.key_owner(scene.case)) {
        (_, Some(_)) => String::new(),
        (Some(tag), None) => format!(", whose owner tag {} is nobody in Slack", field(tag)),
        (None, None) => ", without an owner tag".to_owned(),
    });
    said
}

/// As it was looked up, or as a plan has left it since.
fn state(case: &Case, keys: &[KeyState]) -> Vec<Value> {
    vec![text(&state_words(case, keys))]
}

/// The plan that has made this key inactive.
fn stopped_by<'a>(case: &'a Case, key: &AccessKeyId) -> Option<&'a PlanState> {
    case.standing_plans().find(|state| {
        let mut holding = state.holding_steps();
        holding.any(|(_, step, _)| step.action.stops(key))
    })
}

fn state_words(case: &Case, keys: &[KeyState]) -> String {
    let key = &case.opening().key;
    let by_plan = stopped_by(case, key);
    let word = |state: &KeyState| if state.active { "active" } else { "inactive" };
    let own = keys.iter().find(|state| state.id == *key);
    let mut said = match (by_plan, own, key.kind()) {
        (Some(state), _, _) => format!("inactive, by plan {}", state.plan.number.0),
        (None, Some(own), _) => word(own).to_owned(),
        (None, None, KeyKind::Session) => "a session's key".to_owned(),
        (None, None, KeyKind::LongTerm) => "no longer there".to_owned(),
    };
    let others = keys.iter().filter(|state| state.id != *key);
    let others = others.map(|state| match stopped_by(case, &state.id) {
        Some(plan) => format!("{} inactive, by plan {}", state.id, plan.plan.number.0),
        None => format!("{} {}", state.id, word(state)),
    });
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        said.push_str(&format!("; other keys: {}", names(&others)));
    }
    said
}

fn last_use(used: &LastUse) -> Vec<Value> {
    let Some(at) = used.at else {
        return vec![text("never, as far as AWS knows")];
    };
    let mut parts = vec![time(at)];
    let place = [&used.service, &used.region].into_iter().flatten();
    let place: Vec<String> = place.map(|word| field(word)).collect();
    if !place.is_empty() {
        parts.push(text(&format!(" ({})", place.join(", "))));
    }
    parts
}

fn permissions(found: &Permissions) -> Vec<Value> {
    vec![text(&permission_words(found))]
}

fn permission_words(found: &Permissions) -> String {
    let groups =
        [("attached", &found.attached), ("inline", &found.inline), ("groups", &found.groups)];
    let said: Vec<String> = groups
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, all)| format!("{what}: {}", names(all)))
        .collect();
    if said.is_empty() { "nothing by name".to_owned() } else { said.join("; ") }
}

fn quarantine(policy: &Option<String>) -> Vec<Value> {
    match policy {
        Some(policy) => vec![text(&format!("yes – {}", field(policy)))],
        None => vec![text("no")],
    }
}

fn alerts(found: &[Alert]) -> Vec<Value> {
    if found.is_empty() {
        return vec![text("no alert about this key or user")];
    }
    let said: Vec<String> = found
        .iter()
        .map(|alert| match &alert.severity {
            Some(severity) => format!("{} ({})", field(&alert.title), field(severity)),
            None => field(&alert.title),
        })
        .collect();
    vec![text(&names(&said))]
}

fn names(all: &[String]) -> String {
    let shown: Vec<String> = all.iter().take(NAMES_SHOWN_MAX).map(|name| field(name)).collect();
    match all.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;
    use crate::domain::membership::Member;

    fn said(from_id: &str, name: Option<&str>) -> String {
        let id = |number: &str| AccountId(number.to_owned());
        let found = AccountFinding {
            account: id("210987654321"),
            from_id: Some(id(from_id)),
            confirmed: true,
            ours: true,
            canary: false,
            name: name.map(str::to_owned),
            organization: None,
        };
        account(&found).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_the_organization_says_of_an_account_is_shown_or_why_it_says_nothing() {
        let shown = |ours: bool, told: Fact<Membership>| -> String {
            let account_id = AccountId("210987654321".to_owned());
            let found = AccountFinding {
                account: account_id,
                from_id: None,
                confirmed: true,
                ours,
                canary: false,
                name: None,
                organization: Some(told),
            };
            account(&found).iter().map(ToString::to_string).collect()
        };
        let text = |text: &str| Some(text.to_owned());
        let (name, email, state) = (text("pay <b>"), text("root@example.com"), text("SUSPENDED"));
        let member = Member { name, email, state };
        let said = shown(true, Fact::Known(Membership::Member(member)));
        let wanted = "of our organization, root user root@example.com, state SUSPENDED";
        assert!(said.contains("210987654321 (pay") && said.contains(wanted), "{said}");
        let said = shown(false, Fact::Known(Membership::Outside));
        assert!(said.contains("not one of ours") && said.contains("not of our org"), "{said}");
        let unknown = || Fact::Unknown("access denied".to_owned());
        let said = shown(false, unknown());
        assert!(said.contains("not known to be one of ours: if it is, install"), "{said}");
        let said = shown(true, unknown());
        assert!(said.contains("its organization is not known: access denied"), "{said}");
        assert!(!said.contains("not known to be one of ours"), "its role lets us in: {said}");
    }

    #[test]
    fn an_account_is_shown_with_its_name_and_with_an_id_that_says_otherwise() {
        assert!(said("210987654321", Some("prod")).contains("\"210987654321 (prod)\""));
        assert!(!said("210987654321", None).contains("odd"));
        assert!(said("123456789012", None).contains("the id itself says 123456789012"));
    }
}
