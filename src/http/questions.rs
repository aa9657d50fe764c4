//! What can be asked of the trail, listed for one person.

use crate::domain::event::Phase;
use crate::domain::question::Question;
use crate::flow::inquire::NO_TRAIL;
use crate::http::{ephemeral, ephemeral_lines};
use crate::ports::trail::Trail;
use crate::slack::blocks::{bold, code, text};
use axum::response::Response;
use serde_json::Value;

/// What is said where a question is asked and no case is meant.
pub(super) const NO_CASE: &str = "Nothing was asked, because no open case is meant. Ask in a \
    case's channel, or name the case or key first: `/keyleak ask CASE Q10`. `/keyleak list` lists \
    the cases.";
/// Slack refuses a message whose blocks have some thirteen thousand characters in all, and each
/// line is wrapped in as many again.
const TEXT_LENGTH_MAX: usize = 5_000;
/// What one line has around the words of the question.
const LINE_LENGTH: usize = 20;

/// The questions, each with its id and its phase, and how to ask one.
pub(super) fn list(trail: Option<&dyn Trail>) -> Response {
    match trail {
        None => ephemeral(NO_TRAIL),
        Some(trail) => {
            let lines = lines(trail.catalogue(), &|question| trail.lacks(question));
            ephemeral_lines("The questions of the trail", lines)
        }
    }
}

/// `lacks` says what a question needs that is not here.
fn lines(questions: &[Question], lacks: &dyn Fn(&Question) -> Option<String>) -> Vec<Vec<Value>> {
    let mut lines = vec![vec![
        bold("In a case's channel: "),
        code("/keyleak ask Q10 Q12"),
        text(". The buttons of the phases ask all of a phase."),
    ]];
    let mut length = 0;
    let of_phase = |phase: Phase| questions.iter().filter(move |q| q.phase == phase.slug());
    for (listed, question) in Phase::ALL.into_iter().flat_map(of_phase).enumerate() {
        let lacking = lacks(question);
        let lacking = lacking.map_or(String::new(), |needs| format!(" (not available: {needs})"));
        length += LINE_LENGTH + question.question.chars().count() + lacking.chars().count();
        if length > TEXT_LENGTH_MAX {
            let more = questions.len() - listed;
            lines.push(vec![text(&format!("… and {more} more; `keyleak queries list` has all."))]);
            break;
        }
        lines.push(line(question, &lacking));
    }
    lines
}

/// A question of people's own may say anything, so none of it is read as mrkdwn.
fn line(question: &Question, lacking: &str) -> Vec<Value> {
    let phase = Phase::from_slug(&question.phase).map_or("", Phase::title);
    let own = if question.own { " (your own)" } else { "" };
    let once = match question.parameters.iter().any(|name| name == "contained_at") {
        true => " (once contained)",
        false => "",
    };
    let said = format!(" {phase}: {}{own}{once}{lacking}", question.question);
    vec![code(&question.id), text(&said)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::question::parse;

    fn question(id: &str, words: &str) -> Question {
        let text = format!(
            "-- id: {id}\n-- name: n\n-- question: {words}\n-- phase: scope\n-- impact: evidence\n\
             -- parameters: none\n-- columns: a\n-- source: s\n-- meaning: m\n-- none: o\nSELECT a"
        );
        Question { own: true, ..parse(&text).unwrap() }
    }

    #[test]
    fn what_a_file_of_ones_own_says_is_never_live() {
        let hostile = "<!channel> *all clear* <https://evil.example|here>";
        let line = line(&question("ACME1", hostile), "");
        assert!(line.iter().all(|part| part["type"] == "text"), "{line:?}");
        assert!(line[1]["text"].as_str().unwrap().contains(hostile), "{line:?}");
    }

    #[test]
    fn a_long_list_is_cut_and_says_how_much_is_missing() {
        let many: Vec<_> = (0..90).map(|n| question(&format!("A{n}"), &"w".repeat(280))).collect();
        let cut = lines(&many, &|_| None);
        let said = cut.last().unwrap()[0]["text"].as_str().unwrap().to_owned();
        assert!(said.contains(&format!("{} more", 90 - (cut.len() - 2))), "{said}");
        let whole: String = cut.iter().map(|line| format!("{line:?}")).collect();
        assert!(whole.len() < 12_000, "{}", whole.len());
        let few = lines(&many[..3], &|_| None);
        assert_eq!(few.len(), 4, "and a short one is whole");
    }

    #[test]
    fn a_question_that_cannot_be_asked_here_is_listed_with_what_it_needs() {
        let two = [question("Q42", "one"), question("Q43", "other")];
        let lacks = |question: &Question| (question.id == "Q43").then(|| "set it".to_owned());
        let told: Vec<String> =
            lines(&two, &lacks).iter().map(|line| serde_json::json!(line).to_string()).collect();
        assert!(told[2].contains("other (your own) (not available: set it)"), "{told:?}");
        assert!(!told[1].contains("not available"), "{told:?}");
    }
}
