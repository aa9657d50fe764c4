//! A long case made up for measuring, and a journal in memory that costs nothing.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::digest::canonical;
use keyleak::domain::event::{Event, Opening, PostKey};
use keyleak::domain::ids::{AccessKeyId, CaseId, ChannelId, MessageTs, PersonId};
use keyleak::domain::record::{Actor, Entry, Place, Record};
use keyleak::ports::journal::{AppendError, Journal, StoreError};
use std::sync::Mutex;

/// A journal of one case in memory.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Vec<String>>);

pub(crate) fn id() -> CaseId {
    CaseId("kl-20260801-7wml".to_owned())
}

pub(crate) fn opening() -> Entry {
    by_a_person(
        0,
        Event::Opened(Opening {
            key: AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").unwrap(),
            found_where: Some("a public repository".to_owned()),
            exposed_since: None,
            note: None,
            drill: false,
            endpoints: Vec::new(),
            shares_channel_of: None,
        }),
    )
}

/// A press, a message of ours or a refusal: what a long case consists of.
pub(crate) fn entry(number: usize) -> Entry {
    match number % 3 {
        0 => by_a_person(number, Event::SummaryAsked),
        1 => Entry::own(
            at(number),
            Event::Posted {
                post: PostKey(format!("notice-{number}")),
                channel: ChannelId("C0SIM00002".to_owned()),
                message: MessageTs(format!("1790000000.{number:06}")),
                repeat_possible: false,
            },
        ),
        _ => by_a_person(
            number,
            Event::Refused {
                what: "plan.approve".to_owned(),
                why: "the requester of a plan does not approve it; ask somebody else".to_owned(),
            },
        ),
    }
}

fn by_a_person(number: usize, event: Event) -> Entry {
    let person = PersonId { team: "T0SIM00001".to_owned(), user: "U0ANA00001".to_owned() };
    Entry {
        actor: Actor::Person { person, name: Some("ana".to_owned()) },
        place: Some(Place {
            channel: ChannelId("C0SIM00002".to_owned()),
            message: Some(MessageTs("1790000000.000100".to_owned())),
        }),
        delivery: Some(format!("trigger-1234567890.{number}.abcdef0123456789")),
        ..Entry::own(at(number), event)
    }
}

fn at(number: usize) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_790_000_000 + number as i64)
}

#[async_trait]
impl Journal for Shelf {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        let mut lines = self.0.lock().unwrap();
        if lines.len() as u64 + 1 != record.seq {
            return Err(AppendError::Conflict);
        }
        lines.push(String::from_utf8(canonical(record)).unwrap());
        Ok(())
    }

    async fn read(&self, _case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        Ok(self.0.lock().unwrap()[after as usize..].to_vec())
    }
}
