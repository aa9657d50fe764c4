//! The card on a phone: no longer than its screen, however far the case is.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::{Outcome, trial};
use crate::parts::Parts;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const SPEED: u32 = 60;
/// A phone of today, in its own pixels.
const PHONE: (u32, u32) = (390, 844);
const CARD: &str = ".message.pinned:has-text('Exposed key')";
/// The card is redrawn at most so often.
const REDRAWN: Duration = Duration::from_secs(3);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("the_card_is_no_longer_than_a_phone", move || on_a_phone(&parts))]
}

fn on_a_phone(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "card", &drill.url)?;
    person.click("#intro button");
    person.click("#leaked button");
    person.press("Enter");
    person.click(".toast button:text-is('Go there')");
    person.see("main .kit:text-is('Approve the plan')");
    fits(&mut person, "proposed");
    person.become_person("Bob Okafor");
    person.press_button("Approve the plan", true);
    person.see("main :text('Contained as of')");
    fits(&mut person, "contained");
    for phase in ["Scope", "Impact", "Eradication", "Recovery", "Post-incident"] {
        person.click(&format!("{CARD} .kit:text-is('{phase}')"));
    }
    person.see(&format!("{CARD} :text('Post-incident'):near(:text('In progress'))"));
    fits(&mut person, "every phase");
    // The control: the plan with its steps is longer.
    assert!(tall(&mut person, ".message:has(.header:has-text('Plan 1'))") > PHONE.1);
    Ok(())
}

fn fits(person: &mut Browser, when: &str) {
    std::thread::sleep(REDRAWN);
    let tall = tall(person, CARD);
    assert!(tall <= PHONE.1, "{when}: the card is {tall} pixels high");
}

/// How high it is on a phone; the window is as it was afterwards.
fn tall(person: &mut Browser, at: &str) -> u32 {
    person.step(json!({"do": "size", "width": PHONE.0, "height": PHONE.1}));
    person.click("#tabs button[data-view=messages]");
    let tall = person.step(json!({"do": "tall", "at": at}));
    person.step(json!({"do": "size", "width": 1440, "height": 900}));
    u32::try_from(tall.as_u64().expect("pixels")).expect("a height")
}
