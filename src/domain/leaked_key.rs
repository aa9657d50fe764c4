//! What becomes of the leaked key: inactive while its id is searched for, deleted only after that.

use crate::domain::case::Case;
use crate::domain::ids::KeyKind;
use crate::domain::plan_state::PlanState;
use crate::domain::replacing::user_in_command;

/// What becomes of it now, in words; none where keyleak did not make it inactive, or gave it back.
pub fn fate(case: &Case) -> Option<String> {
    let key = &case.opening().key;
    let mut holding = case.standing_plans().flat_map(PlanState::holding_steps);
    let is_stopped = holding.any(|(_, step, _)| step.action.stops(key));
    if key.kind() != KeyKind::LongTerm || !is_stopped {
        return None;
    }
    Some(match case.closed_at() {
        None => {
            "The leaked key is kept, inactive, until the case is closed and its report written: \
                 while somebody searches the trail its id is needed. Nothing deletes it before"
                .to_owned()
        }
        Some(_) => format!(
            "The leaked key is still there, inactive. The case is closed, so it may go for ever, \
             by hand, when nobody searches for its id any more: aws iam delete-access-key \
             --user-name {} --access-key-id <the one ending in {}>",
            user_in_command(case),
            key.last_four()
        ),
    })
}
