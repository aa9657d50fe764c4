//! What an approval covers at once, and who is not named for it.

use super::*;
use crate::domain::remains::foreseen::foreseen;

fn told(nodes: Vec<Node>) -> Case {
    let mut case = opened();
    let mut survey = sample::survey(nodes);
    survey.used_by_others.insert("AROA1".to_owned(), vec!["ci".to_owned()]);
    then(&mut case, Event::Surveyed { survey: Box::new(survey) });
    case
}

#[test]
fn what_the_trail_has_shown_to_be_the_actors_is_named_beside_the_steps_and_nothing_else() {
    let made = |name: &str, id: &str| Node {
        via: "CreateUser".to_owned(),
        ..node(NodeKind::User, name, name, id)
    };
    let nodes = vec![
        made("evil", "AIDA2"),
        Node { certainty: Certainty::Likely, ..made("perhaps", "AIDA3") },
        Node { older: true, ..made("older", "AIDA4") },
        node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0001", "ci", "AIDA1"),
        node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0002", "deploy", "AIDA5"),
        node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0003", "bot", "AIDA6"),
        session("ci", 11),
        session("boto", 11),
    ];
    let case = told(nodes);
    let steps = plan(&case, PlanKind::Containment).steps;
    let bot = user("bot", "AIDA6", -9).arn;
    let found: Vec<String> =
        foreseen(&case, &steps, &rules(&[&bot])).iter().map(Target::words).collect();
    let all = ["user evil", "key AKIA…0002 of user deploy", "sessions of role deploy"];
    assert_eq!(found, all, "the steps deny user ci, and the session `ci` is somebody else's too");
    assert_eq!(foreseen(&opened(), &steps, &rules(&[])), [], "nothing was read");
}
