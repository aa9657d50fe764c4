//! The people of the drill, and the names by which the script and the page call them.

use crate::sim::slack::people::Person;

/// Finds the key and types the command.
pub const REPORTER: &str = "U0ANA00001";
/// May approve.
pub const APPROVER: &str = "U0BOB00002";
/// May approve too.
pub const SECOND_APPROVER: &str = "U0CYN00003";
/// Owns the leaked key, and may therefore not decide about it.
pub const KEY_OWNER: &str = "U0DAN00004";

/// Works for another company, and meets the others in a shared channel only.
pub const OUTSIDER: &str = "U0EVE00005";
/// The workspace of that other company.
const OTHER_TEAM: &str = "T0NWIND001";

/// What somebody is in the story, for the page.
pub fn part(person: &str) -> &'static str {
    match person {
        REPORTER => "responder, found the key",
        APPROVER | SECOND_APPROVER => "may approve",
        KEY_OWNER => "owns the leaked key",
        _ => "works for another company",
    }
}

/// Everybody in the simulated workspace.
pub fn everybody() -> Vec<Person> {
    vec![
        Person::member(REPORTER, "ana", "Ana Ruiz"),
        Person::member(APPROVER, "bob", "Bob Okafor"),
        Person::member(SECOND_APPROVER, "cyn", "Cyn Larsen"),
        Person::member(KEY_OWNER, "dan", "Dan Meyer"),
        Person {
            real_name: "Eve Novak".to_owned(),
            ..Person::stranger(OUTSIDER, "eve", OTHER_TEAM)
        },
    ]
}
