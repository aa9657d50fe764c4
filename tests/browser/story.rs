//! The whole story, played through the page as people would, and what must not happen in it.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::{Outcome, trial};
use crate::parts::Parts;
use libtest_mimic::Trial;
use std::sync::Arc;
use std::time::Duration;

/// Twenty minutes of the drill pass in twenty seconds; a plan still lives for a whole minute.
pub(crate) const SPEED: u32 = 60;
/// Long enough for an approval to take effect, were it to.
const WATCHED: Duration = Duration::from_secs(8);
pub(crate) const ALIVE: &str = ".verdict[data-state=works]";
pub(crate) const BEATEN: &str = ".verdict[data-state=refused]";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, requester, outsider] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial("people_play_the_whole_story_on_the_page", move || whole_story(&whole)),
        trial("the_requester_alone_contains_nothing", move || requester_alone(&requester)),
        trial("an_outsider_opens_nothing", move || outsider_opens_nothing(&outsider)),
    ]
}

fn whole_story(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "story", &drill.url)?;
    assert_eq!(person.texts("#intro li").len(), 3, "a first visit is told three sentences");
    person.click("#intro button");
    person.gone("#intro");

    report_the_key(&mut person, "of user ci-deployer");
    only_members_see_the_channel(&mut person);
    requester_is_refused(&mut person);
    approve_as_bob(&mut person);
    ask_the_trail(&mut person);
    undo(&mut person);
    close_and_read(&mut person);
    person.is_quiet();
    Ok(())
}

/// Ana sees the actor at work, and does what she can about it.
fn report_the_key(person: &mut Browser, says: &str) {
    person.see(ALIVE);
    type_the_command(person, says);
    person.see("main .kit:text-is('Approve the plan')");
}

/// Ana puts the key into the composer, sends it, goes into the channel, and reads this on the card.
pub(crate) fn type_the_command(person: &mut Browser, says: &str) {
    person.click("#leaked button");
    let typed = person.value("#composer-text");
    let is_id = ["/keyleak AKIA", "/keyleak ASIA"].iter().any(|begin| typed.starts_with(begin));
    assert!(is_id, "{typed}");
    person.press("Enter");
    let whisper = person.see(".ephemeral");
    assert!(
        whisper.contains("Only visible to you") && whisper.contains("Opened case"),
        "{whisper}"
    );
    person.click(".toast button:text-is('Go there')");
    person.see(".message.pinned:has-text('Exposed key')");
    person.see(&format!(".message.pinned:has-text('{says}')"));
}

/// Somebody who was not invited has no such channel, and reads nothing of it.
fn only_members_see_the_channel(person: &mut Browser) {
    let private = "#sidebar button[aria-label*='drill-keyleak']";
    person.see(private);
    person.become_person("Eve Novak");
    person.gone(private);
    assert!(!person.see("main").contains("Exposed key"));
    person.become_person("Ana Ruiz");
    person.click(private);
}

/// Ana's own approval does not count; she alone is told why.
fn requester_is_refused(person: &mut Browser) {
    person.click("main .kit:text-is('Approve the plan')");
    let question = person.see("#confirm");
    assert!(question.contains("Deny everything to user ci-deployer"), "{question}");
    person.click("#confirm button[value=yes]");
    let reason = person.see(".ephemeral:has-text('somebody else has to approve')");
    assert!(reason.contains("Only visible to you"), "{reason}");
    person.become_person("Bob Okafor");
    person.see("main .kit:text-is('Approve the plan')");
    assert_eq!(person.texts(".ephemeral"), Vec::<String>::new(), "Bob sees Ana's whisper");
    person.see(ALIVE);
}

fn approve_as_bob(person: &mut Browser) {
    person.press_button("Approve the plan", true);
    let verdict = person.see(BEATEN);
    assert!(verdict.contains("none of them works"), "{verdict}");
    let states = person.texts("#account .held .state");
    assert!(states.len() >= 4 && states.iter().all(|state| state == "refused"), "{states:?}");
    person.see("#account .users li:has-text('ci-deployer') .denied");
    assert_eq!(person.texts("#account .users li:has-text('payroll-batch') .denied").len(), 0);
    person.see("main :text('Contained as of')");
    person.see(BEATEN);
}

/// One press of a phase: its questions come back as tables, each with a file in its thread.
pub(crate) fn ask_the_trail(person: &mut Browser) {
    person.press_button("Scope", false);
    person.see("main .table td");
    person.click("main .message:has(.table) .replies");
    let file = person.download("#thread .file a[download$='.csv']");
    assert!(file.lines().count() > 1 && file.contains(','), "{file}");
    person.click("#thread header button");
}

/// Bob asks for the undo, so it is Ana who approves it; then everything works again.
pub(crate) fn undo(person: &mut Browser) {
    person.press_button("Undo this plan", true);
    person.see("main .header:has-text('undo for key')");
    person.become_person("Ana Ruiz");
    person.press_button("Approve the plan", true);
    let verdict = person.see(ALIVE);
    assert!(verdict.contains("The actor holds"), "{verdict}");
}

fn close_and_read(person: &mut Browser) {
    close(person, &["AKIA", "approved plan 1", "ci-deployer"]);
    let kept = person.see("#score[open] tr[data-mark=contained]");
    assert!(kept.contains("✓ reached") && kept.contains("target"), "{kept}");
    let score = person.download("#score a[download$='.json']");
    assert!(score.contains("\"wrong_clicks\"") && score.contains("\"is_over\":true"), "{score}");
}

/// Closes the case and finds these words in its report.
pub(crate) fn close(person: &mut Browser, in_report: &[&str]) {
    person.press_button("Close", true);
    person.see(".closed:has-text('archived')");
    let report = person.download("main .file a[download$='.md']");
    for words in in_report {
        assert!(report.contains(words), "{words} is not in the report:\n{report}");
    }
}

/// The sabotage of the story: with nobody's approval but the requester's, the actor goes on.
fn requester_alone(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "requester", &drill.url)?;
    person.click("#intro button");
    report_the_key(&mut person, "of user ci-deployer");
    person.press_button("Approve the plan", true);
    person.see(".ephemeral:has-text('somebody else has to approve')");
    std::thread::sleep(WATCHED);
    assert_eq!(person.texts("#account .held .state.refused"), Vec::<String>::new());
    assert_eq!(person.texts("#account .denied"), Vec::<String>::new());
    person.click("#score summary");
    let missed = person.see("#score tr[data-mark=contained]");
    assert!(missed.contains("not contained"), "{missed}");
    person.see("main :text('0 of 1 approval')");
    person.is_quiet();
    Ok(())
}

fn outsider_opens_nothing(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "outsider", &drill.url)?;
    person.click("#intro button");
    let key = person.see("#leaked code");
    person.become_person("Eve Novak");
    assert_eq!(person.texts("#sidebar li").len(), 1, "she is in the shared channel only");
    person.fill("#composer-text", &format!("/keyleak {key}"));
    person.press("Enter");
    let reason = person.see(".ephemeral");
    assert!(reason.contains("not in the workspace"), "{reason}");
    person.become_person("Ana Ruiz");
    assert_eq!(person.texts("#sidebar button[aria-label*='drill-keyleak']").len(), 0);
    person.is_quiet();
    Ok(())
}
