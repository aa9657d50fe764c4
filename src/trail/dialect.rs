//! The dialect of questions: what every engine reads alike, and nothing but the case table.

mod meaning;
mod measure;
mod walls;

use sqlparser::ast::Query;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Tokenizer};

/// How a parser says where it stopped.
const AT_LINE: &str = " at Line: ";
/// The parser, and whoever walks or drops what it made, call themselves as deep as the text is
/// nested; `measure` bounds that, and this is ample for it. What is not used costs nothing.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// How deep the parser may call itself: out of reach, since `measure` counts better.
const RECURSION_MAX: usize = 1_000;
/// Mistakes that are told of one text; who mends so many looks again anyway.
const FAULTS_MAX: usize = 30;

/// Why a text is no question, and in which line, where that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    pub(super) line: Option<u64>,
    pub(super) what: String,
}

impl Fault {
    /// One that is about a part of the text.
    fn at(what: impl Into<String>, part: Span) -> Self {
        let line = part.start.line;
        Self { line: (line > 0).then_some(line), what: what.into() }
    }
}

/// Whether a text must say in which order its rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Wholly, since several engines are asked and must return the same.
    Said,
    /// As the asker likes, since one engine is asked once.
    Free,
}

/// Everything that keeps a text from being one plain query of the case table, in SQL that every
/// engine reads alike.
pub(super) fn faults(sql: &str, order: Order) -> Vec<Fault> {
    let judged = std::thread::scope(|scope| {
        let judge = std::thread::Builder::new().stack_size(STACK_BYTES);
        judge.spawn_scoped(scope, || judge_here(sql, order)).ok()?.join().ok()
    });
    judged.unwrap_or_else(|| {
        vec![Fault { line: None, what: "it cannot be read; make it simpler".to_owned() }]
    })
}

fn judge_here(sql: &str, order: Order) -> Vec<Fault> {
    let query = match tokens(sql).and_then(|tokens| parsed(tokens).map_err(|fault| vec![fault])) {
        Ok(query) => query,
        Err(faults) => return faults,
    };
    let mut faults = walls::faults(&query, order);
    faults.extend(meaning::faults(&query));
    faults.sort();
    faults.dedup();
    if faults.len() > FAULTS_MAX {
        let more = faults.len() - FAULTS_MAX;
        faults.truncate(FAULTS_MAX);
        faults.push(Fault { line: None, what: format!("{more} more mistakes are not told") });
    }
    faults
}

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Vec<Fault>> {
    let read = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location();
    let tokens = read.map_err(|error| vec![unread(&error.to_string(), None)])?;
    match measure::faults(&tokens) {
        faults if faults.is_empty() => Ok(tokens),
        faults => Err(faults),
    }
}

/// Reads one query, and all of the text.
fn parsed(tokens: Vec<TokenWithSpan>) -> Result<Box<Query>, Fault> {
    let of_text = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let last = tokens.iter().rfind(of_text).map(|token| token.span.start.line);
    let mut parser = Parser::new(&GenericDialect {})
        .with_recursion_limit(RECURSION_MAX)
        .with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(|error| match error {
        ParserError::TokenizerError(said) | ParserError::ParserError(said) => unread(&said, last),
        ParserError::RecursionLimitExceeded => unread("it is nested too deep", last),
    })?;
    let mut ended = false;
    while parser.consume_token(&Token::SemiColon) {
        ended = true;
    }
    match parser.next_token() {
        TokenWithSpan { token: Token::EOF, .. } => Ok(query),
        more if ended => Err(Fault::at("it must be one SELECT and nothing else", more.span)),
        more => Err(Fault::at(
            format!("it is not SQL that every engine reads ({} is not expected here)", more.token),
            more.span,
        )),
    }
}

/// What a parser said, in our words, and its line: the last one where the text just ended.
fn unread(said: &str, last: Option<u64>) -> Fault {
    let (what, place) = said.split_once(AT_LINE).unwrap_or((said, ""));
    let line = place.split(',').next().and_then(|line| line.parse().ok()).or(last);
    Fault { line, what: format!("it is not SQL that every engine reads ({what})") }
}

#[cfg(test)]
mod tests;
