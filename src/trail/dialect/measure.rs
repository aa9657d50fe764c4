//! What is known of a text before it is parsed: how long, how deep, and of which signs it is.

use super::Fault;
use crate::domain::trail_row::TrailRow;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Words and signs of SQL in one text, beside names, values and commas: each may be one level more
/// of the parsed tree. Ours have a hundred and fifty; `SQLite` itself ends at a thousand.
const MARKS_MAX: usize = 800;
/// Brackets and CASE within one another. The parser tries some brackets in two ways, each level
/// anew, so that a deep nest takes very long.
const NESTING_MAX: usize = 12;

/// Why this text is not parsed at all.
pub(super) fn faults(tokens: &[TokenWithSpan]) -> Vec<Fault> {
    let text = || tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let begins = text().find(|token| !matches!(token.token, Token::LParen | Token::EOF));
    if begins.is_none_or(|token| keyword(token) != Some(Keyword::SELECT)) {
        let what = "it must be one SELECT and nothing else";
        return vec![begins.map_or_else(
            || Fault { line: None, what: what.to_owned() },
            |token| Fault::at(what, token.span),
        )];
    }
    let mut faults: Vec<Fault> = text().filter_map(strange).collect();
    faults.extend(nesting(text()));
    if let Some(token) = text().filter(|token| is_mark(token)).nth(MARKS_MAX) {
        let what = format!(
            "it has more than {MARKS_MAX} words and signs of SQL (AND, OR, =, …); write a long \
             list with IN"
        );
        faults.push(Fault::at(what, token.span));
    }
    faults
}

fn keyword(token: &TokenWithSpan) -> Option<Keyword> {
    let Token::Word(word) = &token.token else { return None };
    Some(word.keyword).filter(|word| *word != Keyword::NoKeyword)
}

fn is_mark(token: &TokenWithSpan) -> bool {
    let Token::Word(word) = &token.token else {
        return !matches!(
            token.token,
            Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Comma
                | Token::Period
                | Token::LParen
                | Token::RParen
        );
    };
    // Some engine has a word for nearly everything, `bucket` too.
    keyword(token).is_some() && !TrailRow::COLUMNS.contains(&word.value.as_str())
}

/// Signs that the parser reads and that are not the same, or nothing, elsewhere.
fn strange(token: &TokenWithSpan) -> Option<Fault> {
    let quoted = matches!(&token.token, Token::Word(word) if word.quote_style.is_some())
        || matches!(token.token, Token::DoubleQuotedString(_));
    let what = if quoted {
        format!("{} is a quoted name, which some engines read as a text", token.token)
    } else if token.token == Token::DoubleEq {
        "== is written = in other engines".to_owned()
    } else if token.token == Token::LBrace {
        "{ begins the name of a time, {exposed_since} or {contained_at}".to_owned()
    } else {
        return None;
    };
    Some(Fault::at(what, token.span))
}

/// What is opened too deep, or not closed again.
fn nesting<'a>(text: impl Iterator<Item = &'a TokenWithSpan>) -> Option<Fault> {
    let mut open: Vec<&TokenWithSpan> = Vec::new();
    for token in text {
        let opens = matches!(token.token, Token::LParen);
        let closes = matches!(token.token, Token::RParen);
        let (begins, ends) =
            (keyword(token) == Some(Keyword::CASE), keyword(token) == Some(Keyword::END));
        if opens || begins {
            open.push(token);
        } else if closes || ends {
            let opened = open.pop().map(|opened| matches!(opened.token, Token::LParen));
            if opened != Some(closes) {
                let what = format!("{} ends what did not begin", token.token);
                return Some(Fault::at(what, token.span));
            }
        }
        if open.len() > NESTING_MAX {
            let what = format!(
                "brackets and CASE stand more than {NESTING_MAX} deep within one another; make it \
                 flatter"
            );
            return Some(Fault::at(what, token.span));
        }
    }
    let left = open.pop()?;
    let end = if matches!(left.token, Token::LParen) { ")" } else { "END" };
    Some(Fault::at(format!("{} has no {end}", left.token), left.span))
}
