//! A request by chance: a content, and how it is signed, dated, addressed, named and spelt.

use crate::bolt::content::{COMMANDS, Content, EVENTS, INTERACTIONS, MAKERS};
use crate::bolt::difference::Difference;
use crate::chance::Chance;

/// What the signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Right,
    Previous,
    OtherSecret,
    OtherBody,
    Cut,
    Capitals,
    NoVersion,
    OtherVersion,
    Empty,
    NotAscii,
    Missing,
    NoHeaders,
    RightThenWrong,
    WrongThenRight,
    TwiceTheSame,
}

/// What the timestamp is: an age, or a text made of the second that it is now.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stamp {
    Age(i64),
    Text(fn(i64) -> String, Option<Difference>),
    Missing,
}

/// How header names are spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    AsSlack,
    Lower,
    Upper,
    Mixed,
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) content: Content,
    pub(crate) address: &'static str,
    pub(crate) kind: Option<&'static str>,
    pub(crate) signing: Signing,
    pub(crate) stamp: Stamp,
    pub(crate) spelling: Spelling,
    pub(crate) retried: bool,
    /// The very same bytes come a second time.
    pub(crate) again: bool,
    odd: Vec<Difference>,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const WRONG: [Signing; 14] = [
    Signing::Previous,
    Signing::OtherSecret,
    Signing::OtherBody,
    Signing::Cut,
    Signing::Capitals,
    Signing::NoVersion,
    Signing::OtherVersion,
    Signing::Empty,
    Signing::NotAscii,
    Signing::Missing,
    Signing::NoHeaders,
    Signing::RightThenWrong,
    Signing::WrongThenRight,
    Signing::TwiceTheSame,
];
const AGES: [i64; 14] =
    [-86_400, -3_600, -302, -301, -300, -299, -60, 60, 299, 300, 301, 302, 3_600, 1_000_000_000];
const LOOSE: Option<Difference> = Some(Difference::LooseTimestamp);
const TEXTS: [Stamp; 14] = [
    Stamp::Text(|_| "abc".to_owned(), None),
    Stamp::Text(|_| String::new(), None),
    Stamp::Text(|now| format!("-{now}"), None),
    Stamp::Text(|now| format!("{now}.0"), None),
    Stamp::Text(|now| format!("{now}e0"), None),
    Stamp::Text(|now| format!("{now:#x}"), None),
    Stamp::Text(|now| format!("{now}000"), None),
    Stamp::Text(|now| format!("{now}0000000000"), None),
    Stamp::Text(|now| format!("00{now}"), None),
    Stamp::Text(|now| now.to_string().replace('1', "\u{661}"), None),
    Stamp::Text(|now| format!("+{now}"), LOOSE),
    Stamp::Text(|now| format!("0000{now}"), LOOSE),
    Stamp::Text(
        |now| now.to_string().split_at(3).0.to_owned() + "_" + &now.to_string()[3..],
        LOOSE,
    ),
    Stamp::Missing,
];

impl Wanted {
    /// One of the many that there are; half of them would be right but for their content.
    pub(crate) fn by(chance: &mut Chance) -> Self {
        let content = MAKERS[chance.below(MAKERS.len())](chance);
        let mut odd = Vec::from_iter(content.odd);
        let signing = match chance.percent(70) {
            true => Signing::Right,
            false => *chance.pick(&WRONG).expect("one of them"),
        };
        match signing {
            Signing::Previous => odd.push(Difference::PreviousSecret),
            Signing::WrongThenRight | Signing::TwiceTheSame => odd.push(Difference::DoubledHeader),
            Signing::Right
            | Signing::OtherSecret
            | Signing::OtherBody
            | Signing::Cut
            | Signing::Capitals
            | Signing::NoVersion
            | Signing::OtherVersion
            | Signing::Empty
            | Signing::NotAscii
            | Signing::Missing
            | Signing::NoHeaders
            | Signing::RightThenWrong => {}
        }
        let stamp = match chance.below(10) {
            0..=5 => Stamp::Age(0),
            6 | 7 => Stamp::Age(*chance.pick(&AGES).expect("one of them")),
            _ => *chance.pick(&TEXTS).expect("one of them"),
        };
        if let Stamp::Text(_, Some(difference)) = stamp {
            odd.push(difference);
        }
        let address = match chance.percent(94) {
            true => content.address,
            false => *chance.pick(&[COMMANDS, INTERACTIONS, EVENTS]).expect("one of them"),
        };
        if address != content.address {
            odd.push(Difference::WrongAddress);
        }
        let kind = kind(chance, &content, &mut odd);
        let spellings = [Spelling::AsSlack, Spelling::Lower, Spelling::Upper, Spelling::Mixed];
        Self {
            address,
            kind,
            signing,
            stamp,
            spelling: *chance.pick(&spellings).expect("one of them"),
            retried: chance.percent(10),
            again: chance.percent(15),
            content,
            odd,
        }
    }

    /// The classes that may explain a difference.
    pub(crate) fn odd(&self) -> &[Difference] {
        &self.odd
    }

    /// Whether it is refused for its age and for nothing else.
    pub(crate) fn is_only_too_old(&self) -> bool {
        let old = matches!(self.stamp, Stamp::Age(age) if age.abs() > 300);
        old && self.signing == Signing::Right && self.odd.is_empty()
    }

    /// The bytes on the wire; the headers of the signature are made by who can sign.
    pub(crate) fn bytes(&self, signed: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = format!("POST {} HTTP/1.1\r\n", self.address).into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(self.spelt(name).as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        line("Host", b"127.0.0.1");
        line("Connection", b"close");
        if let Some(kind) = self.kind {
            line("Content-Type", kind.as_bytes());
        }
        line("Content-Length", self.content.body.len().to_string().as_bytes());
        for (name, value) in signed {
            line(name, value);
        }
        if self.retried {
            line("X-Slack-Retry-Num", b"1");
            line("X-Slack-Retry-Reason", b"http_timeout");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.content.body);
        bytes
    }

    fn spelt(&self, name: &str) -> String {
        let mixed = |(at, letter): (usize, char)| match at % 2 {
            0 => letter.to_ascii_lowercase(),
            _ => letter.to_ascii_uppercase(),
        };
        match self.spelling {
            Spelling::AsSlack => name.to_owned(),
            Spelling::Lower => name.to_ascii_lowercase(),
            Spelling::Upper => name.to_ascii_uppercase(),
            Spelling::Mixed => name.chars().enumerate().map(mixed).collect(),
        }
    }
}

fn kind(chance: &mut Chance, content: &Content, odd: &mut Vec<Difference>) -> Option<&'static str> {
    let is_json = content.address == EVENTS;
    match chance.below(14) {
        0 => {
            odd.push(Difference::ContentType);
            *chance.pick(&[None, Some("text/plain"), Some("multipart/form-data; boundary=x")])?
        }
        1 if is_json => Some("application/json; charset=utf-8"),
        1 => Some("application/x-www-form-urlencoded; charset=UTF-8"),
        2 if is_json => Some("Application/JSON"),
        2 => Some("Application/X-WWW-Form-Urlencoded"),
        3 if is_json => Some(FORM),
        3 => {
            odd.push(Difference::FormUnderJson);
            Some(JSON)
        }
        _ if is_json => Some(JSON),
        _ => Some(FORM),
    }
}
