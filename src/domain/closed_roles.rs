//! Roles of others that a containment closed to everybody, until people give them back.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::lineage::Node;
use crate::domain::plan::StepAddress;
use crate::domain::plan_state::PlanState;
use crate::domain::trust::of_nobody;

/// Each of them, with the command that gives it back; the actor's own stay closed for good.
pub fn closed_to_everybody(case: &Case) -> Vec<String> {
    let nodes = case.survey().map_or(&[][..], |(_, note)| &note.nodes);
    let made = |id: &str| {
        nodes.iter().any(|n: &Node| n.is_created() && n.principal_id.as_deref() == Some(id))
    };
    let plans = case.standing_plans();
    let steps = plans.flat_map(|state: &PlanState| {
        let plan = state.plan.number;
        let holding = state.holding_steps();
        holding.map(move |(step, what, _)| (StepAddress { plan, step }, &what.action))
    });
    let closed = steps.filter(|(_, action)| {
        action.change == Change::PutTrust { document: of_nobody() } && !made(&action.on.id)
    });
    let words = closed.map(|(at, action)| {
        format!("{} is closed to everybody: /keyleak undo {} gives it back", action.on, at.words())
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::lineage::NodeKind;
    use crate::domain::plan::PlanKind;
    use crate::domain::record::Actor;
    use crate::domain::sample::{self, minted, opened, plan, run, survey};

    /// A case whose only step put this trust on role `deploy`.
    fn put(document: &str) -> Case {
        let mut case = opened();
        let change = Change::PutTrust { document: document.to_owned() };
        let mut proposed = plan(&case, PlanKind::Containment);
        proposed.steps = vec![sample::step(sample::role("deploy", "AROA1"), change)];
        run(&mut case, proposed);
        case
    }

    #[test]
    fn a_role_of_others_is_named_with_what_gives_it_back_and_one_of_the_actors_is_not() {
        let mut case = put(&of_nobody());
        let told = closed_to_everybody(&case);
        assert_eq!(told, ["role deploy is closed to everybody: /keyleak undo 1.1 gives it back"]);
        let made = Node {
            principal_id: Some("AROA1".to_owned()),
            via: "CreateRole".to_owned(),
            ..minted(NodeKind::Role, "deploy")
        };
        let survey = Box::new(survey(vec![made]));
        sample::add(&mut case, Actor::Keyleak, Event::Surveyed { survey });
        assert_eq!(closed_to_everybody(&case), [""; 0]);
        assert_eq!(closed_to_everybody(&put("{}")), [""; 0], "whom others let in still comes in");
    }
}
