//! The recovery as people work through it: what was lost, what becomes of each, and the key.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::hardening::{self, Hardening};
use crate::domain::key_making;
use crate::domain::plan_state::PlanState;
use crate::domain::recovering::{self, Silence, silence};
use crate::domain::recovery::Item;
use crate::domain::recovery_step::Remedy;
use crate::domain::replacing;
use crate::domain::report::{plan_words, recovery_of};
use crate::domain::time_words::utc;
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Confirm, Look, bold, button, clean, code, context, cut, field, header, list, newline,
    paragraph, plain, preformatted, rich, rows, text,
};
use crate::slack::sketch::Sketch;
use serde_json::{Value, json};

/// Losses with buttons; as they are settled, the next come up.
const OPEN_SHOWN_MAX: usize = 10;
/// Losses that are settled already, the last of them.
const SETTLED_SHOWN_MAX: usize = 5;
/// One name on the card; the report has all of it.
const NAME_LENGTH_MAX: usize = 120;

/// The card as the recovery stands now.
pub(super) fn sketch(scene: &Scene<'_>) -> Sketch {
    let case = scene.case;
    let title = format!("Recovery for key {}", case.opening().key);
    let tally = recovering::tally(case).words();
    let said = match (tally.is_empty(), case.survey()) {
        (true, None) => "the trail was not read, so nothing is known".to_owned(),
        (true, Some(_)) => "nothing found lost".to_owned(),
        (false, _) => tally.join("; "),
    };
    let mut blocks = vec![
        header(&title),
        rich("recovery.status", vec![paragraph(status(case, &said))]),
        rich("recovery.replacement", replacement(case)),
    ];
    blocks.extend(losses(case));
    blocks.extend(hardening(case));
    let mut tail = rows("recovery.key", confirm(case).into_iter().collect());
    tail.push(context(&format!(
        "Case {} · who sees to a loss: /keyleak rotate-owner and its number, then who",
        case.id()
    )));
    Sketch { text: format!("{title}: {said}"), blocks, tail }
}

fn status(case: &Case, said: &str) -> Vec<Value> {
    let mut parts = vec![bold("Losses: "), text(said)];
    for line in recovery_of(case) {
        parts.extend([newline(), text(&field(&line))]);
    }
    for open in recovering::open(case) {
        parts.extend([newline(), bold("Open: "), text(&open)]);
    }
    parts
}

fn replacement(case: &Case) -> Vec<Value> {
    let Some((press, with, reason)) = case.recovery().replacement() else {
        return vec![paragraph(vec![bold("The key: "), text(replacing::QUESTION)])];
    };
    let said = format!("{}, said {}: {}", with.words(), field(&press.name), field(reason));
    if let Some(line) = made_by_keyleak(case) {
        let head = vec![bold("In the place of the key: "), text(&said), newline(), text(&line)];
        return vec![paragraph(head)];
    }
    let not_made = case.recovery().not_made().filter(|(seq, _)| *seq > press.seq);
    let not_made = not_made.map(|(_, why)| format!("keyleak makes none: {}", field(why)));
    let not_made = not_made.map_or_else(Vec::new, |why| vec![newline(), text(&why)]);
    let limits = replacing::limits(case).into_iter().map(|limit| vec![text(&limit)]).collect();
    vec![
        paragraph([vec![bold("In the place of the key: "), text(&said)], not_made].concat()),
        list(limits, false),
        preformatted(&replacing::commands(case, *with)),
    ]
}

/// How far keyleak's own plan for a new key is; none where people make it.
fn made_by_keyleak(case: &Case) -> Option<String> {
    let dead = |state: &&PlanState| state.dead_because().is_some();
    let state = key_making::newest(case).filter(|state| !dead(state))?;
    Some(plan_words(state))
}

fn losses(case: &Case) -> Vec<Value> {
    let is_open = |item: &&Item| item.settled.is_none();
    let open: Vec<&Item> = recovering::items(case).filter(is_open).collect();
    let settled: Vec<&Item> =
        recovering::items(case).filter(|item| item.settled.is_some()).collect();
    let mut blocks = Vec::new();
    for item in open.iter().take(OPEN_SHOWN_MAX) {
        blocks.extend(open_item(case, item));
    }
    let last = settled.len().saturating_sub(SETTLED_SHOWN_MAX);
    let done: Vec<Vec<Value>> = settled[last..].iter().map(|item| settled_item(item)).collect();
    if !done.is_empty() {
        blocks.push(rich("recovery.settled", vec![list(done, false)]));
    }
    let left_out = open.len().saturating_sub(OPEN_SHOWN_MAX) + last;
    if left_out > 0 {
        blocks.push(context(&format!(
            "{left_out} more are not shown here. Open ones come up as these are settled; all are \
             in the report and in `keyleak status {}`.",
            case.id()
        )));
    }
    blocks
}

/// A read loss with its check-off beside it; a destroyed one with three choices below it.
fn open_item(case: &Case, item: &Item) -> Vec<Value> {
    let said = cut(&clean(&words(item)), NAME_LENGTH_MAX * 3);
    let id = format!("recovery.loss.{}", item.number);
    if case.closed_at().is_some() {
        return vec![json!({ "type": "section", "block_id": id, "text": plain(&said, 3_000) })];
    }
    if item.loss.kind.is_read() {
        let accessory = settle(case, item, Remedy::Rotate);
        return vec![json!({
            "type": "section",
            "block_id": id,
            "text": plain(&said, 3_000),
            "accessory": accessory,
        })];
    }
    let choices = [Remedy::Restore, Remedy::Rebuild, Remedy::Drop];
    let choices: Vec<Value> = choices.map(|remedy| settle(case, item, remedy)).into();
    vec![
        json!({ "type": "section", "block_id": id, "text": plain(&said, 3_000) }),
        json!({ "type": "actions", "block_id": format!("{id}.choice"), "elements": choices }),
    ]
}

/// What would have made the case smaller: open measures with a button, and who did the others.
fn hardening(case: &Case) -> Vec<Value> {
    let (done, open): (Vec<_>, Vec<_>) =
        hardening::checklist(case).into_iter().partition(|item| item.done.is_some());
    if done.is_empty() && open.is_empty() {
        return Vec::new();
    }
    let all = done.len() + open.len();
    let head =
        format!("So that it cannot happen like this again, {} of {all} in place:", done.len());
    let done: Vec<_> = done.iter().map(measure_in_place).collect();
    let done = (!done.is_empty()).then(|| list(done, false));
    let head = [paragraph(vec![text(&head)])].into_iter().chain(done).collect();
    let mut blocks = vec![rich("hardening", head)];
    blocks.extend(open.iter().map(|item| open_measure(case, item)));
    blocks
}

fn measure_in_place(item: &Hardening) -> Vec<Value> {
    let said = item
        .done
        .as_ref()
        .map(|press| format!(": in place, said {} at {}", field(&press.name), utc(press.at)));
    vec![text(item.measure.words()), text(&said.unwrap_or_default())]
}

fn open_measure(case: &Case, item: &Hardening) -> Value {
    let id = format!("hardening.{}", item.measure.slug());
    let said = plain(&clean(&hardening::line(item)), 3_000);
    let mut block = json!({ "type": "section", "block_id": id, "text": said });
    if case.closed_at().is_none() {
        let action = ButtonAction::Harden { case: case.id().clone(), measure: item.measure };
        let dialog = Confirm {
            title: "Is it in place?".to_owned(),
            text: "Your word stands in the journal. That cannot be taken back.".to_owned(),
            yes: "It is".to_owned(),
            danger: false,
        };
        block["accessory"] =
            button("In place", &action.id(), &action.value(), Look::Plain, Some(dialog));
    }
    block
}

fn words(item: &Item) -> String {
    let mut loss = item.loss.clone();
    loss.name = cut(&clean(&loss.name), NAME_LENGTH_MAX);
    let owner = item.owner.as_ref().map(|owner| format!(" – {owner} sees to it"));
    let again = item.reopened.map(|at| format!(" – OPEN AGAIN, last at {}", utc(at)));
    format!(
        "{}{}. {}{} – by {}, first {}",
        item.number,
        again.unwrap_or_default(),
        recovering::line(&loss),
        owner.unwrap_or_default(),
        cut(&clean(&loss.by), NAME_LENGTH_MAX),
        utc(loss.first)
    )
}

fn settled_item(item: &Item) -> Vec<Value> {
    let said = item.settled.as_ref().map(|(press, remedy)| {
        format!(": {}, said {} at {}", remedy.words(), field(&press.name), utc(press.at))
    });
    vec![
        text(&format!("{}. ", item.number)),
        code(&cut(&clean(&item.loss.name), NAME_LENGTH_MAX)),
        text(&said.unwrap_or_default()),
    ]
}

fn settle(case: &Case, item: &Item, remedy: Remedy) -> Value {
    let (number, seq) = (item.number, item.seq);
    let action = ButtonAction::Settle { case: case.id().clone(), loss: number, seq, remedy };
    let label = match remedy {
        Remedy::Rotate => format!("{number} is rotated"),
        Remedy::Restore => format!("Restore {number}"),
        Remedy::Rebuild => format!("Rebuild {number}"),
        Remedy::Drop => format!("Drop {number}"),
    };
    let dialog = Confirm {
        title: format!("Loss {number}"),
        text: format!("It is written down as: {}. That cannot be taken back.", remedy.words()),
        yes: "Yes".to_owned(),
        danger: false,
    };
    button(&label, &action.id(), &action.value(), Look::Plain, Some(dialog))
}

/// The owner's word that all is well, with what the trail says of the key in the question.
fn confirm(case: &Case) -> Option<Value> {
    let silence = silence(case).filter(|_| case.closed_at().is_none())?;
    if recovering::is_confirmed(case) {
        return None;
    }
    let used = silence.broken_at().map_or(0, |at| at.as_second());
    let action = ButtonAction::Confirm { case: case.id().clone(), used };
    let dialog = Confirm {
        title: "Does the workload run, is the old key silent?".to_owned(),
        text: shown(&silence),
        yes: "Both are so".to_owned(),
        danger: silence.broken_at().is_some(),
    };
    let label = "The workload runs, the old key is silent";
    Some(button(label, &action.id(), &action.value(), Look::Plain, Some(dialog)))
}

fn shown(silence: &Silence) -> String {
    let contained = utc(silence.contained_at);
    match (silence.broken_at(), silence.told_until) {
        (Some(at), _) => format!(
            "The key WAS USED with success at {}, after the containment at {contained}. Find out \
             by whom first; your word stands in the journal with that time.",
            utc(at)
        ),
        (None, Some(told)) => format!(
            "No use with success after the containment at {contained}, as far as the trail tells \
             up to {}. Your word stands in the journal.",
            utc(told)
        ),
        (None, None) => format!(
            "The trail was not read to its end, so nothing is known of uses after the containment at \
             {contained}. Your word stands in the journal."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::measure::Measure;
    use crate::domain::policy::Policy;
    use crate::domain::record::Actor;
    use crate::domain::recovery_step::RecoveryStep;
    use crate::domain::sample::{add, at, opened, person};

    fn drawn(case: &Case) -> String {
        let policy = Policy::default();
        serde_json::to_string(&sketch(&Scene { case, policy: &policy, now: at(30) }).blocks)
            .unwrap()
    }

    #[test]
    fn what_would_have_made_the_case_smaller_is_checked_off_on_the_card() {
        let mut case = opened();
        let before = drawn(&case);
        let value = format!("{}|expiring_credentials", case.id());
        for said in ["like this again, 0 of", "credentials that expire", "hardening.done", &value] {
            assert!(before.contains(said), "{said}: {before}");
        }
        let step = RecoveryStep::Hardened { measure: Measure::ExpiringCredentials };
        let bob = Actor::Person { person: person("bob"), name: Some("bob".to_owned()) };
        add(&mut case, bob, Event::Recovery { step: Box::new(step) });
        let after = drawn(&case);
        assert!(after.contains("like this again, 1 of") && !after.contains(&value), "{after}");
        assert!(after.contains("credentials that expire by themselves"), "it stays: {after}");
    }
}
