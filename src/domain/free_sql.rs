//! SQL that a person types in chat: what it is called, and how it is shown.

use crate::domain::case::Case;
use crate::domain::digest::sha256_hex;
use crate::domain::event::Event;

/// What the name of such a question begins with.
const PREFIX: &str = "SQL_";
/// So much of the hash tells two statements of one case apart.
const HASH_LENGTH: usize = 8;

/// The id of the question that this SQL asks: the same SQL, the same id.
pub fn id(sql: &str) -> String {
    let hash = sha256_hex(sql.as_bytes());
    format!("{PREFIX}{}", hash.get(..HASH_LENGTH).unwrap_or_default())
}

/// What was asked, in words: the ids, and the SQL where it is a person's own.
pub fn shown(questions: &[String], sql: Option<&str>) -> String {
    let ids = questions.join(", ");
    sql.map_or_else(|| ids.clone(), |sql| format!("{ids}, in SQL of their own: {sql}"))
}

/// The SQL that somebody asked under this id in the case; none where it is a question of the
/// catalogue.
pub fn asked<'a>(case: &'a Case, question: &str) -> Option<&'a str> {
    if !question.starts_with(PREFIX) {
        return None;
    }
    case.records().iter().find_map(|record| {
        let Event::QuestionsAsked { questions, sql: Some(sql) } = &record.event else {
            return None;
        };
        questions.iter().any(|id| id == question).then_some(sql.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, opened, person};

    #[test]
    fn the_same_sql_has_the_same_id_and_is_found_by_it_in_its_own_case() {
        let (one, other) = ("SELECT count(*) AS n FROM case_table", "SELECT 1 AS n");
        assert_eq!(id(one), id(one));
        assert_ne!(id(one), id(other));
        assert!(crate::domain::question::is_word(&id(one)), "it becomes a part of a file's name");
        let mut case = opened();
        assert_eq!(asked(&case, &id(one)), None);
        let by = Actor::Person { person: person("U1"), name: None };
        let event = Event::QuestionsAsked { questions: vec![id(one)], sql: Some(one.to_owned()) };
        add(&mut case, by, event);
        assert_eq!(asked(&case, &id(one)), Some(one));
        assert_eq!(asked(&case, &id(other)), None);
        assert_eq!(asked(&case, "Q10"), None);
    }
}
