//! A plan in full as plain text: what somebody must have read who decides without Slack.

use crate::domain::action::Change;
use crate::domain::by_hand::commands;
use crate::domain::candidates::{Extent, candidates};
use crate::domain::case::Case;
use crate::domain::names::name_of;
use crate::domain::plan::Step;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::report::plan_words;
use crate::domain::time_words::utc;
use std::fmt::Write as _;

/// Every step with its arguments, whom it hits and how it is undone; no control character in it.
pub(super) fn text(case: &Case, state: &PlanState) -> String {
    let plan = &state.plan;
    let mut out = String::new();
    let mut line = |label: &str, value: &str| {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "{label:<14}{}", plain(value));
    };
    line("Plan", &format!("{} of case {}", plan.number.0, case.id()));
    line("Hash", &state.hash);
    line("Status", &plan_words(state));
    let dry = plan.dry_run.then_some(state.proposed.at);
    line("Account", &plan.account.0);
    let by = name_of(case, &plan.requested_by);
    line("Asked for by", &format!("{by} ({}), who does not approve it", plan.requested_by.user));
    line("Needs", &format!("{} besides that person", plan.approvals_needed));
    for owner in &plan.owners {
        line("Needs too", &owner.words());
    }
    for press in &state.agreed {
        let at = utc(press.at);
        line("Owner agreed", &format!("{} ({}) at {at}", press.name, press.by.user));
    }
    for press in &state.approvals {
        let at = utc(press.at);
        line("Approved by", &format!("{} ({}) at {at}", press.name, press.by.user));
    }
    if let Some((breaker, reason)) = &state.glass {
        line("Break-glass", &format!("by {} at {}: {reason}", breaker.name, utc(breaker.at)));
    }
    for note in &plan.notes {
        line("Note", note);
    }
    for one in &plan.adjusted {
        line("Changed", &one.words());
    }
    for (who, how) in listed(case, state) {
        line("Listed", &format!("{who}: {how}"));
    }
    for one in &plan.covers {
        line("Covers too", one);
    }
    line("Expires", &utc(plan.expires_at));
    let since = plan.exposed_since.map_or_else(|| "not known".to_owned(), utc);
    line("Exposed since", &since);
    line("Snapshot", &format!("{} of {}", plan.snapshot.sha256, utc(plan.snapshot.taken_at)));
    for (index, done, step) in state.all_steps().map(|(index, step, done)| (index, done, step)) {
        let covered = index as usize >= plan.steps.len();
        let added =
            if covered { " (added for what the actor took after the approval)" } else { "" };
        let sentence = step.action.sentence();
        line(&format!("Step {}", index + 1), &format!("{sentence}{added}"));
        for (label, value) in details(step) {
            line(&format!("  {label}"), &value);
        }
        if !step.action.reversible() {
            line("  undo", "THIS STEP CANNOT BE UNDONE");
        }
        for command in dry.iter().flat_map(|at| commands(&step.action, *at)) {
            line("  by hand", &command);
        }
        if let Some(crate::domain::step_result::StepResult::Failed { why, .. }) = &done.result {
            line("  failed", why);
        }
    }
    out
}

/// Who can be left out of a plan that waits, or taken in.
fn listed(case: &Case, state: &PlanState) -> Vec<(String, String)> {
    let is_asked = state.status() == PlanStatus::Proposed && state.plan.kind.contains();
    let all = if is_asked { candidates(case) } else { Vec::new() };
    let all = all.into_iter().filter(|one| !one.is_own);
    all.map(|one| {
        let how = match one.now {
            Extent::Nothing => "nothing of it is contained",
            Extent::AsProposed => "only what the actor holds of it is contained",
            Extent::Whole => "contained whole",
        };
        let others =
            if one.others.is_empty() { String::new() } else { format!("; {}", one.others) };
        (one.slug(), format!("{how}: {}{others}", one.why))
    })
    .collect()
}

fn details(step: &Step) -> Vec<(&'static str, String)> {
    let on = &step.action.on;
    let mut details = vec![(on.kind.word(), format!("{} (id {})", on.name, on.id))];
    details.extend(argument(&step.action.change));
    details.push(("calls", step.action.permissions().join(", or ")));
    details.push(("does", step.action.effect().to_owned()));
    details.push(("because", step.because.clone()));
    details.push(("hits", step.blast_radius.join("; ")));
    if step.action.reversible() {
        details.push(("undo", step.action.undo_sentence().to_owned()));
    }
    details.retain(|(_, value)| !value.is_empty());
    details
}

/// What a change is made with, beside the principal.
fn argument(change: &Change) -> Option<(&'static str, String)> {
    Some(match change {
        Change::Deny { policy_arn, inline_name } | Change::LiftDeny { policy_arn, inline_name } => {
            ("policy", format!("{policy_arn}, or inline {inline_name}"))
        }
        Change::Delete { policy_arn, inline_name } => {
            ("last of all", format!("the deny: {policy_arn}, or inline {inline_name}"))
        }
        Change::DeleteResource => return None,
        Change::DeactivateKey { key } | Change::ActivateKey { key } => ("key", key.to_string()),
        Change::DeactivateCredential { credential } | Change::ActivateCredential { credential } => {
            (credential.kind.words(), credential.id.clone())
        }
        Change::RevokeSessions { sessions, until, inline_name } => (
            "sessions",
            format!("{}, minted up to {until}; inline {inline_name}", sessions.words()),
        ),
        Change::LiftRevocation { inline_name } => ("policy", format!("inline {inline_name}")),
        Change::PutTrust { document } => ("trust policy", document.clone()),
        Change::Quarantine { tag, value } => ("tag", format!("{tag} = {value}")),
        Change::LiftQuarantine { tag } => ("tag", tag.clone()),
        Change::Resource { change } => ("change", change.argument()),
        Change::MakeKey { secret, beside, .. } => {
            ("secret", format!("{secret}; beside {} of the 2 keys", beside.len()))
        }
        Change::SetBoundary { boundary } => {
            ("boundary", boundary.clone().unwrap_or_else(|| "none".to_owned()))
        }
    })
}

/// A terminal obeys control characters, and names are an actor's to choose.
pub(super) fn plain(text: &str) -> String {
    let hidden = |character: char| {
        matches!(
            character,
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        )
    };
    text.chars().filter(|&c| !c.is_control() && !hidden(c)).collect()
}
