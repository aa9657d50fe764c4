//! Everything that the bot can show in Slack, drawn from one long case for a text of the test's.

use crate::hostile_answer::{answer, margin};
use crate::hostile_case::{ANA, BOB, CYN, TEAM, at};
use crate::hostile_stages::stages;
use jiff::SignedDuration;
use keyleak::domain::announce::{announcements, asked_key};
use keyleak::domain::button::PlanAddress;
use keyleak::domain::case::Case;
use keyleak::domain::conduct::{Conduct, Ladder};
use keyleak::domain::home::{Home, HomeLine};
use keyleak::domain::ids::{AccessKeyId, ChannelId, MessageTs};
use keyleak::domain::impact::ImpactQuestion;
use keyleak::domain::intake::{IntakeError, IntakeField, IntakeStart};
use keyleak::domain::plan::PlanRules;
use keyleak::domain::plan_state::PlanState;
use keyleak::domain::policy::Policy;
use keyleak::domain::rounds;
use keyleak::domain::rung::{Call, Rung};
use keyleak::domain::severity::Severity;
use keyleak::domain::stakeholders::digests;
use keyleak::flow::tell::beside;
use keyleak::ports::chat::{ChatError, Form, Kept, Scene, View};
use keyleak::slack::cards::draw;
use keyleak::slack::intake_modal::{self, FileField};
use keyleak::slack::links::Links;
use keyleak::slack::sketch::{Drawn, Means};
use keyleak::slack::{home_view, impact_card, plan_form, telling};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who may be mentioned at all, beside the people of the case.
pub(crate) const OWNER: &str = "U0DAN00004";
const NEXT: &str = "U0NIK00005";
const LEGAL: &str = "U0LEA00006";
pub(crate) const WORKSPACE: &str = "https://acme.slack.com/";

/// Where Slack shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    Message,
    Modal,
    Home,
    /// Words under the fields of a form.
    Errors,
}

/// One thing that people see.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// The point of the case and the key of the message, or what else it is.
    pub(crate) name: String,
    pub(crate) surface: Surface,
    /// What stands in notifications; of messages only.
    pub(crate) text: String,
    /// The blocks of a message, the whole view, or the answer to a form.
    pub(crate) drawn: Value,
}

/// Whoever may be mentioned.
pub(crate) fn mentionable() -> BTreeSet<&'static str> {
    [ANA, BOB, CYN, OWNER, NEXT, LEGAL].into()
}

/// The rules by which the people of the case are asked.
pub(crate) fn policy() -> Policy {
    let set = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect();
    let wait = SignedDuration::from_mins(1);
    let ladder = Ladder {
        remind_after: Some(wait),
        next_after: Some(wait * 2),
        next: set(&[NEXT]),
        page_after: None,
    };
    let updates = Severity::ALL.map(|severity| (severity, wait)).into();
    let conduct = Conduct {
        updates,
        ladder,
        legal: set(&[LEGAL]),
        ask_owner: true,
        stakeholders: Some(ChannelId("C0NEWS00001".to_owned())),
        ..Conduct::default()
    };
    Policy {
        team: TEAM.to_owned(),
        responders: set(&[ANA]),
        approvers: set(&[BOB, CYN]),
        key_owners: [("payments".to_owned(), OWNER.to_owned())].into(),
        conduct,
        ..Policy::default()
    }
}

/// All of it; what looks the same at two points is there once.
pub(crate) fn pictures(text: &str) -> Vec<Picture> {
    let mut all: Vec<Picture> = Vec::new();
    let mut seen = BTreeSet::new();
    for (stage, case) in stages(text) {
        for mut picture in of_case(&case, text) {
            if seen.insert(format!("{}{}", picture.text, picture.drawn)) {
                picture.name = format!("{stage}: {}", picture.name);
                all.push(picture);
            }
        }
    }
    all.extend(of_no_case(text));
    all
}

fn of_case(case: &Case, text: &str) -> Vec<Picture> {
    let policy = policy();
    // Long after the last record, so that all that comes by the clock is due.
    let late = at(case.seq()) + SignedDuration::from_hours(2_000);
    let mut pictures = Vec::new();
    let soon = at(case.seq()) + SignedDuration::from_mins(5);
    let scene = Scene { case, policy: &policy, now: soon };
    let scenes = [scene, Scene { now: late, ..scene }];
    let by_clock = rounds::due(case, &policy, late).due.into_iter().map(|one| one.key.0);
    let by_clock: BTreeSet<String> = by_clock.collect();
    for (name, view) in views(&scenes[0], text) {
        pictures.push(message(&name, draw(&view, Means::Plain)));
    }
    let late = views(&scenes[1], text).into_iter().filter(|(name, _)| by_clock.contains(name));
    pictures.extend(late.map(|(name, view)| message(&name, draw(&view, Means::Plain))));
    pictures.extend(forms(&scene));
    pictures
}

/// The name of what a view shows; one that is added here has to be drawn above as well.
pub(crate) fn kind(view: &View<'_>) -> &'static str {
    match view {
        View::Card(_) => "Card",
        View::Details(_) => "Details",
        View::Plan(..) => "Plan",
        View::Ways(..) => "Ways",
        View::Summary(..) => "Summary",
        View::Update(..) => "Update",
        View::Rung(..) => "Rung",
        View::Legal(..) => "Legal",
        View::Digest(..) => "Digest",
        View::Owner(_) => "Owner",
        View::Checklist(..) => "Checklist",
        View::Task(..) => "Task",
        View::Letter(_) => "Letter",
        View::Recovery(_) => "Recovery",
        View::Impact(_) => "Impact",
        View::Progress(..) => "Progress",
        View::Answer(..) => "Answer",
        View::Reply(..) => "Reply",
        View::Notice(..) => "Notice",
        View::Alarm(..) => "Alarm",
    }
}

/// Every view that the case gives, as the bot makes it of what it owes.
pub(crate) fn views<'a>(scene: &Scene<'a>, text: &str) -> Vec<(String, View<'a>)> {
    let Scene { case, policy, now } = *scene;
    let mut owed = announcements(case);
    owed.extend(rounds::due(case, policy, now).due);
    let mut views: Vec<(String, View<'a>)> = Vec::new();
    for one in owed {
        let name = one.key.0.clone();
        views.push((
            name,
            match View::of(*scene, &one.what) {
                Ok(view) => view,
                Err(Kept::Progress(asked)) => View::Progress(*scene, asked, vec![text.to_owned()]),
                Err(Kept::Answer(_)) => continue,
                Err(Kept::Rows(seq)) => View::Reply(*scene, rows(case, seq, text)),
                Err(Kept::Report(_)) => View::Notice(*scene, format!("The report. {text}")),
            },
        ));
    }
    for seq in case.answers().iter().map(|(seq, _)| *seq) {
        views.push((format!("rows-{seq}"), View::Reply(*scene, rows(case, seq, text))));
    }
    for asked in keyleak::domain::progress::kept(case) {
        views.push((asked_key(asked).0, View::Progress(*scene, asked, vec![text.to_owned()])));
    }
    views.extend(digests(case).into_iter().map(|one| (one.key().0, View::Digest(*scene, one))));
    views.push(("owner".to_owned(), View::Owner(*scene)));
    if let Some(state) = case.pending_plan() {
        for rung in [Rung::Again, Rung::Next] {
            let call = Call { plan: state.plan.number, rung };
            views.push((call.key().0, View::Rung(*scene, call)));
        }
    }
    views
}

fn rows(case: &Case, seq: u64, text: &str) -> String {
    let refused = ChatError::Refused { method: "files".to_owned(), code: text.to_owned() };
    let with = beside::rows((case, seq), &answer(), None);
    format!("{with}\n{}", beside::rows((case, seq), &answer(), Some(&refused)))
}

/// The forms about a plan that can be opened now.
fn forms(scene: &Scene<'_>) -> Vec<Picture> {
    let rules = rules();
    let change = |state: &PlanState| {
        let drawn = plan_form::view(&Form::Change(*scene, state, &rules));
        Picture { name: format!("change plan {}", state.plan.number.0), ..modal(drawn) }
    };
    let undo = |state: &PlanState| {
        let drawn = plan_form::view(&Form::UndoSteps(*scene, state));
        Picture { name: format!("undo steps of plan {}", state.plan.number.0), ..modal(drawn) }
    };
    let code = |state: &PlanState| {
        let drawn = plan_form::view(&Form::Code(*scene, state));
        Picture { name: format!("code for plan {}", state.plan.number.0), ..modal(drawn) }
    };
    let pending = scene.case.pending_plan();
    let pending = pending.map(change).into_iter().chain(pending.map(code));
    pending.chain(scene.case.standing_containment().map(undo)).collect()
}

/// What is about no case, or about an answer alone.
fn of_no_case(text: &str) -> Vec<Picture> {
    let mut all = Vec::new();
    let cases = stages("x");
    let (case, policy) = (&cases[1].1, policy());
    let scene = Scene { case, policy: &policy, now: at(case.seq()) };
    for means in [Means::Full, Means::Tables, Means::Plain] {
        for chart in ["bar x=name y=calls", "bar x=name y=calls by=reach"] {
            let (answer, margin) = (answer(), margin(chart));
            let drawn = draw(&View::Answer(scene, &answer, &margin), means);
            all.push(message(&format!("an answer, {means:?}, {chart}"), drawn));
        }
    }
    all.push(message("a private answer", telling::whisper(text)));
    let said = telling::answer(text);
    all.push(Picture {
        name: "the answer to a command".to_owned(),
        surface: Surface::Message,
        text: said["text"].as_str().unwrap_or_default().to_owned(),
        drawn: said["blocks"].clone(),
    });
    let key = |n| AccessKeyId::parse(&format!("AKIAQNZGKIQY56JQ{n:04}")).expect("a key id");
    let said = || Some(text.to_owned());
    let full = IntakeStart { keys: (0..50).map(key).collect(), found_where: said(), told: said() };
    for (name, file, start) in [
        ("the form", FileField::Offered, IntakeStart::default()),
        ("the form without a file", FileField::Missing, IntakeStart::default()),
        ("the form by a message's shortcut", FileField::Offered, full),
    ] {
        let drawn = intake_modal::view(file, &start);
        all.push(Picture { name: name.to_owned(), ..modal(drawn) });
    }
    all.extend(homes(text));
    all.extend(errors(text, case));
    all.push(impact_lines(case));
    all
}

fn homes(text: &str) -> Vec<Picture> {
    let room = ChannelId("C0CASE00001".to_owned());
    let line = HomeLine {
        what: text.to_owned(),
        channel: Some(room.clone()),
        message: Some((room, MessageTs("1785578400.000034".to_owned()))),
    };
    let full = Home {
        drill: true,
        due: vec![line.clone(); 50],
        cases: vec![line; 50],
        health: vec![text.to_owned(); 4],
        ..Home::default()
    };
    let refused = Home { refused: Some(text.to_owned()), ..Home::default() };
    let homes = [("an empty home", Home::default()), ("a full home", full), ("no home", refused)];
    let drawn = |(name, home): (&str, Home)| Picture {
        name: name.to_owned(),
        surface: Surface::Home,
        text: String::new(),
        drawn: home_view::view(&home, &Links::of(WORKSPACE)),
    };
    homes.map(drawn).into()
}

fn errors(text: &str, case: &Case) -> Vec<Picture> {
    let state = case.pending_plan().expect("a plan waits");
    let (id, plan) = (case.id().clone(), state.plan.number);
    let at = PlanAddress { case: id, plan, hash: state.hash.clone() };
    let form = keyleak::domain::adjusting::PlanForm::UndoSteps { at, steps: Vec::new() };
    let wrong =
        [(IntakeField::Note, IntakeError::TooLong), (IntakeField::Keys, IntakeError::NoKey)];
    let all = [
        ("the form refused", intake_modal::errors(&wrong)),
        ("the form about a plan refused", plan_form::refused(&form, &BTreeSet::new(), text)),
        ("the form not recorded", intake_modal::under_keys(text)),
    ];
    let drawn = |(name, drawn): (&str, Value)| Picture {
        name: name.to_owned(),
        surface: Surface::Errors,
        text: String::new(),
        drawn,
    };
    all.map(drawn).into()
}

/// The list of the impact questions, as a command is answered with it.
fn impact_lines(case: &Case) -> Picture {
    let lines = impact_card::lines(case);
    assert_eq!(lines.len(), ImpactQuestion::ALL.len());
    message("the impact questions as words", telling::whisper(&lines.join("\n")))
}

fn message(name: &str, drawn: Drawn) -> Picture {
    let (name, surface) = (name.to_owned(), Surface::Message);
    Picture { name, surface, text: drawn.text, drawn: json!(drawn.blocks) }
}

fn modal(drawn: Value) -> Picture {
    Picture { name: String::new(), surface: Surface::Modal, text: String::new(), drawn }
}

fn rules() -> PlanRules {
    PlanRules {
        isolation_groups: BTreeMap::new(),
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: Vec::new(),
        protected_roles: Vec::new(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
    }
}
