//! Ids in a file: kept before the person hears 200, read and opened afterwards, told in one line.
//!
//! Needs: only Slack has the file, and Slack is not called in a request. So what is durable there
//! is that this file is to be read for this person, who was found to be allowed to open cases.
//! Whoever takes it up does all of it again after a crash: a key that was opened is joined then.

use crate::domain::digest::sha256_hex;
use crate::domain::id_list::{self, FILE_BYTES_MAX, IdList, ListError};
use crate::domain::intake::GivenFile;
use crate::domain::proof::Caller;
use crate::domain::record::Actor;
use crate::flow::desk::Desk;
use crate::flow::intake::{Leaders, NotOpened, OpenRequest, Opened, open_for};
use crate::flow::lane::StepError;
use crate::flow::ledger::LedgerError;
use crate::ports::chat::{ChatError, Fetched, Line};
use crate::ports::journal::Kept;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Cases that are opened between two words about it; so a whole file costs a handful of updates.
const LOT: usize = 10;
/// After so long a file that Slack does not give is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// Refusals that are told one by one; who has more has sent another file.
const REFUSED_SHOWN_MAX: usize = 20;

/// A file that is to be read, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct FileIntake {
    by: Actor,
    file: GivenFile,
    found_where: Option<String>,
    exposed_since: Option<Timestamp>,
    note: Option<String>,
    delivery: String,
    asked_at: Timestamp,
    /// Where the person is told how it goes.
    line: Option<Line>,
}

/// How far it is.
#[derive(Debug, Default)]
struct Tally {
    total: usize,
    opened: usize,
    joined: usize,
}

/// Keeps a file for the worker; from then on it will be read, whatever happens to this process.
pub async fn take_in(
    desk: &Desk,
    caller: &Caller,
    (request, file): (&OpenRequest, &GivenFile),
) -> Result<(), NotOpened> {
    desk.bench().meet(caller, None).await?;
    desk.policy().may_act(caller)?;
    let asked_at = desk.clock.now();
    let intake = FileIntake {
        by: Actor::of(caller),
        file: file.clone(),
        found_where: request.found_where.clone(),
        exposed_since: request.exposed_since,
        note: request.note.clone(),
        delivery: request.delivery.clone().unwrap_or_else(|| format!("file:{}", file.id)),
        asked_at,
        line: None,
    };
    let id = sha256_hex(intake.delivery.as_bytes());
    Ok(keep(desk, &id, &intake).await?)
}

/// Does what was kept; an error means that it is to be tried again.
pub async fn work_off(desk: &Desk, kept: &Kept) -> Result<(), StepError> {
    let Ok(mut intake) = serde_json::from_str::<FileIntake>(&kept.what) else {
        tracing::error!("what was kept of a file cannot be read, so it is dropped");
        return Ok(desk.work.forget(&kept.id).await?);
    };
    if intake.line.is_none() {
        intake.line = say(desk, &intake, &format!("Reading {} …", intake.file.name)).await?;
        keep(desk, &kept.id, &intake).await?;
    }
    let words = match read(desk, &intake).await? {
        Ok(list) => open_all(desk, &intake, &list).await?,
        Err(why) => format!("Nothing was opened from {}: {why}.", intake.file.name),
    };
    say(desk, &intake, &words).await?;
    Ok(desk.work.forget(&kept.id).await?)
}

/// The ids in the file, or why there are none that a person can be told.
async fn read(desk: &Desk, intake: &FileIntake) -> Result<Result<IdList, String>, StepError> {
    let content = match desk.chat.fetch(&intake.file.id, FILE_BYTES_MAX).await {
        Ok(Fetched::Content(content)) => content,
        Ok(Fetched::TooLarge) => return Ok(Err(ListError::TooLarge.to_string())),
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            return Ok(Err(format!("{error}; then send the form again, or the ids as text")));
        }
        Err(error) if desk.clock.now() > intake.asked_at + PATIENCE => {
            return Ok(Err(format!("{error}, for a day; send the form again")));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(id_list::read(&content).map_err(|why| why.to_string()))
}

/// Opens a case for each key, and says how it ended.
async fn open_all(desk: &Desk, intake: &FileIntake, list: &IdList) -> Result<String, StepError> {
    let mut tally = Tally { total: list.keys.len(), ..Tally::default() };
    let mut leaders = Leaders::new();
    for keys in list.keys.chunks(LOT) {
        let request = OpenRequest {
            keys: keys.to_vec(),
            found_where: intake.found_where.clone(),
            exposed_since: intake.exposed_since,
            note: intake.note.clone(),
            delivery: Some(intake.delivery.clone()),
            place: None,
        };
        for one in open_for(desk, (&intake.by, &request), &mut leaders).await? {
            let ours = is_of(&one, &intake.delivery);
            *(if ours { &mut tally.opened } else { &mut tally.joined }) += 1;
        }
        // How it goes is worth a word and not a case: what Slack does not take now is left out.
        let words = progress(intake, &tally, list);
        if tally.opened + tally.joined < tally.total
            && let Err(error) = say(desk, intake, &words).await
        {
            tracing::warn!(%error, "the progress with a file was not told");
        }
    }
    Ok(outcome(intake, &tally, list))
}

/// Whether this intake began the case, now or before it was cut off.
fn is_of(opened: &Opened, delivery: &str) -> bool {
    let first = opened.case.records().first();
    opened.new || first.is_some_and(|first| first.delivery.as_deref() == Some(delivery))
}

fn progress(intake: &FileIntake, tally: &Tally, list: &IdList) -> String {
    let Tally { total, opened, joined } = tally;
    format!(
        "{}: {opened} of {total} opened, {joined} joined an open case, {} refused …",
        intake.file.name,
        list.refused.len()
    )
}

fn outcome(intake: &FileIntake, tally: &Tally, list: &IdList) -> String {
    let Tally { total, opened, joined } = tally;
    let refused = list.refused.len();
    let mut words = format!(
        "{}: {opened} of {total} opened, {joined} joined an open case, {refused} refused. Keys of \
         one account share a channel; /keyleak list shows all cases.",
        intake.file.name
    );
    for one in list.refused.iter().take(REFUSED_SHOWN_MAX) {
        words.push_str(&format!("\nLine {}: {}.", one.line, one.why));
    }
    if refused > REFUSED_SHOWN_MAX {
        words.push_str(&format!("\n… and {} more.", refused - REFUSED_SHOWN_MAX));
    }
    if refused > 0 {
        words.push_str("\nCorrect these and send them alone; the others need nothing more.");
    }
    words
}

/// Says how it goes. A person whom Slack does not let us tell gets their cases all the same.
async fn say(desk: &Desk, intake: &FileIntake, words: &str) -> Result<Option<Line>, StepError> {
    let Some(person) = intake.by.person() else {
        return Ok(None);
    };
    match desk.chat.say_to(person, intake.line.as_ref(), words).await {
        Ok(line) => Ok(Some(line)),
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            tracing::warn!(%error, "how it goes with a file cannot be told");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn keep(desk: &Desk, id: &str, intake: &FileIntake) -> Result<(), LedgerError> {
    let unreachable = |why: String| LedgerError::Unreachable(why);
    let what = serde_json::to_string(intake).map_err(|error| unreachable(error.to_string()))?;
    let kept = Kept { id: id.to_owned(), what };
    desk.work.keep(&kept).await.map_err(|error| unreachable(error.0))
}
