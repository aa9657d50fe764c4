//! One-time codes: whose secret is which, and what they are needed for.

use crate::config::reader::Reader;
use crate::config::shapes::is_id;
use crate::domain::one_time_code::{CodeSecret, OneTimeCodes};
use crate::domain::policy::Policy;
use crate::domain::roster::is_group;
use crate::domain::step_up::StepUpRules;
use crate::domain::tier::Tier;
use std::collections::{BTreeMap, BTreeSet};

const CODES: &str = "people.one_time_codes";
const STEP_UP_FOR: &str = "people.step_up_for";

/// The secrets, by Slack user; `names` are those of the directory.
pub(super) fn codes(r: &mut Reader, names: &BTreeMap<String, String>) -> OneTimeCodes {
    let mut secrets: BTreeMap<String, CodeSecret> = BTreeMap::new();
    for (who, secret) in r.texts_below(CODES) {
        let user = names.get(&who.to_lowercase()).cloned().unwrap_or(who.clone());
        if !is_id(&user, &['U', 'W']) {
            let why = format!(".{who:?} is no Slack id of a person and no name of your directory");
            r.reject(CODES, &why);
            continue;
        }
        match CodeSecret::parse(&secret) {
            Ok(secret) => drop(secrets.insert(user, secret)),
            Err(bad) => r.reject(CODES, &format!(".{who:?} {bad}")),
        }
    }
    let codes = OneTimeCodes::of(secrets);
    if let Some((one, other)) = codes.shared() {
        let why = format!("has one secret for {one} and {other}, which proves neither");
        r.reject(CODES, &why);
    }
    codes
}

/// What a proof is needed for besides lifting a cap. By itself for what cannot be undone, once
/// anybody could give one; a proof that nobody could give is refused.
pub(super) fn step_up(r: &mut Reader, codes: &OneTimeCodes, operators: bool) -> StepUpRules {
    let enrolled = codes.enrolled();
    let can = operators || !enrolled.is_empty();
    let tiers = match r.texts(STEP_UP_FOR) {
        None if can => [Tier::Irreversible].into(),
        None => BTreeSet::new(),
        Some(named) => {
            let mut tiers = BTreeSet::new();
            for name in &named {
                match Tier::from_slug(name).filter(|tier| *tier != Tier::Read) {
                    Some(tier) => drop(tiers.insert(tier)),
                    None => r.reject(STEP_UP_FOR, "can hold contain, resources and irreversible"),
                }
            }
            if !tiers.is_empty() && !can {
                r.reject(
                    STEP_UP_FOR,
                    "asks for a proof that nobody can give: enrol approvers in \
                     people.one_time_codes, or map them in people.operators",
                );
            }
            tiers
        }
    };
    StepUpRules { tiers, enrolled }
}

/// A tier whose approvers can none of them give the proof that it needs is refused at the start,
/// and not at 03:00. Who is in a user group is Slack's to say, so a list with one is let be.
pub(super) fn provable(r: &mut Reader, policy: &Policy, operators: bool) {
    if operators {
        return;
    }
    for tier in &policy.step_up.tiers {
        let list = policy.approvers_of.get(tier).unwrap_or(&policy.approvers);
        let can = |user: &String| is_group(user) || policy.step_up.enrolled.contains(user);
        if !list.is_empty() && !list.iter().any(can) {
            let why = format!(
                "asks for a proof of whoever approves {}, and none of them is in \
                 people.one_time_codes",
                tier.words()
            );
            r.reject(STEP_UP_FOR, &why);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, read};
    use crate::domain::tier::Tier;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const GOOD: &str = "[slack]\nsigning_secret = \"s\"\nbot_token = \"xoxb-1\"\nteam_id = \"T1\"\n\
                        [people]\napprovers = [\"U1\", \"U2\", \"U3\"]\n";

    fn config(more: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment: Vec<_> =
            environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        read("keyleak.toml", &format!("{GOOD}{more}"), &environment)
            .map_err(|errors| errors.0.join("\n"))
    }

    #[test]
    fn what_cannot_be_undone_needs_a_proof_as_soon_as_anybody_can_give_one() {
        let tiers = |more: &str| config(more, &[]).unwrap().rules.policy.step_up.tiers;
        assert!(tiers("").is_empty(), "nobody could approve an eradication any more");
        let enrolled = format!("one_time_codes.U1 = \"{SECRET}\"\n");
        assert_eq!(tiers(&enrolled), [Tier::Irreversible].into());
        let operator = "operators.\"arn:aws:iam::123456789012:user/ana\" = \"U1\"\n";
        assert_eq!(tiers(operator), [Tier::Irreversible].into());
        assert!(tiers(&format!("{enrolled}step_up_for = []\n")).is_empty(), "said, and so off");
        let more = format!("{enrolled}step_up_for = [\"contain\", \"irreversible\"]\n");
        assert_eq!(tiers(&more), [Tier::Contain, Tier::Irreversible].into());
        let nobody = config("step_up_for = [\"irreversible\"]\n", &[]).map(drop).unwrap_err();
        assert!(
            nobody.contains("line 7: people.step_up_for asks for a proof that nobody"),
            "{nobody}"
        );
        let other = enrolled.replace("U1", "U7");
        let other = format!("{other}step_up_for = [\"irreversible\"]\n");
        let other = config(&other, &[]).map(drop).unwrap_err();
        assert!(other.contains("none of them is in people.one_time_codes"), "{other}");
        let read = config(&format!("{enrolled}step_up_for = [\"read\"]\n"), &[]).map(drop);
        assert!(read.unwrap_err().contains("can hold contain, resources and irreversible"));
    }

    #[test]
    fn secrets_come_from_the_file_or_the_environment_and_show_nowhere() {
        let other = "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK";
        let more = format!(
            "one_time_codes.\"ana@corp.example\" = \"{SECRET}\"\n\
                            identities.\"ana@corp.example\" = \"U1\"\n"
        );
        let variable = [("KEYLEAK_PEOPLE__ONE_TIME_CODES__U2", other)];
        let config = config(&more, &variable).unwrap();
        assert_eq!(config.rules.codes.enrolled(), ["U1", "U2"].map(str::to_owned).into());
        let printed = format!("{config:?}");
        assert!(!printed.contains(SECRET) && !printed.contains(other), "a secret is printed");
    }

    #[test]
    fn a_secret_that_is_none_or_that_two_have_is_refused_without_showing_it() {
        for (more, said) in [
            ("one_time_codes.U1 = \"HUNTER2\"\n".to_owned(), "\"U1\" is no secret in base 32"),
            (format!("one_time_codes.bob = \"{SECRET}\"\n"), "\"bob\" is no Slack id"),
            (
                format!("one_time_codes.U1 = \"{SECRET}\"\none_time_codes.U2 = \"{SECRET}\"\n"),
                "has one secret for U1 and U2",
            ),
        ] {
            let why = config(&more, &[]).map(drop).unwrap_err();
            assert!(why.contains("people.one_time_codes") && why.contains(said), "{why}");
            assert!(!why.contains("HUNTER2") && !why.contains(SECRET), "{why}");
        }
    }
}
