//! The five findings of an investigation, each with what it rests on, how sure it is, and what
//! nobody knows.

use crate::domain::case::Case;
use crate::domain::hardening::checklist;
use crate::domain::ids::KeyKind;
use crate::domain::impact::{ImpactQuestion, ImpactVerdict};
use crate::domain::impact_state::state;
use crate::domain::measure::Measure;
use crate::domain::owner_asked;
use crate::domain::reading::AnswerNote;
use crate::domain::recovering::tally;
use crate::domain::report::calls::newest;
use crate::domain::report::exhibit::{Exhibits, SOURCES, told};
use crate::domain::report::shape::{Confidence, Finding};
use crate::domain::report::{looked, status_words, times_to_contain, words};
use crate::domain::resources_left::standing;
use crate::domain::time_words::utc;
use std::collections::BTreeSet;

/// So many names stand in one sentence.
const NAMED_MAX: usize = 8;

/// What rows of a question are signs of.
const INTENTS: [(&str, &str, &[&str]); 6] = [
    ("to stay", "persistence", &["Q21", "Q22"]),
    ("to gain rights", "privilege escalation", &["Q23"]),
    ("to take data", "theft of data", &["Q31", "Q33", "Q35", "Q36"]),
    ("to destroy or extort", "destruction", &["Q32"]),
    ("to use what others pay for", "abuse of resources", &["Q37", "Q38", "Q39"]),
    ("not to be seen", "evasion", &["Q40", "Q41"]),
];

/// A few sentences for whoever reads no further.
pub(super) fn summary(case: &Case) -> Vec<String> {
    let mut lines = vec![
        format!("{}. {}.", words::subject(case), words::opened(case)),
        format!("It stands so: {}.", status_words(case)),
    ];
    lines.extend(words::time_to_contain(times_to_contain(case)).map(|line| format!("{line}.")));
    let grown = case.survey().map(|(_, survey)| {
        survey.nodes.iter().filter(|node| node.depth > 0 && !node.older).count()
    });
    lines.push(match grown {
        None => "What grew from the key is not known: the trail was not read.".to_owned(),
        Some(0) => "The trail shows nothing that grew from the key.".to_owned(),
        Some(grown) => format!("{} from the key.", words::grown(grown, "") + " grew"),
    });
    lines.push(loss(case));
    lines
}

fn loss(case: &Case) -> String {
    let tally = tally(case);
    match (case.survey(), tally.read, tally.destroyed) {
        (None, _, _) => "What was read or destroyed is not known.".to_owned(),
        (Some(_), 0, 0) => "The trail shows nothing that was read or destroyed.".to_owned(),
        (Some(_), read, destroyed) => format!("The actor read {read} and destroyed {destroyed}."),
    }
}

/// All five, in the order in which people ask.
pub(super) fn findings(case: &Case, exhibits: &Exhibits) -> Vec<Finding> {
    vec![
        vulnerability(case),
        tools(case, exhibits),
        intent(case),
        attribution(case, exhibits),
        damage(case),
    ]
}

fn vulnerability(case: &Case) -> Finding {
    let mut known = Vec::new();
    if case.opening().key.kind() == KeyKind::LongTerm {
        known.push("a long-term access key, which works until somebody ends it".to_owned());
    }
    if let Some(place) = &case.opening().found_where {
        known.push(format!("it was found: {} (in the words of whoever reported it)", told(place)));
    }
    let of_key = [
        Measure::KeyAge,
        Measure::LeastPrivilege,
        Measure::PrincipalMaking,
        Measure::SessionMinting,
        Measure::Mfa,
        Measure::UseAlarm,
        Measure::GuardDuty,
        Measure::OrganizationTrail,
    ];
    let gaps = checklist(case).into_iter().filter(|item| of_key.contains(&item.measure));
    known.extend(gaps.map(|item| item.because));
    let named = case.team().cause();
    if let Some(named) = named {
        let (word, means, by) = (named.cause.word(), named.cause.means(), &named.press.name);
        known.push(format!("root cause {word}: {means}, says {by}: {}", named.reason));
    }
    let confidence = match (named, &case.opening().found_where) {
        (Some(_), _) | (None, Some(_)) => Confidence::Medium,
        (None, None) => Confidence::Low,
    };
    let unknown = "how the key got to where it was found".to_owned();
    Finding {
        id: "vulnerability".to_owned(),
        title: "Vulnerability: what let this happen".to_owned(),
        confidence,
        why: "it rests on the report and on what IAM and the trail told; the root cause is for \
              people to say"
            .to_owned(),
        known: known.iter().map(|line| told(line)).collect(),
        not_known: if named.is_some() { Vec::new() } else { vec![unknown] },
    }
}

fn tools(case: &Case, exhibits: &Exhibits) -> Finding {
    let mut known: Vec<String> = looked::attack(case)
        .into_iter()
        .map(|one| format!("{} (rows of {})", one.words, one.questions.join(", ")))
        .collect();
    let techniques = known.len();
    let agents = newest(case, exhibits, SOURCES).map(|(record, rows)| {
        let agents = rows.columns_of(["user_agent"]).into_iter();
        let agents: BTreeSet<String> = agents.map(|[agent]| told(agent)).collect();
        (record, agents.into_iter().filter(|agent| !agent.is_empty()).collect::<Vec<_>>())
    });
    let mut not_known = Vec::new();
    match agents {
        Some((record, agents)) => known
            .push(format!("programs, as they call themselves (record {record}): {}", few(&agents))),
        None => not_known.push("which programs were used: the rows of Q12 are not here".to_owned()),
    }
    if techniques == 0 {
        not_known.push("techniques: no question that names one had rows".to_owned());
    }
    not_known.push("whether a user agent says the truth: it is what the caller claims".to_owned());
    Finding {
        id: "exploits_and_tools".to_owned(),
        title: "Exploits and tools observed".to_owned(),
        confidence: if techniques > 0 { Confidence::Medium } else { Confidence::Low },
        why: "rows may be signs of a technique; who reads them decides".to_owned(),
        known,
        not_known,
    }
}

fn intent(case: &Case) -> Finding {
    let newest = |id: &str| case.answers().iter().rev().find(|(_, note)| note.question == id);
    let (mut known, mut not_known) = (Vec::new(), Vec::new());
    for (purpose, sign, questions) in INTENTS {
        let asked: Vec<&(u64, AnswerNote)> = questions.iter().filter_map(|id| newest(id)).collect();
        let with_rows: Vec<String> = asked
            .iter()
            .filter(|(_, note)| note.rows > 0)
            .map(|(record, note)| {
                format!("{} has {} rows, record {record}", note.question, note.rows)
            })
            .collect();
        if !with_rows.is_empty() {
            known.push(format!("{purpose}: signs of {sign} ({})", with_rows.join("; ")));
        } else if asked.len() < questions.len() {
            let left: Vec<&str> =
                questions.iter().copied().filter(|id| newest(id).is_none()).collect();
            not_known.push(format!("{purpose}: {} was not asked", left.join(", ")));
        }
    }
    if known.is_empty() && not_known.is_empty() {
        known.push("every question about it was asked, and none had rows".to_owned());
    }
    let confidence = match (known.is_empty(), not_known.is_empty()) {
        (true, _) => Confidence::None,
        (false, false) => Confidence::Low,
        (false, true) => Confidence::Medium,
    };
    Finding {
        id: "intent".to_owned(),
        title: "Intent: what the actor was after".to_owned(),
        confidence,
        why: "it is inferred from calls, and rows of lawful work count too".to_owned(),
        known,
        not_known,
    }
}

fn attribution(case: &Case, exhibits: &Exhibits) -> Finding {
    let mut known = Vec::new();
    if let Some((record, rows)) = newest(case, exhibits, SOURCES) {
        let addresses: BTreeSet<String> =
            rows.columns_of(["source_ip"]).into_iter().map(|[ip]| told(ip)).collect();
        let addresses: Vec<String> = addresses.into_iter().filter(|ip| !ip.is_empty()).collect();
        known.push(format!("addresses of calls (record {record}): {}", few(&addresses)));
    }
    if let Some(event) = case.exposure().told_by_trail().then(|| case.exposed_since()).flatten() {
        known.push(format!("the first use unlike the owner's was at {}", utc(event)));
    }
    let owner = owner_asked::standing(case);
    known.extend(owner.map(|said| format!("the key's owner: {}", told(&said))));
    let insider = state(case, ImpactQuestion::Insider);
    let said = insider.answer.map(|(press, answer)| (press, answer.verdict));
    let confidence = match said {
        Some((press, verdict)) => {
            let (word, by, at) = (verdict.words(), &press.name, utc(press.at));
            known.push(format!("an insider? {word}, said {by} at {at}"));
            if verdict == ImpactVerdict::NotKnown { Confidence::Low } else { Confidence::Medium }
        }
        None => Confidence::Low,
    };
    Finding {
        id: "attribution".to_owned(),
        title: "Attribution: who it was".to_owned(),
        confidence,
        why: "an address and a program are not a person; keyleak names nobody".to_owned(),
        known,
        not_known: vec!["who is behind the addresses".to_owned()],
    }
}

fn damage(case: &Case) -> Finding {
    let mut known = Vec::new();
    if case.survey().is_some() {
        known.push(loss(case));
        let made = standing(case).len();
        known.push(format!("resources that the actor made or changed: {made}"));
    }
    for question in [ImpactQuestion::Exfiltration, ImpactQuestion::Business] {
        if let Some((press, answer)) = state(case, question).answer {
            let (word, by) = (answer.verdict.words(), &press.name);
            known.push(format!("{} {word}, said {by}", question.words()));
        }
    }
    let mut not_known = vec!["what it cost: bills come days later, see Cost Explorer".to_owned()];
    let open =
        [ImpactQuestion::Exfiltration, ImpactQuestion::Business, ImpactQuestion::Classification];
    let open = open.into_iter().filter(|question| state(case, *question).answer.is_none());
    not_known.extend(open.map(|question| question.words().to_owned()));
    let confidence = match (case.survey(), not_known.len()) {
        (None, _) => Confidence::None,
        (Some(_), 1) => Confidence::Medium,
        (Some(_), _) => Confidence::Low,
    };
    Finding {
        id: "damage".to_owned(),
        title: "Damage".to_owned(),
        confidence,
        why: "reads of objects show only where data events are recorded".to_owned(),
        known,
        not_known,
    }
}

fn few(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_MAX).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED_MAX) {
        0 if shown.is_empty() => "none recorded".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
