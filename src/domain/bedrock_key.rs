//! Whose an API key of Amazon Bedrock is: its text begins with the user and account, in the clear.

use crate::domain::ids::AccountId;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// A part of a key is pasted as well as a whole one.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
const PREFIX: &str = "ABSK";
/// What stands between the user's name and the account's number.
const AT: &str = "-at-";
/// IAM's longest name of a user.
const NAME_LENGTH_MAX: usize = 64;
/// A name of that length, the account and what stands between them.
const OPEN_LENGTH_MAX: usize = 96;

/// The user whose service-specific credential a key is. Nothing of the secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BedrockUser {
    pub user: String,
    pub account: AccountId,
}

/// The user that a key in this text names, where it is a long-term one and enough of it is there.
pub fn user_of(text: &str) -> Option<BedrockUser> {
    text.match_indices(PREFIX).find_map(|(at, _)| {
        let rest = &text[at + PREFIX.len()..];
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
        let end = rest.find(|c| !is_base64(c)).unwrap_or(rest.len());
        // Four letters are three bytes; what follows the name is the secret and is left alone.
        let open = &rest[..end.min(OPEN_LENGTH_MAX / 3 * 4)];
        let whole = &open[..open.len() / 4 * 4];
        named(&BASE64.decode(whole).ok()?)
    })
}

fn named(open: &[u8]) -> Option<BedrockUser> {
    let open = open.split(|byte| *byte == b':').next()?;
    let (user, account) = std::str::from_utf8(open).ok()?.rsplit_once(AT)?;
    // The second credential of a user is told from the first by a number.
    let user = match user.rsplit_once('+') {
        Some((name, number)) if number.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => user,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let is_name = (1..=NAME_LENGTH_MAX).contains(&user.len()) && user.chars().all(plain);
    let account = AccountId::parse(account)?;
    is_name.then(|| BedrockUser { user: user.to_owned(), account })
}

/// How to stop it, with the commands; `None` where the key does not tell whose it is.
pub(super) fn instructions(of: Option<&BedrockUser>) -> String {
    let (whose, user) = match of {
        Some(BedrockUser { user, account }) => {
            (format!("user {user} of account {account}"), user.as_str())
        }
        None => ("an IAM user (often BedrockAPIKey-…)".to_owned(), "<user>"),
    };
    format!(
        "It is a service-specific credential of {whose}. In that account: find its id with `aws \
         iam list-service-specific-credentials --user-name {user}`, make it inactive with `aws \
         iam update-service-specific-credential --user-name {user} \
         --service-specific-credential-id <id> --status Inactive` (undo: --status Active), and \
         end its short-term keys with `aws iam attach-user-policy --user-name {user} \
         --policy-arn arn:aws:iam::aws:policy/AWSDenyAll` (undo: detach-user-policy). Where the \
         user has access keys (`aws iam list-access-keys --user-name {user}`), give me the id of \
         one: the plan does all of that, with approval, snapshot and undo"
    )
}

impl fmt::Display for BedrockUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {} of account {}", self.user, self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "029608264753";

    fn key(open: &str) -> String {
        format!("ABSK{}", BASE64.encode(format!("{open}:wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY")))
    }

    fn user(open: &str) -> Option<String> {
        let found = user_of(&format!("look: `{}` !", key(open)))?;
        assert_eq!(found.account.0, NUMBER);
        Some(found.user)
    }

    #[test]
    fn a_key_names_its_user_and_account_and_nothing_of_the_secret_is_kept() {
        let found = user_of(&key(&format!("BedrockAPIKey-abcd-at-{NUMBER}"))).unwrap();
        assert_eq!(found.to_string(), format!("user BedrockAPIKey-abcd of account {NUMBER}"));
        assert!(!format!("{found:?} {}", instructions(Some(&found))).contains("wJal"));
        assert_eq!(user(&format!("ci-at-home-at-{NUMBER}")).as_deref(), Some("ci-at-home"));
        assert_eq!(user(&format!("ci+1-at-{NUMBER}")).as_deref(), Some("ci"));
        let longest = "x".repeat(64);
        assert_eq!(user(&format!("{longest}-at-{NUMBER}")), Some(longest));
        let part = key(&format!("BedrockAPIKey-abcd-at-{NUMBER}"));
        assert!(user_of(&part[..60]).is_some(), "a part of it, with the account in it, will do");
    }

    #[test]
    fn what_names_nobody_is_not_guessed_at() {
        for open in [
            "BedrockAPIKey-abcd".to_owned(),
            "BedrockAPIKey-abcd-at-12345".to_owned(),
            format!("-at-{NUMBER}"),
            format!("a b; rm -rf-at-{NUMBER}"),
            format!("{}-at-{NUMBER}", "x".repeat(65)),
        ] {
            assert_eq!(user_of(&key(&open)), None, "{open}");
        }
        for text in ["ABSK", "ABSK????", "nothing", "bedrock-api-key-QmVkcm9ja0FQSUtleS1hYmNkLWF0"]
        {
            assert_eq!(user_of(text), None, "{text}");
        }
        let said = instructions(None);
        assert!(said.contains("--user-name <user>") && said.contains("BedrockAPIKey-…"), "{said}");
    }
}
