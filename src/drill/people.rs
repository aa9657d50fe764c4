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

/// Everybody in the simulated workspace.
pub fn everybody() -> Vec<Person> {
    vec![
        Person::member(REPORTER, "ana", "Ana Ruiz"),
        Person::member(APPROVER, "bob", "Bob Okafor"),
        Person::member(SECOND_APPROVER, "cyn", "Cyn Larsen"),
        Person::member(KEY_OWNER, "dan", "Dan Meyer"),
    ]
}
