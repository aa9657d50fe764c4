//! What people sent in a storm, and what they were told.

use jiff::Timestamp;
use keyleak::sim::slack::deliver::{Delivery, Sent, Silence};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// One thing that somebody did once, however often it was delivered.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) who: String,
    /// The action of the button, or what was typed.
    pub(crate) what: String,
    /// The key of the case that it is about.
    pub(crate) leaked: String,
    pub(crate) response_url: Option<String>,
    pub(crate) answers: Vec<Answer>,
}

/// What one delivery was answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// 200, with these words to the person.
    Taken(String),
    Status(u16),
    TimedOut,
    Unreachable,
}

/// Something to be delivered.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// The key by which the journal must know it.
    pub(crate) key: String,
    pub(crate) sent: Sent,
    pub(crate) made: Timestamp,
}

/// Every deed by its key.
#[derive(Debug, Default)]
pub(crate) struct Books(Mutex<BTreeMap<String, Deed>>);

impl Books {
    pub(crate) fn begin(&self, letter: &Letter, deed: Deed) {
        let before = self.0.lock().unwrap().insert(letter.key.clone(), deed);
        assert!(before.is_none(), "each deed has a key of its own: {}", letter.key);
    }

    pub(crate) fn note(&self, letter: &Letter, delivery: &Delivery) {
        let answer = match (delivery.status, delivery.silence) {
            (Some(200), _) => Answer::Taken(delivery.body.clone()),
            (Some(status), _) => Answer::Status(status),
            (None, Some(Silence::TimedOut)) => Answer::TimedOut,
            (None, _) => Answer::Unreachable,
        };
        self.0.lock().unwrap().get_mut(&letter.key).unwrap().answers.push(answer);
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Deed> {
        self.0.lock().unwrap().clone()
    }
}

impl Deed {
    /// Whether somebody was told 200.
    pub(crate) fn was_taken(&self) -> bool {
        self.answers.iter().any(|answer| matches!(answer, Answer::Taken(_)))
    }

    pub(crate) fn is_press(&self) -> bool {
        !self.what.starts_with("/keyleak")
    }

    /// What the answers themselves said; a press is answered by its response url.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().filter_map(|answer| match answer {
            Answer::Taken(words) if !words.is_empty() => Some(words.as_str()),
            Answer::Taken(_) | Answer::Status(_) | Answer::TimedOut | Answer::Unreachable => None,
        })
    }
}
