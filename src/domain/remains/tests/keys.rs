//! New keys of users that were there before, while the actor is at work.

use super::*;
use crate::domain::ids::AccessKeyId;
use crate::domain::remains::strangers::HeldKey;

fn held(of: &str, key: &str, created: i64) -> HeldKey {
    let (of, key) = (PrincipalName::user(of), AccessKeyId::parse(key).unwrap());
    HeldKey { of, key, created: at(created) }
}

/// Whose keys are stopped on suspicion.
fn suspected(case: &Case, keys: &[HeldKey]) -> Vec<String> {
    let census = Census {
        nodes: &[],
        made_by_others: &[],
        keys: Keys { new: keys, by_others: &[] },
        sessions_of_others: &NOBODYS,
        told_until: at(15),
        inhabitants: &[],
        served: &ALONE,
    };
    let left = remains(case, &census, &rules(&[]));
    left.covered.iter().map(|target| target.on.name.clone()).collect()
}

#[test]
fn the_key_that_keyleak_makes_itself_is_never_stopped_on_suspicion() {
    let mut case = contained();
    let (plan_1, reverter) = (PlanNumber(1), "somebody".to_owned());
    then(&mut case, Event::Reapply { plan: plan_1, steps: vec![1], reverter, racing: true });
    let keys = [held("heir", "AKIAQNZGKIQY56JQ0001", 51), held("mona", "AKIAQNZGKIQY56JQ0002", 51)];
    assert_eq!(suspected(&case, &keys), ["heir", "mona"], "the control: nothing explains either");
    let (secret, region) = ("keyleak/kl-1/2/heir".to_owned(), None);
    let change = Change::MakeKey { secret, region, beside: Vec::new() };
    let steps = vec![sample::step(sample::user("heir", "AIDA2"), change)];
    let making = crate::domain::plan::Plan { steps, ..plan(&case, PlanKind::Replacement) };
    sample::run(&mut case, making);
    assert_eq!(suspected(&case, &keys), ["mona"]);
    let later = [held("heir", "AKIAQNZGKIQY56JQ0003", 600)];
    assert_eq!(suspected(&case, &later), ["heir"], "long after the step it is somebody else's");
}
