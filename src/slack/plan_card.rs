//! A plan as people decide about it: the exact steps, whom they hit, how they are undone.

use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::by_hand;
use crate::domain::case::Case;
use crate::domain::names::name_of;
use crate::domain::plan::{Plan, PlanKind, PlanNumber, Step};
use crate::domain::plan_state::{PlanState, PlanStatus, StepState};
use crate::domain::report::plan_words;
use crate::domain::resource_owner::owners_shown;
use crate::domain::resources_left::not_stopped;
use crate::domain::step_result::StepResult;
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Confirm, Look, bold, button, code, context, field, header, list, newline, paragraph,
    preformatted, rich, rows, text, time,
};
use crate::slack::plan_choices;
use crate::slack::plan_people::{approvals, approvers, missing, needs};
use crate::slack::sketch::Sketch;
use serde_json::Value;

/// Steps shown with everything about them; the rest in one line each.
const STEPS_IN_FULL_MAX: usize = 8;
/// Steps shown at all; a plan that has more says so.
const STEPS_SHOWN_MAX: usize = 60;
/// What the actor still holds; the report has all of it.
const OPEN_ENDS_SHOWN_MAX: usize = 5;
/// What is known to be covered; the plan in full has all of it.
const COVERED_SHOWN_MAX: usize = 8;
/// What an approval is worth beyond the steps that it names; the thread says how far it goes.
const COVERS: &str = "what the actor makes until it is contained";
/// What a plan is that nobody can approve.
const DRY_RUN: &str = "keyleak may change nothing in this account, so nobody approves this plan; \
    with a contain role for it, deny this one and press Containment";
/// Commands to finish a plan by hand with.
const COMMANDS_SHOWN_MAX: usize = 10;
/// Commands of a plan that is not carried out; more would hide its other parts.
const COMMANDS_OF_ALL_MAX: usize = 20;

/// The card of a plan, as it stands now.
pub(super) fn sketch(scene: &Scene<'_>, number: PlanNumber) -> Sketch {
    let Some(state) = scene.case.plan(number) else {
        let text = format!("There is no plan {}", number.0);
        return Sketch { blocks: vec![context(&text)], text, tail: Vec::new() };
    };
    let key = &scene.case.opening().key;
    let dry = if state.plan.dry_run { "DRY RUN, " } else { "" };
    let title = format!("{dry}Plan {}: {} for key {key}", number.0, purpose(state.plan.kind));
    let status = plan_words(state);
    let mut blocks = vec![
        header(&title),
        rich("plan.status", vec![paragraph(decision(scene, state, &status))]),
        rich("plan.steps", vec![list(step_items(state), true)]),
    ];
    let left_out = state.steps.len().saturating_sub(STEPS_SHOWN_MAX);
    if left_out > 0 {
        blocks.push(context(&format!(
            "{left_out} more steps are not shown here. Read all of them with `keyleak status {}` \
             before you approve.",
            scene.case.id()
        )));
    }
    blocks.extend(to_finish(state));
    blocks.extend(to_do(scene, state));
    blocks.extend(plan_choices::listed(scene, state));
    let mut tail =
        rows("plan.decide", plan_choices::with_proof(scene, state, buttons(scene, state)));
    tail.push(context(&format!("Case {} · plan hash {}", scene.case.id(), state.hash)));
    Sketch { text: format!("{title}: {status}"), blocks, tail }
}

fn purpose(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Containment => "contain",
        PlanKind::FollowUp => "contain what was found later",
        PlanKind::Undo => "undo",
        PlanKind::Eradication => "delete for good what the actor made",
        PlanKind::Replacement => "put a new key in the place of the leaked one",
    }
}

fn decision(scene: &Scene<'_>, state: &PlanState, status: &str) -> Vec<Value> {
    let plan = &state.plan;
    let by = name_of(scene.case, &plan.requested_by);
    let mut parts = vec![bold("Status: "), text(status)];
    let mut line = |label: &str, values: Vec<Value>| {
        parts.extend([newline(), bold(&format!("{label}: "))]);
        parts.extend(values);
    };
    let short = code(Plan::short_hash(&state.hash));
    line("Account", vec![text(&plan.account.0), bold(" · Hash: "), short]);
    let asker = format!("{}, who does not approve it", field(&by));
    line("Asked for by", vec![text(&asker), bold(" · Needs: "), text(&needs(plan))]);
    for said in owners_shown(plan.owners.iter()) {
        line("Needs too", vec![text(&field(&said))]);
    }
    line("Approved by", approvals(state));
    if state.status() == PlanStatus::Proposed {
        if plan.dry_run {
            line("Dry run", vec![text(DRY_RUN)]);
        } else {
            if let Some(missing) = missing(state) {
                line("Missing", missing);
            }
            line("May approve", approvers(scene, state));
        }
        line("Expires", vec![time(plan.expires_at)]);
    }
    if let Some((breaker, reason)) = &state.glass {
        let said = format!("{}: {} ", field(&breaker.name), field(reason));
        line("BREAK-GLASS by", vec![text(&said), time(breaker.at)]);
        let reviewed = state.glass_reviewed.as_ref();
        let review = reviewed.map(|(by, said)| format!("{}: {}", field(&by.name), field(said)));
        line("Review", vec![text(&review.unwrap_or_else(|| "waits for another approver".into()))]);
    }
    if let Some((denial, reason)) = &state.denied {
        let reason = reason.as_deref().map(|reason| format!(": {}", field(reason)));
        let said = format!("{}{} ", field(&denial.name), reason.unwrap_or_default());
        line("Denied by", vec![text(&said), time(denial.at)]);
    }
    if plan.kind != PlanKind::Undo {
        line("Exposed since", bound(state));
    }
    for note in &plan.notes {
        line("Note", vec![text(&field(note))]);
    }
    for end in state.open_ends.iter().take(OPEN_ENDS_SHOWN_MAX) {
        line("Not ended by it", vec![text(&field(end))]);
    }
    let stands = scene.case.standing_containment().map(|state| state.plan.number);
    if stands == Some(plan.number) {
        let left = not_stopped(scene.case);
        for one in left.iter().take(OPEN_ENDS_SHOWN_MAX) {
            line("Not stopped", vec![text(&field(one))]);
        }
        if let Some(more) = left.len().checked_sub(OPEN_ENDS_SHOWN_MAX).filter(|more| *more > 0) {
            line("Not stopped", vec![text(&format!("{more} more; the report lists them"))]);
        }
    }
    if plan.kind.contains() {
        for one in plan.covers.iter().take(COVERED_SHOWN_MAX) {
            line("Covered by the approval as well", vec![text(&field(one))]);
        }
        if let Some(more) = plan.covers.len().checked_sub(COVERED_SHOWN_MAX + 1) {
            let more = format!("{} more; `keyleak status` lists them", more + 1);
            line("Covered by the approval as well", vec![text(&more)]);
        }
        line("Covers", vec![text(COVERS)]);
    }
    line("Undo", vec![text(undo_words(plan))]);
    parts
}

/// What the plan takes to be older than the exposure, and how to say otherwise while it can be.
fn bound(state: &PlanState) -> Vec<Value> {
    let mut parts = match state.plan.exposed_since {
        Some(since) => vec![time(since), text("; what was made earlier is left alone")],
        None => vec![text("not known; all that grew from the key counts")],
    };
    if state.status() == PlanStatus::Proposed {
        parts.extend([text(". Correct it with "), code("/keyleak exposed"), text(" and the time")]);
    }
    parts
}

fn undo_words(plan: &Plan) -> &'static str {
    match plan.kind {
        PlanKind::Replacement => "by people: once nothing uses the key, delete it, then its secret",
        PlanKind::Containment | PlanKind::FollowUp | PlanKind::Undo | PlanKind::Eradication => {
            if plan.reversible() {
                "every step can be undone from the snapshot taken before it"
            } else {
                "AT LEAST ONE STEP CANNOT BE UNDONE; it is marked below"
            }
        }
    }
}

fn step_items(state: &PlanState) -> Vec<Vec<Value>> {
    let approved = state.plan.steps.len();
    let mut before: &[String] = &[];
    let mut items = Vec::new();
    for (index, step, done) in state.all_steps().take(STEPS_SHOWN_MAX) {
        let index = index as usize;
        let mut item = vec![bold(&field(&step.action.sentence()))];
        item.extend(became(done).map(|said| text(&said)));
        if index >= approved {
            item.push(text(" – added after the approval"));
        }
        if step.provisional {
            item.push(text(", on suspicion"));
        }
        if !step.action.reversible() {
            item.push(bold(" – CANNOT BE UNDONE"));
        }
        if index < STEPS_IN_FULL_MAX {
            item.extend(details(step, before));
            before = &step.blast_radius;
        }
        items.push(item);
    }
    items
}

fn details(step: &Step, before: &[String]) -> Vec<Value> {
    let mut said = format!("{}: {}.", field(&step.because), step.action.effect());
    if step.blast_radius != before {
        let radius: Vec<String> = step.blast_radius.iter().map(|hit| field(hit)).collect();
        said.push_str(&format!(" Hits {}.", radius.join(", ")));
    }
    said.push_str(&format!(" Undo: {}.", step.action.undo_sentence()));
    vec![text(" – "), text(&said)]
}

fn became(done: &StepState) -> Option<String> {
    match &done.result {
        None if done.open_attempt.is_some() => Some(" – running".to_owned()),
        None if done.attempts > 0 => Some(" – to be done again".to_owned()),
        None => None,
        Some(StepResult::Done { changed: true, .. }) => Some(" – done".to_owned()),
        Some(StepResult::Done { changed: false, .. }) => Some(" – was already so".to_owned()),
        Some(StepResult::Failed { why, .. }) => Some(format!(" – FAILED: {}", field(why))),
    }
}

/// The failed steps as commands, for when a person has to finish them.
fn to_finish(state: &PlanState) -> Option<Value> {
    let failed = state
        .all_steps()
        .filter(|(_, _, done)| matches!(done.result, Some(StepResult::Failed { .. })));
    // As of the failure, not of now: a card must not change while nothing happens.
    let written = |done: &StepState| done.ended_at.unwrap_or(state.proposed.at);
    let commands: Vec<String> = failed
        .flat_map(|(_, step, done)| by_hand::commands(&step.action, written(done)))
        .take(COMMANDS_SHOWN_MAX)
        .collect();
    if commands.is_empty() {
        return None;
    }
    let title = paragraph(vec![bold("To finish what failed by hand:")]);
    Some(rich("plan.by_hand", vec![title, preformatted(&commands)]))
}

/// All steps of a dry run as commands, in their order; none where it is none.
fn to_do(scene: &Scene<'_>, state: &PlanState) -> Vec<Value> {
    if !state.plan.dry_run {
        return Vec::new();
    }
    let steps = state.plan.steps.iter();
    let commands = steps.flat_map(|step| by_hand::commands(&step.action, state.proposed.at));
    let mut commands: Vec<String> = commands.collect();
    let more = commands.split_off(commands.len().min(COMMANDS_OF_ALL_MAX)).len();
    let title = paragraph(vec![bold("Nothing is carried out. By hand, in this order:")]);
    let mut blocks = vec![rich("plan.dry_run", vec![title, preformatted(&commands)])];
    if more > 0 {
        let status = format!("keyleak status {}", scene.case.id());
        blocks.push(context(&format!("{more} more commands are in `{status}`.")));
    }
    blocks
}

fn buttons(scene: &Scene<'_>, state: &PlanState) -> Vec<Value> {
    let case = scene.case;
    if case.closed_at().is_some() {
        return Vec::new();
    }
    let expired = scene.now >= state.plan.expires_at;
    match state.status() {
        PlanStatus::Proposed if expired => Vec::new(),
        PlanStatus::Proposed if state.plan.dry_run => {
            [deny(case, state)].into_iter().chain(plan_choices::change(case, state)).collect()
        }
        PlanStatus::Proposed => {
            let mut buttons = vec![approve(case, state), deny(case, state)];
            if !state.approvals.is_empty() || !state.agreed.is_empty() {
                buttons.push(withdraw(case, state));
            }
            buttons.extend(plan_choices::change(case, state));
            buttons
        }
        PlanStatus::Approved => vec![deny(case, state), withdraw(case, state)],
        PlanStatus::Done | PlanStatus::Partly if may_be_undone(case, state) => {
            let more = plan_choices::undo_steps(case, state);
            let more = more.into_iter().chain(plan_choices::change(case, state));
            [undo(case, state)].into_iter().chain(more).collect()
        }
        PlanStatus::Done
        | PlanStatus::Partly
        | PlanStatus::Executing
        | PlanStatus::Denied
        | PlanStatus::Expired
        | PlanStatus::Voided => Vec::new(),
    }
}

/// What still stands can be undone, unless somebody has asked for it already.
fn may_be_undone(case: &Case, state: &PlanState) -> bool {
    let number = state.plan.number;
    let stands = case.standing_plans().any(|standing| standing.plan.number == number);
    // The newest has the button for all of them, also where nothing of its own is left.
    let is_newest = case.standing_containment().is_some_and(|one| one.plan.number == number);
    let holds = |state: &PlanState| state.done_steps().next().is_some();
    let holds = holds(state) || is_newest && case.standing_plans().any(holds);
    let undoing = |other: &PlanState| {
        let open = matches!(
            other.status(),
            PlanStatus::Proposed | PlanStatus::Approved | PlanStatus::Executing
        );
        other.plan.kind == PlanKind::Undo && open
    };
    stands && holds && !case.plans().any(undoing)
}

fn address(case: &Case, state: &PlanState) -> PlanAddress {
    PlanAddress { case: case.id().clone(), plan: state.plan.number, hash: state.hash.clone() }
}

fn approve(case: &Case, state: &PlanState) -> Value {
    let first = state.plan.steps.first();
    let first = first.map_or_else(String::new, |step| field(&step.action.sentence()));
    let total = state.plan.steps.len();
    let confirm = Confirm {
        title: format!("Approve plan {}?", state.plan.number.0),
        text: format!(
            "{total} step(s) in account {}, beginning with: {first}. It runs as soon as enough \
             people approved. Undo: {}.",
            state.plan.account,
            undo_words(&state.plan)
        ),
        yes: "Approve".to_owned(),
        danger: true,
    };
    let action = ButtonAction::Approve(address(case, state));
    drawn("Approve the plan", &action, Look::Danger, confirm)
}

fn deny(case: &Case, state: &PlanState) -> Value {
    let confirm = Confirm {
        title: format!("Deny plan {}?", state.plan.number.0),
        text: "Nothing is done, and the key stays as it is. A new plan can be proposed.".to_owned(),
        yes: "Deny".to_owned(),
        danger: false,
    };
    let action = ButtonAction::Deny(address(case, state));
    drawn("Deny the plan", &action, Look::Plain, confirm)
}

fn withdraw(case: &Case, state: &PlanState) -> Value {
    let confirm = Confirm {
        title: "Take your approval back?".to_owned(),
        text: "Possible until the plan begins to run.".to_owned(),
        yes: "Take it back".to_owned(),
        danger: false,
    };
    let action = ButtonAction::Withdraw(address(case, state));
    drawn("Take my approval back", &action, Look::Plain, confirm)
}

fn undo(case: &Case, state: &PlanState) -> Value {
    let confirm = Confirm {
        title: format!("Propose to undo plan {}?", state.plan.number.0),
        text: "The account goes back to the snapshot, and whoever holds the key can use it again; \
               users and roles that the actor made stay contained. The undo needs the same \
               approvals."
            .to_owned(),
        yes: "Propose the undo".to_owned(),
        danger: true,
    };
    let action = ButtonAction::Undo(address(case, state));
    drawn("Undo this plan", &action, Look::Danger, confirm)
}

fn drawn(label: &str, action: &ButtonAction, look: Look, confirm: Confirm) -> Value {
    button(label, &action.id(), &action.value(), look, Some(confirm))
}
