//! Sieges that must fail: they show that the reckoning would see what is left.

use crate::campaign::Terms;
use crate::moves::SHARED;
use crate::named::has_word;
use crate::run;
use crate::skips_the_deny::SkipsTheDeny;
use jiff::SignedDuration;
use keyleak::ports::cloud::Contain;
use libtest_mimic::{Failed, Trial};
use std::sync::Arc;

/// Longer than an honest siege of the same seed takes.
const IN_VAIN: SignedDuration = SignedDuration::from_mins(12);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sabotage_a_credential_that_was_left_is_named", a_credential_left),
        Trial::test("sabotage_a_name_inside_another_names_nobody", a_name_inside_another),
    ]
}

/// Waits in vain, so it is no part of the quick tests; every long run begins with it.
pub(crate) fn without_the_deny() -> Result<(), Failed> {
    let rights = |inner| Arc::new(SkipsTheDeny { inner }) as Arc<dyn Contain>;
    let outcome = run(2, &Terms { rights, patience: IN_VAIN, ..Terms::honest() });
    expect(outcome.contained_after.is_none(), "it is called contained", &outcome.journal)?;
    expect(!outcome.faults().is_empty(), "the siege does not fail", &outcome.journal)
}

fn a_credential_left() -> Result<(), Failed> {
    let outcome = run(2, &Terms { plants_one: true, ..Terms::honest() });
    let named = outcome.faults().iter().any(|fault| fault.contains("key of colleague-01"));
    expect(named, "the credential that was left is not named", &outcome.journal)
}

/// The shared role is called as the end of the user whose key leaked, whom every plan names.
fn a_name_inside_another() -> Result<(), Failed> {
    let hidden = !has_word("sessions of user ci-deploy", SHARED);
    let named = ["role deploy", "arn:aws:iam::1:role/deploy", "whoever uses deploy."];
    let found = named.iter().all(|line| has_word(line, SHARED));
    expect(hidden && found, "a role is named that is not, or is not that is", "")
}

fn expect(is_so: bool, else_said: &str, journal: &str) -> Result<(), Failed> {
    if is_so { Ok(()) } else { Err(format!("{else_said}\n{journal}").into()) }
}
