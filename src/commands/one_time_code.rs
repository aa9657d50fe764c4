//! `keyleak one-time-code`: makes the secret of somebody's one-time codes, and shows it once.

use crate::cli::setup::OneTimeCodeArguments;
use crate::commands::CommandError;
use crate::domain::one_time_code::CodeSecret;

/// As long as the hash of SHA-1, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// The secret for the configuration and for the person's app; it is kept nowhere.
pub fn one_time_code(arguments: &OneTimeCodeArguments) -> Result<String, CommandError> {
    let user = &arguments.user;
    let is_user = user.starts_with(['U', 'W']) && user.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_user {
        let why = format!("{user:?} is no Slack id of a person; write one like U0123ABC");
        return Err(CommandError::Setup(why));
    }
    let mut bytes = [0_u8; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| CommandError::Setup("the system gives no random numbers".to_owned()))?;
    let secret = CodeSecret::new(&bytes).map_err(|bad| CommandError::Setup(bad.to_string()))?;
    Ok(format!(
        "# Shown once. For {user} alone, to add it to an authenticator app:\n{}\n\
         # For the configuration, best as a variable of keyleak's environment:\n\
         KEYLEAK_PEOPLE__ONE_TIME_CODES__{}={}\n",
        secret.uri(user),
        user.to_uppercase(),
        secret.base32()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_it_is_another_secret_that_the_configuration_takes() {
        let made = |user: &str| {
            one_time_code(&OneTimeCodeArguments { user: user.to_owned() })
                .map_err(|e| e.to_string())
        };
        let (one, other) = (made("U0ANA").unwrap(), made("U0ANA").unwrap());
        assert_ne!(one, other);
        let written = one.rsplit_once('=').unwrap().1.trim();
        assert!(CodeSecret::parse(written).is_ok(), "{written}");
        assert!(one.contains(&format!("secret={written}&issuer=keyleak")), "{one}");
        assert!(made("ana").unwrap_err().contains("no Slack id"));
    }
}
