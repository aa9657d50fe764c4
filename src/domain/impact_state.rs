//! Where each of the nine impact questions stands: what keyleak proposes, and what a person said.

use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::impact::{ImpactAnswer, ImpactQuestion, ImpactVerdict, ImpactWord};
use crate::domain::impact_evidence::{Evidence, at, blind, evidence, is_judged, missing};
use crate::domain::record::Press;

/// One of the nine in one case.
#[derive(Debug, Clone)]
pub struct ImpactState<'a> {
    pub question: ImpactQuestion,
    /// The newest there is.
    pub evidence: Vec<Evidence<'a>>,
    pub proposal: Proposal,
    /// The last answer, and how many it took the place of.
    pub answer: Option<&'a (Press, ImpactAnswer)>,
    pub earlier: usize,
    /// What has more rows now than when a person said otherwise than yes.
    pub news: Vec<String>,
    /// The last record about it; a button that was drawn before it is old.
    pub seq: u64,
}

/// What the evidence speaks for; a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub verdict: ImpactVerdict,
    pub because: String,
}

/// Why an answer does not count; the text says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error(
        "there is no evidence for a \"no\" yet: {what} has no answer in this case. Press {} first, \
         or say `unknown`", titles(.phases)
    )]
    NotAsked { what: String, phases: Vec<Phase> },
    #[error("a \"no\" cannot be shown: {0}. Say `unknown`; this reason is written down with it")]
    CouldNotShow(String),
    #[error(
        "{0}, so a \"no\" needs your words: `/keyleak impact {1} no` and why these do not count"
    )]
    Contradicted(String, &'static str),
    #[error(
        "no query can answer that, so it needs your words: `/keyleak impact {} {}` and what it \
         rests on", .0.slug(), .1.words()
    )]
    Judged(ImpactQuestion, ImpactVerdict),
    #[error(
        "nothing that was found says so, so a \"yes\" needs your words: `/keyleak impact {0} yes` \
         and what it rests on"
    )]
    Unfounded(&'static str),
}

/// All nine, in the playbook's order.
pub fn states(case: &Case) -> Vec<ImpactState<'_>> {
    ImpactQuestion::ALL.into_iter().map(|question| state(case, question)).collect()
}

/// One of the nine.
pub fn state(case: &Case, question: ImpactQuestion) -> ImpactState<'_> {
    let evidence = evidence(case, question);
    let said = case.impact_answers().iter().filter(|(_, answer)| answer.question == question);
    let (answer, count) = (said.clone().next_back(), said.count());
    let newest = evidence.iter().map(|evidence| evidence.seq).max();
    let seq = newest.max(answer.map(|(press, _)| press.seq)).unwrap_or_default();
    let news = answer.map(|(_, answer)| news(case, answer, &evidence)).unwrap_or_default();
    let (proposal, earlier) = (proposal(case, question), count.saturating_sub(1));
    ImpactState { question, evidence, proposal, answer, earlier, news, seq }
}

/// Those that nobody has answered, or that have to be looked at again.
pub fn open(case: &Case) -> Vec<ImpactQuestion> {
    let is_open = |state: &ImpactState<'_>| state.answer.is_none() || !state.news.is_empty();
    states(case).iter().filter(|state| is_open(state)).map(|state| state.question).collect()
}

/// What the evidence of a case speaks for.
pub fn proposal(case: &Case, question: ImpactQuestion) -> Proposal {
    let found = finding(case, question);
    let unknown = |because| Proposal { verdict: ImpactVerdict::NotKnown, because };
    if !found.is_empty() && !is_judged(question) {
        let because = format!("{found}; read whether they are the actor's, and what succeeded");
        return Proposal { verdict: ImpactVerdict::Yes, because };
    }
    let missing = missing(case, question);
    if !missing.is_empty() {
        return unknown(format!(
            "not answered yet: {} (press {})",
            what(&missing),
            press(&missing)
        ));
    }
    if let Some(blind) = blind(case, question) {
        return unknown(blind);
    }
    let evidence = evidence(case, question);
    let names: Vec<&str> = evidence.iter().map(Evidence::name).collect();
    if is_judged(question) {
        return unknown(format!("a person has to judge that; read {}", names.join(", ")));
    }
    let because = format!("{} found nothing, and would have", names.join(", "));
    Proposal { verdict: ImpactVerdict::No, because }
}

/// The answer that a person's word makes, or why it makes none.
pub fn answered(case: &Case, word: &ImpactWord) -> Result<ImpactAnswer, NoAnswer> {
    let question = word.question;
    match word.verdict {
        ImpactVerdict::Yes => founded(case, word)?,
        ImpactVerdict::No => shown(case, word)?,
        ImpactVerdict::NotKnown => {}
    }
    let Proposal { verdict: proposed, because } = proposal(case, question);
    Ok(ImpactAnswer {
        question,
        verdict: word.verdict,
        why: word.why.clone(),
        rests_on: evidence(case, question).iter().map(|evidence| evidence.seq).collect(),
        proposed,
        because,
    })
}

/// A "no" rests on answers that would have shown a "yes"; words explain rows away, and no more.
fn shown(case: &Case, word: &ImpactWord) -> Result<(), NoAnswer> {
    let question = word.question;
    let missing = missing(case, question);
    if !missing.is_empty() {
        let mut phases: Vec<Phase> = missing.iter().map(|(_, phase)| *phase).collect();
        phases.dedup();
        return Err(NoAnswer::NotAsked { what: what(&missing), phases });
    }
    if let Some(why) = blind(case, question) {
        return Err(NoAnswer::CouldNotShow(why));
    }
    let found = finding(case, question);
    match (&word.why, is_judged(question)) {
        (Some(_), _) => Ok(()),
        (None, true) => Err(NoAnswer::Judged(question, word.verdict)),
        (None, false) if found.is_empty() => Ok(()),
        (None, false) => Err(NoAnswer::Contradicted(found, question.slug())),
    }
}

fn founded(case: &Case, word: &ImpactWord) -> Result<(), NoAnswer> {
    let question = word.question;
    match (&word.why, is_judged(question)) {
        (Some(_), _) => Ok(()),
        (None, true) => Err(NoAnswer::Judged(question, word.verdict)),
        (None, false) if finding(case, question).is_empty() => {
            Err(NoAnswer::Unfounded(question.slug()))
        }
        (None, false) => Ok(()),
    }
}

/// What of the evidence has rows or alerts, in words; empty where none has.
fn finding(case: &Case, question: ImpactQuestion) -> String {
    let evidence = evidence(case, question);
    let found = evidence.iter().filter(|evidence| evidence.finds() > 0);
    found.map(Evidence::found).collect::<Vec<_>>().join(", ")
}

/// What an answer did not know of.
fn news(case: &Case, answer: &ImpactAnswer, evidence: &[Evidence<'_>]) -> Vec<String> {
    if answer.verdict == ImpactVerdict::Yes {
        return Vec::new();
    }
    let known: Vec<Evidence<'_>> =
        answer.rests_on.iter().filter_map(|seq| at(case, *seq)).collect();
    let before = |now: &Evidence<'_>| {
        let then = known.iter().find(|then| then.name() == now.name());
        then.map_or(0, Evidence::finds)
    };
    let newer = evidence.iter().filter(|now| now.finds() > before(now));
    newer.map(Evidence::found).collect()
}

fn what(missing: &[(&str, Phase)]) -> String {
    missing.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ")
}

fn press(missing: &[(&str, Phase)]) -> String {
    let mut all: Vec<Phase> = missing.iter().map(|(_, phase)| *phase).collect();
    all.dedup();
    titles(&all)
}

fn titles(all: &[Phase]) -> String {
    all.iter().map(|phase| phase.title()).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
