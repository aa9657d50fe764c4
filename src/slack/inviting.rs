//! Inviting people: in lots, and one by one where Slack refuses somebody among them.

use crate::domain::ids::{ChannelId, PersonId};
use crate::ports::chat::{ChatError, Invitation};
use crate::slack::failure::{Failure, people};
use crate::slack::web::Web;
use serde_json::json;

/// Slack documents up to 100; others found smaller lots to be refused less.
const INVITED_AT_ONCE_MAX: usize = 30;

/// Invites all of them; who could not be is told with Slack's reason.
pub(super) async fn invite(
    web: &Web,
    channel: &ChannelId,
    people: &[PersonId],
) -> Result<Invitation, ChatError> {
    let mut invitation = Invitation::default();
    for some in people.chunks(INVITED_AT_ONCE_MAX) {
        invite_some(web, channel, some, &mut invitation).await?;
    }
    Ok(invitation)
}

/// Invites some people; those whom Slack refuses are tried alone, so that one does not cost
/// all the others their invitation.
async fn invite_some(
    web: &Web,
    channel: &ChannelId,
    people: &[PersonId],
    into: &mut Invitation,
) -> Result<(), ChatError> {
    match invite_at_once(web, channel, people).await {
        Ok(refused) => into.note(people, &refused),
        Err(failure) if is_about_people(&failure) && people.len() > 1 => {
            for person in people {
                match invite_at_once(web, channel, std::slice::from_ref(person)).await {
                    Ok(refused) => into.note(std::slice::from_ref(person), &refused),
                    Err(alone) if is_about_people(&alone) => {
                        into.note_refused(person, &alone.code);
                    }
                    Err(alone) => return Err(alone.error),
                }
            }
        }
        Err(failure) if is_about_people(&failure) => {
            for person in people {
                into.note_refused(person, &failure.code);
            }
        }
        Err(failure) => return Err(failure.error),
    }
    Ok(())
}

async fn invite_at_once(
    web: &Web,
    channel: &ChannelId,
    invited: &[PersonId],
) -> Result<Vec<(String, String)>, Failure> {
    let users: Vec<&str> = invited.iter().map(|person| person.user.as_str()).collect();
    let body = json!({ "channel": channel.0, "users": users.join(","), "force": true });
    let answer = web.post("conversations.invite", None, &body).await?;
    Ok(people(&answer))
}

impl Invitation {
    /// Takes in one answer: whoever is not named in it is in the channel.
    fn note(&mut self, people: &[PersonId], refused: &[(String, String)]) {
        for person in people {
            match refused.iter().find(|(user, _)| *user == person.user) {
                Some((_, code)) => self.note_refused(person, code),
                None => self.invited.push(person.clone()),
            }
        }
    }

    /// Somebody who is in the channel already is not refused.
    fn note_refused(&mut self, person: &PersonId, code: &str) {
        if matches!(code, "already_in_channel" | "cant_invite_self") {
            self.invited.push(person.clone());
        } else {
            self.failed.push(format!("{}: {code}", person.user));
        }
    }
}

/// Whether Slack refused the people and not the call.
fn is_about_people(failure: &Failure) -> bool {
    let known = matches!(
        failure.code.as_str(),
        "already_in_channel"
            | "cant_invite_self"
            | "cant_invite"
            | "user_not_found"
            | "user_disabled"
            | "user_is_restricted"
            | "user_is_ultra_restricted"
            | "ura_max_channels"
            | "org_user_not_in_team"
            | "no_external_invite_permission"
            | "no_user"
    );
    known || !failure.people.is_empty()
}
