//! The channel of a case: made once, found again after a crash, dressed, and at last archived.

use crate::domain::agenda::{Due, next_channel_try};
use crate::domain::case::Case;
use crate::domain::digest::sha256_hex;
use crate::domain::duties;
use crate::domain::event::Event;
use crate::domain::ids::{ChannelId, PersonId};
use crate::domain::known::Known;
use crate::domain::ladder;
use crate::domain::record::Entry;
use crate::domain::resource_owner::ResourceOwner;
use crate::domain::summons;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use crate::flow::ledger::LedgerError;
use crate::flow::tell::direct;
use crate::flow::tell::memory::Memory;
use crate::flow::tell::speaker::{Speaker, Told};
use crate::ports::chat::{ChatError, Invitation};

/// Names that are tried for one channel before a person must help.
const NAMES_MAX: usize = 20;
/// What helps when Slack does not let the bot make a channel.
const ADMINISTRATOR: &str =
    "somebody who administers the workspace must let this app make private channels";

/// Whether there may be a channel yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hope {
    /// Somebody can put right what is in the way, so it is tried again.
    Left,
    Gone,
}

/// Makes the channel when that is due; what is in the way is told to the requester first.
pub(super) async fn make_channel(
    speaker: &Speaker<'_>,
    memory: &mut Memory,
) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    if let Some(unmade) = &case.room().unmade
        && direct::tell(speaker, &unmade.why).await? == Told::Something
    {
        return Ok(Told::Something);
    }
    let error = match next_channel_try(case, desk.clock.now()) {
        Due::At(at) => return Ok(Told::Later(at)),
        Due::Nothing => return Ok(Told::Nothing),
        Due::Now(()) => match try_channel(speaker, memory).await {
            Err(StepError::Chat(error)) => error,
            other => return other,
        },
    };
    match &error {
        ChatError::MissingScope { .. } => {
            let why = format!("the channel could not be made: {error}");
            lost(desk, case, &why, Hope::Left).await
        }
        ChatError::Refused { .. } => {
            let why = format!("the channel could not be made: {error}; {ADMINISTRATOR}");
            lost(desk, case, &why, Hope::Left).await
        }
        ChatError::Limited { .. }
        | ChatError::Unavailable(_)
        | ChatError::NameTaken
        | ChatError::Archived
        | ChatError::NotInside
        | ChatError::MessageGone => Err(error.into()),
    }
}

/// Tries a name, having written it down first; never takes a channel it did not make.
async fn try_channel(speaker: &Speaker<'_>, memory: &mut Memory) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let earlier = case.room().earlier_names;
    if let Some(leader) = case.opening().shares_channel_of.as_ref().filter(|_| earlier == 0)
        && let Some(leader) = desk.ledger.find(leader).await?
        && let Some(told) = share_channel(desk, case, &leader).await?
    {
        return Ok(told);
    }
    let tried = case.room().names_tried.len();
    let name = channel_name(case, earlier + tried.max(1));
    if tried == 0 {
        note(desk, case, Event::ChannelTried { name: name.clone() }).await?;
    }
    if !is_for_us(desk, case, &name).await? {
        return next_name(desk, case).await;
    }
    if tried > 0
        && let Some(channel) = desk.chat.own_channel(&name, case.opened_at()).await?
        && !taken_by_another_case(desk, case, &channel).await?
    {
        return made(desk, case, (channel, name)).await.map(|_| Told::Something);
    }
    speaker.may_still_speak()?;
    match desk.chat.create_channel(&name).await {
        Ok(channel) => {
            if made(desk, case, (channel, name)).await? {
                memory.is_new();
            }
            Ok(Told::Something)
        }
        Err(ChatError::NameTaken) => next_name(desk, case).await,
        Err(error) => Err(error.into()),
    }
}

/// Whether this name is the case's to try. A channel that another case has made and not yet
/// written down would be taken for one of our own, made before a crash. The claim stays, as the
/// name does.
async fn is_for_us(desk: &Desk, case: &Case, name: &str) -> Result<bool, StepError> {
    let claim = sha256_hex(format!("channel {name}").as_bytes());
    Ok(desk.work.claim_key(&claim, case.id()).await? == *case.id())
}

/// The name is taken: the next one is tried, up to a limit.
async fn next_name(desk: &Desk, case: &Case) -> Result<Told, StepError> {
    let tried = case.room().names_tried.len();
    if tried >= NAMES_MAX {
        return lost(desk, case, "no free channel name was found", Hope::Gone).await;
    }
    let name = channel_name(case, case.room().earlier_names + tried.max(1) + 1);
    note(desk, case, Event::ChannelTried { name }).await?;
    Ok(Told::Something)
}

/// Writes the channel down, and says whether it is the case's: a process that had lost the case
/// meanwhile has made one too many, which is put away.
async fn made(
    desk: &Desk,
    case: &Case,
    (channel, name): (ChannelId, String),
) -> Result<bool, StepError> {
    let event = Event::ChannelMade { channel: channel.clone(), name };
    let entry = Entry::own(desk.clock.now(), event);
    let first =
        |case: &Case| Ok::<_, StepError>(case.room().channel.is_none().then(|| entry.clone()));
    let after = desk.ledger.append(case.id(), first).await?;
    let is_ours = after.room().channel.as_ref() == Some(&channel);
    if !is_ours {
        tracing::warn!(case.id = %case.id(), "a second channel was made and is archived");
        if let Err(error) = desk.chat.archive(&channel).await {
            tracing::warn!(case.id = %case.id(), %error, "the second channel stays");
        }
    }
    Ok(is_ours)
}

/// The channel of the case that came first with this one; none where that will never have any.
async fn share_channel(desk: &Desk, case: &Case, leader: &Case) -> Result<Option<Told>, StepError> {
    let room = leader.room();
    if let (Some(channel), Some(name)) = (&room.channel, &room.name) {
        let event = Event::ChannelMade { channel: channel.clone(), name: name.clone() };
        note(desk, case, event).await?;
        return Ok(Some(Told::Something));
    }
    match &room.failed {
        Some(why) => lost(desk, case, why, Hope::Gone).await.map(Some),
        None if leader.closed_at().is_some() => Ok(None),
        None => Ok(Some(Told::Nothing)),
    }
}

/// A channel that this bot made for another case is as foreign as anybody's.
async fn taken_by_another_case(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
) -> Result<bool, StepError> {
    let all = desk
        .work
        .open_cases()
        .await
        .map_err(|error| StepError::Ledger(LedgerError::Unreachable(error.0)))?;
    for other in all.iter().filter(|other| *other != case.id()) {
        let other = desk.ledger.find(other).await?;
        if other.is_some_and(|other| other.room().channel.as_ref() == Some(channel)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes down that there is no channel; the requester is told of it from there.
pub(super) async fn lost(
    desk: &Desk,
    case: &Case,
    why: &str,
    hope: Hope,
) -> Result<Told, StepError> {
    let event = Event::ChannelFailed { why: why.to_owned(), for_now: hope == Hope::Left };
    let entry = Entry::own(desk.clock.now(), event);
    let still = |now: &Case| {
        let same = now.room().channel == case.room().channel
            && now.room().failed.is_none()
            && now.room().unmade == case.room().unmade;
        if same { Ok(Some(entry.clone())) } else { Err(StepError::MovedOn) }
    };
    desk.ledger.append(case.id(), still).await?;
    Ok(Told::Something)
}

pub(super) async fn invite(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
) -> Result<Told, StepError> {
    desk.people.settle(&desk.rules.policy, &desk.clock, channel).await;
    let policy = desk.policy();
    let room = case.room();
    let owners = case.plans().flat_map(|state| &state.plan.owners);
    let owners = owners.filter_map(ResourceOwner::person).cloned();
    let called = ladder::called_in(case, &policy, desk.clock.now());
    let legal = policy.conduct.legal.iter().filter(|_| duties::legal_wanted(case));
    let legal = legal.map(|user| PersonId { team: policy.team.clone(), user: user.clone() });
    let wanted = room.wanted.iter().cloned().chain(policy.invited()).chain(owners);
    let wanted = wanted.chain(called).chain(legal).chain(summons::summoned(case, &policy));
    let mut missing: Vec<PersonId> =
        wanted.filter(|person| !room.invited.contains(person)).collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return Ok(Told::Nothing);
    }
    let invitation = match desk.chat.invite(channel, &missing).await {
        Ok(invitation) => invitation,
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            Invitation { failed: vec![error.to_string()], ..Default::default() }
        }
        Err(error) => return Err(error.into()),
    };
    let mut failed = invitation.failed;
    failed.extend(policy.known.iter().flat_map(Known::faults));
    let event = Event::Invited { people: missing, failed };
    note(desk, case, event).await?;
    Ok(Told::Something)
}

pub(super) async fn dress(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
) -> Result<Told, StepError> {
    let drill = if case.opening().drill { "DRILL. " } else { "" };
    let key = &case.opening().key;
    let topic = format!("{drill}Exposed key {key}, case {}", case.id());
    let purpose = format!(
        "{drill}Respond to the exposed AWS access key {key}. Every decision here is journaled."
    );
    for dressed in
        [desk.chat.set_topic(channel, &topic).await, desk.chat.set_purpose(channel, &purpose).await]
    {
        match dressed {
            Ok(()) => {}
            Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
                tracing::warn!(case.id = %case.id(), %error, "topic or purpose was not set");
            }
            Err(error) => return Err(error.into()),
        }
    }
    note(desk, case, Event::Dressed).await?;
    Ok(Told::Something)
}

/// Archives the channel of a closed case, unless another open case lives in it.
pub(super) async fn farewell(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
) -> Result<Told, StepError> {
    if !taken_by_another_case(desk, case, channel).await? {
        match desk.chat.archive(channel).await {
            Ok(()) | Err(ChatError::Archived) => {}
            Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
                tracing::warn!(case.id = %case.id(), %error, "the channel was not archived");
            }
            Err(error) => return Err(error.into()),
        }
    }
    put_away(desk, case).await
}

/// Writes down that nothing more is told there.
pub(super) async fn put_away(desk: &Desk, case: &Case) -> Result<Told, StepError> {
    let entry = Entry::own(desk.clock.now(), Event::Archived);
    let once = |case: &Case| {
        let is_due = case.closed_at().is_some() && !case.is_archived();
        Ok::<_, StepError>(is_due.then(|| entry.clone()))
    };
    desk.ledger.append(case.id(), once).await?;
    Ok(Told::Something)
}

/// `keyleak-<last four>-<yyyymmdd>[-n]`; never the whole id, which would name the account.
fn channel_name(case: &Case, attempt: usize) -> String {
    let drill = if case.opening().drill { "drill-" } else { "" };
    let date = case.opened_at().strftime("%Y%m%d");
    let four = case.opening().key.last_four().to_lowercase();
    let suffix = if attempt > 1 { format!("-{attempt}") } else { String::new() };
    format!("{drill}keyleak-{four}-{date}{suffix}")
}
