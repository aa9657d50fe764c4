//! Keys of accounts that keyleak does not serve: nobody here can contain them, so AWS is told.

use crate::domain::case::Case;
use crate::domain::facts::AccountFinding;
use crate::domain::time_words::utc;

/// Where AWS Trust & Safety takes reports.
pub const TRUST_AND_SAFETY: &str = "trustandsafety@support.aws.com";
/// The letter has room for so much of what the requester said about the place.
const PLACE_LENGTH_MAX: usize = 500;

/// Whether the key is somebody else's: of an account that is not served, and no tripwire.
pub fn is_elsewhere(found: &AccountFinding) -> bool {
    !found.ours && !found.canary
}

/// The letter to AWS about a key of somebody else, line by line, ready to be sent. The id is in it
/// as a whole, because AWS can do nothing with a part of it; a secret never is.
pub fn letter(case: &Case) -> Option<Vec<String>> {
    let found = case.facts().account_known().filter(|found| is_elsewhere(found))?;
    let opening = case.opening();
    let source = match found.confirmed {
        true => "as AWS told us (sts:GetAccessKeyInfo)",
        false => "as the id itself says; AWS did not confirm it",
    };
    let place = opening.found_where.as_deref().unwrap_or("<say where, with the address>");
    let exposed = case.exposed_since().map_or_else(|| "not known to us".to_owned(), utc);
    Some(vec![
        format!("To: {TRUST_AND_SAFETY}"),
        format!("Subject: Exposed access key of AWS account {}", found.account),
        String::new(),
        "We found an AWS access key that is exposed and does not belong to us.".to_owned(),
        format!("Access key id: {}", opening.key.reveal()),
        format!("AWS account: {}, {source}", found.account),
        format!("Where it was found: {}", one_line(place)),
        format!("Exposed since: {exposed}"),
        format!("Reported to us: {}", utc(case.opened_at())),
        "We have not used the key, and we send no secret in this letter. Please tell the owner of \
         the account and make sure that the key is stopped."
            .to_owned(),
    ])
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(PLACE_LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::announce::{What, announcements};
    use crate::domain::event::Event;
    use crate::domain::facts::{Fact, Finding};
    use crate::domain::ids::AccountId;
    use crate::domain::record::Entry;
    use crate::domain::sample::{KEY, at, opened};

    fn finding(ours: bool, canary: bool) -> AccountFinding {
        let account = AccountId("210987654321".to_owned());
        let (from_id, name, organization) = (None, None, None);
        AccountFinding { account, from_id, confirmed: true, ours, canary, name, organization }
    }

    fn told(times: usize, finding: &AccountFinding) -> Case {
        let mut case = opened();
        for _ in 0..times {
            let found = Finding::Account(Fact::Known(finding.clone()));
            let entry = Entry::own(at(5), Event::Found { finding: found });
            let record = entry.chained(case.id().clone(), case.last_record());
            case.apply(&record).unwrap();
        }
        case
    }

    fn letters(case: &Case) -> usize {
        announcements(case).iter().filter(|owed| owed.what == What::Letter).count()
    }

    #[test]
    fn a_key_of_somebody_else_gets_one_letter_with_all_that_aws_needs() {
        let case = told(2, &finding(false, false));
        assert_eq!(letters(&case), 1, "validation that is repeated does not send it again");
        let letter = letter(&case).unwrap().join("\n");
        for wanted in [TRUST_AND_SAFETY, KEY, "210987654321", "Where it was found: ", "GetAccess"] {
            assert!(letter.contains(wanted), "{wanted}: {letter}");
        }
    }

    #[test]
    fn a_key_of_ours_and_a_tripwire_get_none() {
        for (ours, canary) in [(true, false), (false, true), (true, true)] {
            let case = told(1, &finding(ours, canary));
            assert_eq!((letters(&case), letter(&case)), (0, None), "{ours} {canary}");
        }
    }

    #[test]
    fn a_place_of_many_lines_is_one_line_and_not_endless() {
        let said = one_line(&format!("a\n\nTo: somebody else\n{}", "x".repeat(2_000)));
        assert!(said.starts_with("a To: somebody else x") && said.chars().count() == 500);
    }
}
