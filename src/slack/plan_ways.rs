//! Why a plan goes the way it goes, and which other ways there are: read beside its card.

use crate::domain::ids::KeyKind;
use crate::domain::options::{Choice, Options, options};
use crate::domain::plan::PlanNumber;
use crate::ports::chat::Scene;
use crate::slack::blocks::{bold, context, field, list, paragraph, rich, text};
use crate::slack::sketch::Sketch;
use serde_json::Value;

/// What an approval is worth beyond the steps that it names.
const COVERS: &str = "An approval covers what the actor makes until it is contained: it gets the \
    same steps. Users made while the actor is at work, and roles and keys while it is seen to be, \
    are stopped on suspicion, and released when the trail names another maker.";

/// The ways of containing, milder ones first.
pub(super) fn sketch(scene: &Scene<'_>, number: PlanNumber) -> Sketch {
    let title = format!("Why plan {} goes this way, and other ways", number.0);
    let mut blocks = Vec::new();
    if let Some(state) = scene.case.plan(number) {
        let is_session = scene.case.opening().key.kind() == KeyKind::Session;
        let first = state.plan.steps.first();
        let because = first.map(|step| field(&step.because)).unwrap_or_default();
        let why = vec![bold(&title), text(": "), text(&because)];
        let other = options(&state.plan, is_session).map(ways).unwrap_or_default();
        let mut parts = vec![paragraph(why)];
        parts.extend((!other.is_empty()).then(|| list(other, false)));
        blocks.push(rich("plan.ways", parts));
    }
    blocks.push(context(COVERS));
    Sketch { text: title, blocks, tail: Vec::new() }
}

fn ways(Options { milder, harder }: Options) -> Vec<Vec<Value>> {
    let way = |how: &str, choice: &Choice| vec![bold(how), text(&choice.words())];
    let milder = milder.iter().map(|choice| way("Milder: ", choice));
    milder.chain(harder.iter().map(|choice| way("Harder: ", choice))).collect()
}
