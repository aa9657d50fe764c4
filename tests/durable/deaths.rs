//! A sample of the crash matrix, and ways to build the bot wrongly that its check must notice.

use crate::matrix::{self, wrong_after};
use crate::orders::{Mishap, Moment, Sabotage};
use crate::runtime;
use libtest_mimic::{Failed, Trial};

/// The records at which a bot is killed here, before and after; `--whole` takes all of them.
const SAMPLE: [&str; 4] = ["posted card", "approved plan 1", "outcome 1.1", "upload tried rows"];

pub(crate) fn trials() -> Vec<Trial> {
    let sample = Trial::test("another_bot_finishes_wherever_the_first_one_was_killed", || {
        runtime().block_on(survives_the_sample())
    });
    let before = |label: &str| Mishap::DiesBefore(first(label));
    let sabotages = [
        (
            "sabotage_a_post_without_a_look_at_the_channel_turns_the_check_red",
            (1, before("posted card"), Sabotage::NoLook),
            &["TWICE"][..],
        ),
        (
            "sabotage_messages_without_a_key_turn_the_check_red",
            (1, before("posted plan 1"), Sabotage::NoKey),
            &["TWICE"],
        ),
        (
            "sabotage_a_yes_before_the_append_turns_the_check_red",
            (1, before("intent 1.1"), Sabotage::AckBeforeAppend),
            // What is written meanwhile and the late record may also fork or break the chain.
            &["LOST", "forked", "tampered"],
        ),
        (
            "sabotage_an_act_before_the_intent_turns_the_check_red",
            (1, Mishap::Nothing, Sabotage::ActBeforeIntent),
            &["UNINTENDED"],
        ),
        (
            "sabotage_an_act_that_is_done_twice_turns_the_check_red",
            (1, Mishap::Nothing, Sabotage::ActTwice),
            &["REPEATED"],
        ),
        (
            "sabotage_leases_for_everybody_turn_the_check_red",
            (2, Mishap::Nothing, Sabotage::LeaseIgnored),
            // Which of them two bots at once do twice is chance.
            &["TWICE", "times", "channels", "changes of"],
        ),
    ];
    let sabotages = sabotages.map(|(name, story, expected)| {
        Trial::test(name, move || runtime().block_on(is_noticed(story, expected)))
    });
    [sample].into_iter().chain(sabotages).collect()
}

async fn survives_the_sample() -> Result<(), Failed> {
    let mut unbroken = matrix::rehearse().await;
    // The negative control: an end that is another one is seen to be.
    let other = (Mishap::Nothing, Some(Sabotage::OtherPlan));
    let unlike = wrong_after(1, other, Some(&unbroken.end)).await.unwrap_or_default();
    if !unlike.iter().any(|wrong| wrong.contains("UNLIKE") && wrong.contains("AWSDenyAllOther")) {
        return Err(Failed::from(format!("another plan went unnoticed: {unlike:?}")));
    }
    unbroken.moments.retain(|at| at.nth == 1 && SAMPLE.contains(&at.label.as_str()));
    assert_eq!(unbroken.moments.len(), SAMPLE.len(), "each of the sample is in the story");
    let matrix = matrix::run(&unbroken).await;
    if matrix.is_well() { Ok(()) } else { Err(Failed::from(matrix.table())) }
}

fn first(label: &str) -> Moment {
    Moment { label: label.to_owned(), nth: 1 }
}

/// The check must say what goes wrong in a bot that is built so.
async fn is_noticed(
    (crew, mishap, sabotage): (usize, Mishap, Sabotage),
    expected: &[&str],
) -> Result<(), Failed> {
    let wrong = wrong_after(crew, (mishap, Some(sabotage)), None).await.unwrap_or_default();
    let is_expected = |wrong: &String| expected.iter().any(|word| wrong.contains(word));
    if wrong.iter().any(is_expected) {
        return Ok(());
    }
    Err(Failed::from(format!("{sabotage:?} went unnoticed; the check said {wrong:?}")))
}
