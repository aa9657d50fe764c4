//! What configuration or AWS protects: no plan touches it, so it is left to people and said to be
//! open.

use super::{Inhabitant, Search};
use crate::domain::ids::AccountId;
use crate::domain::plan::{PlanRules, protection};
use crate::domain::principal::account_in;
use crate::domain::target::Target;

impl Search<'_> {
    /// Nobody is asked about what no plan may touch. What the actor surely reached of it is an open
    /// end; what only may be the actor's, AWS's own and the bot's among it, holds up no case.
    pub(super) fn spare_protected(&mut self, inhabitants: &[Inhabitant], rules: &PlanRules) {
        let is_protected = |target: &Target| {
            let arns = inhabitants.iter().filter(|one| one.name == target.on);
            let mut arns = arns.map(|one| one.arn.as_str());
            arns.any(|arn| is_spared(arn, rules))
        };
        let (spared, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left.covered).into_iter().partition(is_protected);
        self.left.covered = rest;
        self.left.open_ends.extend(
            spared.iter().map(|target| {
                format!("{}, which is protected: contain it by hand", target.words())
            }),
        );
        let (spared, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left.asked).into_iter().partition(is_protected);
        self.left.asked = rest;
        let sure = spared.iter().filter(|target| self.left.sure.contains(&target.on));
        let ends = sure.map(|target| {
            let (words, because) = (target.words(), &target.because);
            format!("{words}, which is protected: contain it by hand ({because})")
        });
        self.left.open_ends.extend(ends);
    }
}

/// Whether no plan of its account may touch it.
pub(super) fn is_spared(arn: &str, rules: &PlanRules) -> bool {
    let account = account_in(arn).map(|account| AccountId(account.to_owned()));
    account.is_some_and(|account| protection(arn, &account, rules).is_some())
}
