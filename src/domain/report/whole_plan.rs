//! A plan in full as plain text: what somebody must have read who decides without Slack.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::plan::Step;
use crate::domain::plan_state::PlanState;
use crate::domain::report::{name_of, plan_words, utc};
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
    line("Account", &plan.account.0);
    let by = name_of(case, &plan.requested_by);
    line("Asked for by", &format!("{by} ({}), who does not approve it", plan.requested_by.user));
    line("Needs", &format!("{} besides that person", plan.approvals_needed));
    for press in &state.approvals {
        let at = utc(press.at);
        line("Approved by", &format!("{} ({}) at {at}", press.name, press.by.user));
    }
    if let Some((breaker, reason)) = &state.glass {
        line("Break-glass", &format!("by {} at {}: {reason}", breaker.name, utc(breaker.at)));
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
        if let Some(crate::domain::step_result::StepResult::Failed { why, .. }) = &done.result {
            line("  failed", why);
        }
    }
    out
}

fn details(step: &Step) -> Vec<(&'static str, String)> {
    let user = step.action.user();
    let mut details = vec![("user", format!("{} (id {})", user.name, user.id))];
    match &step.action {
        Action::DenyUser { policy_arn, inline_name, .. }
        | Action::LiftDeny { policy_arn, inline_name, .. } => {
            details.push(("policy", format!("{policy_arn}, or inline {inline_name}")));
        }
        Action::DeactivateKey { key, .. } | Action::ActivateKey { key, .. } => {
            details.push(("key", key.to_string()));
        }
    }
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

/// A terminal obeys control characters, and names are an actor's to choose.
fn plain(text: &str) -> String {
    let hidden = |character: char| {
        matches!(
            character,
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        )
    };
    text.chars().filter(|&c| !c.is_control() && !hidden(c)).collect()
}
