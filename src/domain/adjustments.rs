//! What people have changed of what the plans of a case hold, and who said so last.
//!
//! Needs: a careless plan cuts production off, and a timid one leaves the actor a door. Whoever
//! knows better says so, under their name. A change makes a plan with another hash, so that nothing
//! that was approved before counts for it, and it stays in the case: later plans keep to it.

use crate::domain::adjustment::{Adjusted, Adjustment};
use crate::domain::plan::PlanNumber;
use crate::domain::principal::PrincipalName;
use crate::domain::record::Press;
use crate::domain::way::Way;
use std::collections::BTreeMap;

/// The changes that count in a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustments {
    left_out: BTreeMap<PrincipalName, Press>,
    taken_in: BTreeMap<PrincipalName, Press>,
    way: Option<(Way, Press)>,
    last: Option<Press>,
    /// The follow-up that the newest change made void, until there is another plan.
    pub(super) reshaped: Option<PlanNumber>,
}

impl Adjustments {
    /// Takes a change in; the last word about a principal counts.
    pub(super) fn take_in(&mut self, adjustment: &Adjustment, by: &Press) {
        self.last = Some(by.clone());
        match adjustment {
            Adjustment::LeaveOut { on } => {
                self.taken_in.remove(on);
                self.left_out.insert(on.clone(), by.clone());
            }
            Adjustment::TakeIn { on } => {
                self.left_out.remove(on);
                self.taken_in.insert(on.clone(), by.clone());
            }
            Adjustment::AsProposed { on } => {
                self.left_out.remove(on);
                self.taken_in.remove(on);
            }
            Adjustment::Choose { way } => self.way = Some((*way, by.clone())),
        }
    }

    /// Who left it out, if somebody did.
    pub fn left_out(&self, on: &PrincipalName) -> Option<&Press> {
        self.left_out.get(on)
    }

    pub fn is_taken_in(&self, on: &PrincipalName) -> bool {
        self.taken_in.contains_key(on)
    }

    pub fn all_left_out(&self) -> impl Iterator<Item = (&PrincipalName, &Press)> {
        self.left_out.iter()
    }

    pub fn all_taken_in(&self) -> impl Iterator<Item = (&PrincipalName, &Press)> {
        self.taken_in.iter()
    }

    /// The way that somebody chose.
    pub fn way(&self) -> Option<(Way, &Press)> {
        self.way.as_ref().map(|(way, press)| (*way, press))
    }

    /// The newest change.
    pub fn last(&self) -> Option<&Press> {
        self.last.as_ref()
    }

    /// The follow-up whose steps the next plan takes over.
    pub fn reshaped(&self) -> Option<PlanNumber> {
        self.reshaped
    }

    /// All that counts, as a plan carries it.
    pub fn adjusted(&self) -> Vec<Adjusted> {
        let one = |adjustment, press: &Press| Adjusted {
            adjustment,
            by: press.by.clone(),
            name: press.name.clone(),
            but: None,
        };
        let way = self.way.iter().map(|(way, by)| one(Adjustment::Choose { way: *way }, by));
        let out = self.left_out.iter();
        let out = out.map(|(on, by)| one(Adjustment::LeaveOut { on: on.clone() }, by));
        let taken = self.taken_in.iter();
        let taken = taken.map(|(on, by)| one(Adjustment::TakeIn { on: on.clone() }, by));
        way.chain(out).chain(taken).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{at, person};

    fn by(user: &str) -> Press {
        Press { seq: 1, at: at(0), by: person(user), name: user.to_owned() }
    }

    #[test]
    fn the_last_word_about_a_principal_counts_and_is_its_speakers() {
        let on = PrincipalName::role("deploy");
        let mut said = Adjustments::default();
        said.take_in(&Adjustment::LeaveOut { on: on.clone() }, &by("ana"));
        assert!(said.left_out(&on).is_some() && !said.is_taken_in(&on));
        said.take_in(&Adjustment::TakeIn { on: on.clone() }, &by("bob"));
        assert!(said.left_out(&on).is_none() && said.is_taken_in(&on));
        let words: Vec<String> = said.adjusted().iter().map(Adjusted::words).collect();
        assert_eq!(words, ["bob took role deploy in, whole"]);
        said.take_in(&Adjustment::AsProposed { on }, &by("ana"));
        assert_eq!(said.adjusted(), []);
        assert_eq!(said.last().map(|press| press.name.as_str()), Some("ana"));
    }
}
