//! The forms about a plan: what it holds, and which of its steps are taken back.

use crate::domain::adjusting::{LISTED_MAX, Picked, PlanForm, listed, shown};
use crate::domain::button::PlanAddress;
use crate::domain::candidates::{Candidate, Extent};
use crate::domain::first_target::first_target;
use crate::domain::lifting::{ORDER, liftable};
use crate::domain::plan::{PlanRules, StepAddress};
use crate::domain::plan_state::PlanState;
use crate::domain::way::Way;
use crate::domain::ways;
use crate::ports::chat::{Form, Scene};
use crate::slack::blocks::{context, plain, under_field};
use crate::slack::code_form;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Names our forms among the app's views.
const CHANGE: &str = "plan.change";
const UNDO_STEPS: &str = "plan.undo_steps";
const CONTAINED: &str = "plan.change.contained";
const WHOLE: &str = "plan.change.whole";
const WAY: &str = "plan.change.way";
const STEPS: &str = "plan.undo_steps.steps";
/// Every field has one element of this id.
const ELEMENT: &str = "value";
const OPTION_LENGTH_MAX: usize = 75;
/// Slack shows so many boxes to tick; beyond, a list to pick from.
const BOXES_MAX: usize = 10;
/// Between an address and the digest of what was listed.
const SEPARATOR: char = ' ';

const WHAT_IT_DOES: &str = "The plan that waits becomes void and a new one is made, with another \
    hash. Whoever sends this does not approve that one. What is protected is not listed.";
const WHOLE_HINT: &str = "These existed before the exposure, or others use them: ticked, all of it \
    is denied, whoever uses it.";
const CONTAINED_HINT: &str = "What is left out goes on working. The case is not called contained \
    while the actor holds something that was left out.";

/// The form.
pub fn view(form: &Form<'_>) -> Value {
    match form {
        Form::Change(scene, state, rules) => change(scene, state, rules),
        Form::UndoSteps(scene, state) => undo_steps(scene, state),
        Form::Code(scene, state) => code_form::view(scene, state),
    }
}

fn change(scene: &Scene<'_>, state: &PlanState, rules: &PlanRules) -> Value {
    let case = scene.case;
    let all = listed(case);
    let others = || all.iter().filter(|one| !one.is_own);
    let may = |one: &&Candidate| one.protection(case, rules).is_none();
    let contained = others().filter(|one| one.proposed > Extent::Nothing);
    let contained: Vec<_> =
        contained.map(|one| (principal(one), one.now > Extent::Nothing)).collect();
    let whole = others().filter(|one| one.may_be_whole()).filter(may);
    let whole: Vec<_> = whole.map(|one| (principal(one), one.now == Extent::Whole)).collect();
    let mut blocks = vec![context(WHAT_IT_DOES)];
    blocks.extend(
        many(CONTAINED, "Contained by the plan and its approval", &contained)
            .map(|field| with_hint(field, CONTAINED_HINT)),
    );
    blocks.extend(
        many(WHOLE, "Contain whole as well", &whole).map(|field| with_hint(field, WHOLE_HINT)),
    );
    blocks.extend(way(scene));
    if all.len() == LISTED_MAX {
        blocks.push(context(
            "More are not shown here; name them with /keyleak leave-out or /keyleak take-in.",
        ));
    }
    let mark = format!("{}{SEPARATOR}{}", address(scene, state).value(), shown(&all));
    modal(CHANGE, ("Change the plan", "Make a new plan"), &mark, blocks)
}

fn undo_steps(scene: &Scene<'_>, state: &PlanState) -> Value {
    let steps = liftable(scene.case);
    let option = |(at, step): &(StepAddress, &crate::domain::plan::Step)| {
        let label = format!("{} {}", at.words(), step.action.sentence());
        (option(&label, step.action.undo_sentence(), &at.words()), false)
    };
    let options: Vec<_> = steps.iter().take(LISTED_MAX).map(option).collect();
    let mut blocks = vec![context(ORDER)];
    blocks.extend(many(STEPS, "Steps to take back", &options).map(|mut field| {
        field["optional"] = json!(false);
        with_hint(field, "The others stay in force. The undo is a plan that needs its approvals.")
    }));
    let mark = address(scene, state).value();
    modal(UNDO_STEPS, ("Undo single steps", "Propose the undo"), &mark, blocks)
}

/// Reads a form that was sent; none where it is not one of ours.
pub(super) fn read(callback_id: &str, mark: &str, state: &Value) -> Option<PlanForm> {
    let chosen = |block: &str| -> BTreeSet<String> {
        let options = state["values"][block][ELEMENT]["selected_options"].as_array();
        let values = options.into_iter().flatten().filter_map(|one| one["value"].as_str());
        values.map(str::to_owned).collect()
    };
    match callback_id {
        CHANGE => {
            let (address, shown) = mark.split_once(SEPARATOR)?;
            let way = state["values"][WAY][ELEMENT]["selected_option"]["value"].as_str();
            Some(PlanForm::Change(Picked {
                at: PlanAddress::read(address)?,
                shown: shown.to_owned(),
                contained: chosen(CONTAINED),
                whole: chosen(WHOLE),
                way: way.and_then(Way::from_slug),
            }))
        }
        UNDO_STEPS => {
            let steps = chosen(STEPS);
            let steps = steps.iter().map(|step| StepAddress::parse(step)).collect::<Option<_>>()?;
            Some(PlanForm::UndoSteps { at: PlanAddress::read(mark)?, steps })
        }
        _ => None,
    }
}

/// Whether a form is one that [`read`] reads.
pub(super) fn is_ours(callback_id: &str) -> bool {
    matches!(callback_id, CHANGE | UNDO_STEPS)
}

/// The answer that says under a field why nothing was done.
pub fn refused(form: &PlanForm, view: &BTreeSet<String>, why: &str) -> Value {
    let fields: &[&str] = match form {
        PlanForm::Change(_) => &[CONTAINED, WHOLE, WAY],
        PlanForm::UndoSteps { .. } => &[STEPS],
    };
    let field = fields.iter().find(|field| view.contains(**field)).unwrap_or(&fields[0]);
    json!({ "response_action": "errors", "errors": { *field: under_field(why) } })
}

fn address(scene: &Scene<'_>, state: &PlanState) -> PlanAddress {
    let (case, plan) = (scene.case.id().clone(), state.plan.number);
    PlanAddress { case, plan, hash: state.hash.clone() }
}

fn principal(one: &Candidate) -> Value {
    let more = if one.others.is_empty() { &one.why } else { &one.others };
    option(&one.slug(), more, &one.slug())
}

/// How the key's own principal is contained, where there is a choice.
fn way(scene: &Scene<'_>) -> Option<Value> {
    let first = first_target(scene.case).ok()?;
    let offered = ways::offered(scene.case, &first);
    let now = scene.case.adjustments().way().map(|(way, _)| way);
    let now = now.or_else(|| ways::proposed(&first)).filter(|now| offered.contains(now))?;
    let drawn = |way: &Way| {
        let leaves = way.leaves().unwrap_or("nothing of the principal works on");
        option(way.words(), leaves, way.slug())
    };
    let options: Vec<Value> = offered.iter().map(drawn).collect();
    let mut element = json!({ "type": "radio_buttons", "action_id": ELEMENT, "options": options });
    element["initial_option"] = drawn(&now);
    Some(input(WAY, &format!("How {} is contained", first.on), element))
}

fn many(block_id: &str, label: &str, options: &[(Value, bool)]) -> Option<Value> {
    if options.is_empty() {
        return None;
    }
    let kind = if options.len() <= BOXES_MAX { "checkboxes" } else { "multi_static_select" };
    let all: Vec<&Value> = options.iter().map(|(option, _)| option).collect();
    let mut element = json!({ "type": kind, "action_id": ELEMENT, "options": all });
    let ticked: Vec<&Value> =
        options.iter().filter(|(_, ticked)| *ticked).map(|(option, _)| option).collect();
    if !ticked.is_empty() {
        element["initial_options"] = json!(ticked);
    }
    Some(input(block_id, label, element))
}

fn input(block_id: &str, label: &str, element: Value) -> Value {
    json!({
        "type": "input",
        "block_id": block_id,
        "optional": true,
        "label": plain(label, 2_000),
        "element": element,
    })
}

fn with_hint(mut field: Value, hint: &str) -> Value {
    field["hint"] = plain(hint, 2_000);
    field
}

fn option(label: &str, more: &str, value: &str) -> Value {
    json!({
        "text": plain(label, OPTION_LENGTH_MAX),
        "description": plain(more, OPTION_LENGTH_MAX),
        "value": value,
    })
}

fn modal(
    callback_id: &str,
    (title, submit): (&str, &str),
    mark: &str,
    blocks: Vec<Value>,
) -> Value {
    json!({
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": mark,
        "title": plain(title, 24),
        "submit": plain(submit, 24),
        "close": plain("Cancel", 24),
        "blocks": blocks,
    })
}
