//! How far the workload has moved from the leaked key to its new one: when to ask, what is open.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::facts::Fact;
use crate::domain::key_making::made;

/// The press of Recovery that nobody looked for yet, and the step that made the newest key.
pub fn wanted(case: &Case) -> Option<(u64, &Action)> {
    let asked = case.presses(Phase::Recovery).last()?.seq;
    let told = case.recovery().rotation().is_some_and(|told| told.asked >= asked);
    made(case).last().filter(|_| !told).map(|action| (asked, action))
}

/// What of it is still to come; nothing where keyleak made no key.
pub fn open(case: &Case) -> Option<&'static str> {
    made(case).next()?;
    match case.recovery().rotation().map(|told| &told.new) {
        None => Some("whether the new key is used was not looked at; press Recovery"),
        Some(Fact::Known(used)) if used.last.at.is_none() => {
            Some("the new key is not used yet; press Recovery to look again")
        }
        Some(Fact::Unknown(_)) => Some("whether the new key is used is not known"),
        Some(Fact::Known(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Change;
    use crate::domain::event::Event;
    use crate::domain::facts::LastUse;
    use crate::domain::ids::AccessKeyId;
    use crate::domain::plan::{Plan, PlanKind};
    use crate::domain::record::Actor;
    use crate::domain::recovery_step::{KeyUse, RecoveryStep};
    use crate::domain::sample::{KEY, add, at, opened, plan, press, run, step, user};

    fn seen(case: &mut Case, asked: u64, new: Fact<KeyUse>) {
        let old = Fact::Known(LastUse { at: Some(at(5)), service: None, region: None });
        let step = Box::new(RecoveryStep::RotationSeen { asked, new, old });
        add(case, Actor::Keyleak, Event::Recovery { step });
    }

    fn used(seconds: Option<i64>) -> Fact<KeyUse> {
        let last = LastUse { at: seconds.map(at), service: Some("s3".to_owned()), region: None };
        Fact::Known(KeyUse { key: AccessKeyId::parse(KEY).unwrap(), last })
    }

    #[test]
    fn each_press_asks_once_when_a_key_was_made_and_it_is_open_until_the_key_is_used() {
        let mut case = opened();
        press(&mut case, Phase::Recovery);
        assert!(wanted(&case).is_none() && open(&case).is_none(), "nobody made a key");
        let secret = "keyleak/kl-1/2/heir".to_owned();
        let change = Change::MakeKey { secret, region: None, beside: Vec::new() };
        let steps = vec![step(user("heir", "AIDA2"), change)];
        let making = Plan { steps, ..plan(&case, PlanKind::Replacement) };
        run(&mut case, making);
        for (told, said) in [
            (used(None), Some("not used yet")),
            (Fact::Unknown("access denied".to_owned()), Some("is not known")),
            (used(Some(40)), None),
        ] {
            let before = open(&case).unwrap_or_default();
            press(&mut case, Phase::Recovery);
            let (asked, _) = wanted(&case).unwrap_or_else(|| panic!("{before}: nobody looks"));
            seen(&mut case, asked, told);
            assert!(wanted(&case).is_none(), "once a press");
            let now = open(&case);
            let fits = |said| now.is_some_and(|now| now.contains(said));
            assert!(said.map_or(now.is_none(), fits), "{now:?}");
        }
    }
}
