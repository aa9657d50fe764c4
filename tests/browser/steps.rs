//! Steps that more than one story takes on the page, as a person takes them.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::Missing;
use crate::parts::Parts;

/// The actor gets in with something.
pub(crate) const ALIVE: &str = ".verdict[data-state=works]";
/// The actor gets in with nothing.
pub(crate) const BEATEN: &str = ".verdict[data-state=refused]";
pub(crate) const CONTAINED: &str = "main .message:has-text('is complete past the last step')";
const PLAN: &str = "main .message:has-text('Plan 1: contain')";

/// Opens a drill, has heard what it is about, and looks at the switches.
pub(crate) fn visit(
    parts: &Parts,
    name: &'static str,
    speed: u32,
) -> Result<(Drill, Browser), Missing> {
    let drill = Drill::start(speed);
    let mut person = Browser::open(parts, name, &drill.url)?;
    person.click("#intro button");
    person.click("#faults summary");
    person.see(ALIVE);
    Ok((drill, person))
}

/// Ana sends the command that waits above the page.
pub(crate) fn send_the_key(person: &mut Browser) {
    person.click("#leaked button");
    person.press("Enter");
}

/// Ana reports the key and reads the plan in the channel that is made.
pub(crate) fn report_the_key(person: &mut Browser) {
    send_the_key(person);
    go_to_the_plan(person);
}

pub(crate) fn go_to_the_plan(person: &mut Browser) {
    person.click(".toast button:text-is('Go there')");
    person.see("main .message.pinned:has-text('of user ci-deployer')");
    person.see("main .kit:text-is('Approve the plan')");
}

/// Somebody reads the newest plan and approves it.
pub(crate) fn approve_as(person: &mut Browser, name: &str) {
    person.become_person(name);
    person.press_button("Approve the plan", true);
}

/// Turns a switch of what goes wrong.
pub(crate) fn turn(person: &mut Browser, fault: &str) {
    person.click(&format!("[data-fault={fault}] button"));
}

/// Waits until it goes wrong, or goes right again.
pub(crate) fn see_turned(person: &mut Browser, fault: &str, on: bool) -> String {
    person.see(&format!("[data-fault={fault}][data-on={on}]"))
}

/// Runs the drill's clock at another speed.
pub(crate) fn run_at(person: &mut Browser, speed: u32) {
    person.click(&format!("#speeds button:text-is('{speed}×')"));
    person.see(&format!("#speeds button[aria-pressed=true]:text-is('{speed}×')"));
}

/// What Slack delivered of this, such as `Bob Okafor: plan.approve`, once there is something.
pub(crate) fn delivered(person: &mut Browser, what: &str) -> Vec<String> {
    let at = format!("#faults .delivered li:has-text('{what}')");
    person.see(&at);
    person.texts(&format!("{at} span"))
}

/// The end of every story: whatever went wrong, the case was opened, decided, carried out and told
/// once, by this person.
pub(crate) fn contained_once(person: &mut Browser, approver: &str) {
    person.see(BEATEN);
    person.see(CONTAINED);
    person.see(BEATEN);
    for (what, at) in [
        ("card", "main .message.pinned"),
        ("plan", PLAN),
        ("notice", CONTAINED),
        ("channel", "#sidebar button[aria-label*='drill-keyleak']"),
    ] {
        let found = person.texts(at);
        let found: Vec<_> = found.iter().filter(|text| !text.contains("update of")).collect();
        assert_eq!(found.len(), 1, "there is one {what}: {found:#?}");
    }
    let plan = person.see(PLAN);
    let approved = plan.lines().find(|line| line.starts_with("Approved by:")).unwrap_or_default();
    assert_eq!(approved.matches(approver).count(), 1, "{approved}");
    assert_eq!(approved.matches(',').count(), 0, "nobody else did: {approved}");
    person.see("#account .users li:has-text('ci-deployer') .denied");
    assert_eq!(person.texts("#account .users li:has-text('payroll-batch') .denied").len(), 0);
}

/// Whether the plan says that this person approved it.
pub(crate) fn says_approved_by(person: &mut Browser, approver: &str) -> bool {
    person.see(PLAN).contains(&format!("Approved by: {approver}"))
}

/// The newest calls of the actor, the newest first: whether each worked.
pub(crate) fn newest_calls(person: &mut Browser, count: usize) -> Vec<bool> {
    let words = person.texts("#account .calls .word");
    words.iter().take(count).map(|word| word.contains("allowed")).collect()
}
