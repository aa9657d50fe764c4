//! What whoever decides about an undo is told beside its steps: what is the actor's, what stays.

use crate::domain::principal::PrincipalName;
use crate::domain::snapshot::Photograph;
use std::collections::{BTreeMap, BTreeSet};

/// So many principals are named in one note.
const NAMED_MAX: usize = 5;

/// Of the actor's own that would work again, of what is gone, and of what AWS attached.
pub fn notes(
    actors: &BTreeSet<PrincipalName>,
    gone: &BTreeSet<PrincipalName>,
    now: &[Photograph],
) -> Vec<String> {
    let mut notes = Vec::new();
    if !actors.is_empty() {
        notes.push(format!(
            "GIVES THE ACTOR BACK WHAT IT MADE: {}; deny this and undo single steps to keep that \
             contained",
            named(actors)
        ));
    }
    if !gone.is_empty() {
        notes.push(format!("gone by now, so left out: {}", named(gone)));
    }
    let mut quarantines: BTreeMap<&str, BTreeSet<PrincipalName>> = BTreeMap::new();
    for one in now {
        for policy in one.attached.iter().filter(|policy| policy.is_quarantine()) {
            let name = policy.arn.rsplit('/').next().unwrap_or_default();
            quarantines.entry(name).or_default().insert(one.key());
        }
    }
    notes.extend(quarantines.iter().map(|(policy, on)| {
        format!("{policy} stays on {}: AWS put it there. Replace the leaked key instead", named(on))
    }));
    notes
}

fn named(all: &BTreeSet<PrincipalName>) -> String {
    let names: Vec<String> = all.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    match all.len().saturating_sub(NAMED_MAX) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::resource::OfResource;
    use crate::domain::sample;
    use crate::domain::snapshot::{AttachedPolicy, Own};

    #[test]
    fn each_kind_is_one_note_however_many_there_are() {
        let users = |count: usize| -> BTreeSet<_> {
            (0..count).map(|number| PrincipalName::user(&format!("u{number}"))).collect()
        };
        let own = Own::Resource(OfResource::Function { reserved: None });
        let mut role = sample::photograph(&sample::role("deploy", "AROA1"), own);
        assert_eq!(notes(&users(0), &users(0), std::slice::from_ref(&role)), [""; 0]);
        let arn = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3".to_owned();
        role.attached.push(AttachedPolicy { name: String::new(), arn });
        let [actors, gone, quarantine] =
            <[String; 3]>::try_from(notes(&users(7), &users(1), &[role.clone()])).unwrap();
        assert!(actors.contains("BACK WHAT IT MADE: user u0"), "{actors}");
        assert!(actors.contains("user u4 and 2 more; deny this"), "{actors}");
        assert_eq!(gone, "gone by now, so left out: user u0");
        let on = format!("AWSCompromisedKeyQuarantineV3 stays on {}: ", role.key());
        assert!(quarantine.starts_with(&on), "{quarantine}");
    }
}
