//! What stands under an answer about the plan: a button for each principal, and what has none.

use crate::domain::button::ButtonAction;
use crate::domain::candidates::{Candidate, Extent};
use crate::domain::case::Case;
use crate::domain::offering::Offers;
use crate::slack::blocks::{Confirm, Look, button, clean, context, cut, plain};
use serde_json::{Value, json};

/// One principal, in a line or two on a phone.
const LENGTH_MAX: usize = 200;
/// Of others' names in the question that Slack asks before it sends the press.
const OTHERS_LENGTH_MAX: usize = 60;

/// The blocks; none for a closed case, whose plans nobody changes.
pub(super) fn drawn(case: &Case, offers: &Offers) -> Vec<Value> {
    if case.closed_at().is_some() {
        return Vec::new();
    }
    let offered = offers.offered.iter().enumerate();
    let offered = offered.map(|(index, one)| offer(case, index, one));
    let said = offers.said.iter().map(|said| context(&cut(&clean(said), LENGTH_MAX)));
    offered.chain(said).collect()
}

fn offer(case: &Case, index: usize, one: &Candidate) -> Value {
    let now = match one.now {
        Extent::Nothing => "nothing of it is contained",
        Extent::AsProposed => "what the actor holds of it is contained, or covered",
        Extent::Whole => "contained whole",
    };
    let others = if one.others.is_empty() { String::new() } else { format!("; {}", one.others) };
    let said = clean(&format!("{} – {now}: {}{others}", one.on, one.why));
    let action = ButtonAction::TakeIn { case: case.id().clone(), on: one.on.clone() };
    let label = format!("Contain {}", clean(&one.on.to_string()));
    let dialog = Confirm {
        title: format!("Contain {} whole?", clean(&one.on.to_string())),
        text: question(one),
        yes: "Make a new plan".to_owned(),
        danger: true,
    };
    json!({
        "type": "section",
        "block_id": format!("offer.{}", index + 1),
        "text": plain(&said, LENGTH_MAX),
        "accessory": button(&label, &action.id(), &action.value(), Look::Plain, Some(dialog)),
    })
}

fn question(one: &Candidate) -> String {
    let others = match one.others.is_empty() {
        true => String::new(),
        false => format!(" ({})", cut(&clean(&one.others), OTHERS_LENGTH_MAX)),
    };
    format!(
        "All of it is denied, whoever uses it{others}. What waits for approval is void, and a new \
         plan is made with another hash. You do not approve that one."
    )
}
