//! The nine impact questions as people answer them: evidence, proposal, buttons, and who said what.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::impact::{ImpactQuestion, ImpactVerdict};
use crate::domain::impact_evidence::at;
use crate::domain::impact_state::{ImpactState, open, states};
use crate::domain::time_words::utc;
use crate::ports::chat::Scene;
use crate::slack::blocks::{Look, button, clean, context, cut, header, plain};
use crate::slack::sketch::Sketch;
use serde_json::{Value, json};

/// Of one question; nine of these with their buttons are what a message holds.
const LENGTH_MAX: usize = 600;
/// Of a person's words; the report has them whole.
const WHY_LENGTH_MAX: usize = 160;

/// The card as the questions stand now.
pub(super) fn sketch(scene: &Scene<'_>) -> Sketch {
    let case = scene.case;
    let title = format!("Impact of key {}: the nine questions", case.opening().key);
    let all = ImpactQuestion::ALL.len();
    let tally = format!("{} of {all} answered", all - open(case).len());
    let mut blocks = vec![header(&title), context(&tally)];
    for state in states(case) {
        blocks.extend(question(case, &state));
    }
    let tail = vec![context(&format!(
        "Case {} · with words, or to answer anew: /keyleak impact, its name, then yes, no or \
         unknown, then why",
        case.id()
    ))];
    Sketch { text: format!("{title}: {tally}"), blocks, tail }
}

/// The nine in one line each, without buttons.
pub fn lines(case: &Case) -> Vec<String> {
    states(case).iter().map(|state| cut(&clean(&words(case, state)), LENGTH_MAX)).collect()
}

fn question(case: &Case, state: &ImpactState<'_>) -> Vec<Value> {
    let slug = state.question.slug();
    let id = format!("impact.{slug}");
    let text = plain(&clean(&words(case, state)), LENGTH_MAX);
    let mut blocks = vec![json!({ "type": "section", "block_id": id, "text": text })];
    let is_open = state.answer.is_none() || !state.news.is_empty();
    if is_open && case.closed_at().is_none() {
        let verdicts = [ImpactVerdict::Yes, ImpactVerdict::No, ImpactVerdict::NotKnown];
        let buttons: Vec<Value> = verdicts.map(|verdict| choice(case, state, verdict)).into();
        let id = format!("{id}.answer");
        blocks.push(json!({ "type": "actions", "block_id": id, "elements": buttons }));
    }
    blocks
}

/// What is known of the question, in one paragraph.
fn words(case: &Case, state: &ImpactState<'_>) -> String {
    let (name, asked) = (state.question.slug(), state.question.words());
    let Some((press, answer)) = state.answer else {
        let proofs = state.evidence.iter().map(|evidence| evidence.proof(false));
        let proofs: Vec<String> = proofs.collect();
        let proposal = &state.proposal;
        let proofs =
            if proofs.is_empty() { String::new() } else { format!(" – {}", proofs.join("; ")) };
        return format!(
            "{name} · {asked} OPEN. Proposed: {} ({}){proofs}",
            proposal.verdict.words(),
            proposal.because
        );
    };
    let why = answer.why.as_deref().unwrap_or(match answer.verdict {
        ImpactVerdict::NotKnown => answer.because.as_str(),
        ImpactVerdict::Yes | ImpactVerdict::No => "",
    });
    let why =
        if why.is_empty() { String::new() } else { format!(": {}", cut(why, WHY_LENGTH_MAX)) };
    let rests_on = answer.rests_on.iter().filter_map(|seq| at(case, *seq));
    let proofs: Vec<String> = rests_on.map(|evidence| evidence.proof(false)).collect();
    let proofs =
        if proofs.is_empty() { String::new() } else { format!(" – {}", proofs.join("; ")) };
    let news = match state.news.is_empty() {
        true => String::new(),
        false => format!("LOOK AGAIN, since then: {}. ", state.news.join(", ")),
    };
    format!(
        "{name} · {news}{asked} {}, said {} at {}{why}{proofs}",
        answer.verdict.words().to_uppercase(),
        cut(&clean(&press.name), 80),
        utc(press.at)
    )
}

fn choice(case: &Case, state: &ImpactState<'_>, verdict: ImpactVerdict) -> Value {
    let (question, seq) = (state.question, state.seq);
    let action = ButtonAction::Impact { case: case.id().clone(), question, seq, verdict };
    let label = match verdict {
        ImpactVerdict::Yes => "Yes",
        ImpactVerdict::No => "No",
        ImpactVerdict::NotKnown => "Not known",
    };
    button(label, &action.id(), &action.value(), Look::Plain, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Event, Phase};
    use crate::domain::impact_evidence::needed;
    use crate::domain::policy::Policy;
    use crate::domain::reading::{AnswerNote, TrailView};
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, at as second, opened, person, press};
    use crate::ports::chat::View;
    use crate::slack::cards::draw;
    use crate::slack::sketch::Means;

    /// Words that would ring everybody and link elsewhere, if anything read them as markup.
    const HOSTILE: &str = "<!channel> *no* <https://evil.example|here>\u{202e}";

    fn drawn(case: &Case) -> String {
        let policy = Policy::default();
        let scene = Scene { case, policy: &policy, now: second(30) };
        let drawn = draw(&View::Impact(scene), Means::Full);
        serde_json::to_string(&drawn.blocks).unwrap()
    }

    fn answered(case: &mut Case, rows: u64) {
        let all = ImpactQuestion::ALL.iter().flat_map(|question| needed(*question));
        for needed in all {
            let view = TrailView {
                bytes_scanned: u64::MAX,
                first: Some(second(0)),
                data_events_from: None,
                truncated: false,
                lacking: Vec::new(),
            };
            let answer = AnswerNote {
                asked: 1,
                question: needed.id.to_owned(),
                sentence: "said".to_owned(),
                rows,
                cut_sha256: "c".repeat(64),
                answer_sha256: "a".repeat(64),
                sql_sha256: "b".repeat(64),
                watermark: Some(second(40)),
                attack: Vec::new(),
                view: Some(view),
            };
            add(case, Actor::Keyleak, Event::Answered { answer: Box::new(answer) });
        }
    }

    #[test]
    fn the_fullest_card_fits_a_message_and_keeps_its_buttons() {
        let mut case = opened();
        press(&mut case, Phase::Impact);
        answered(&mut case, u64::MAX);
        let card = drawn(&case);
        for question in ImpactQuestion::ALL {
            let seq = crate::domain::impact_state::state(&case, question).seq;
            let value = format!("{}|{}|{seq}", case.id(), question.slug());
            assert_eq!(card.matches(&value).count(), 3, "{value}: {card}");
        }
        assert!(card.contains("0 of 9 answered") && !card.contains("mrkdwn"), "{card}");
    }

    #[test]
    fn an_answer_shows_its_author_and_evidence_and_words_that_do_nothing() {
        let mut case = opened();
        answered(&mut case, 3);
        let question = ImpactQuestion::Guardrails;
        let (verdict, why) = (ImpactVerdict::No, Some(format!("{HOSTILE} was the owner")));
        let word = crate::domain::impact::ImpactWord { question, verdict, why };
        let answer = Box::new(crate::domain::impact_state::answered(&case, &word).unwrap());
        let bob = Actor::Person { person: person("bob"), name: Some("bob".to_owned()) };
        add(&mut case, bob, Event::Impact { answer });
        let card = drawn(&case);
        for said in ["1 of 9 answered", "NO, said bob at", "Q40: 3 rows (answer aaaaaaa"] {
            assert!(card.contains(said), "{said}: {card}");
        }
        assert!(!card.contains("|guardrails|"), "it has no buttons any more: {card}");
        assert!(card.contains("|business|") && !card.contains("mrkdwn"), "{card}");
        assert!(!card.contains('\u{202e}'), "{card}");
    }
}
