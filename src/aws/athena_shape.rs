//! The type of a table's column as the catalog writes it, such as `array<struct<arn:string>>`.

/// No CloudTrail table is nested deeper than six; a type that is was not written for one.
const DEPTH_MAX: usize = 16;
/// Glue's own limit for the type of a column.
const CHARS_MAX: usize = 131_072;

/// What can be done with a column, or with a field of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Flag,
    /// A whole number.
    Number,
    Date,
    Time,
    Row(Vec<(String, Shape)>),
    List(Box<Shape>),
    /// Something that no query of ours can read.
    Other(String),
}

impl Shape {
    /// Reads a type; one that is not understood is kept as it was written.
    pub(super) fn parse(text: &str) -> Self {
        let lower = text.trim().to_ascii_lowercase();
        let whole = (lower.len() <= CHARS_MAX).then(|| read(&lower, DEPTH_MAX)).flatten();
        let whole = whole.and_then(|(shape, rest)| rest.trim().is_empty().then_some(shape));
        whole.unwrap_or(Self::Other(lower.chars().take(64).collect()))
    }

    /// A field of a row.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Row(fields) = self else {
            return None;
        };
        fields.iter().find(|(known, _)| known == name).map(|(_, shape)| shape)
    }
}

/// One type, and what stands after it.
fn read(text: &str, depth: usize) -> Option<(Shape, &str)> {
    let depth = depth.checked_sub(1)?;
    let text = text.trim_start();
    let ends = text.find(['<', '>', ',', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(ends);
    match (name.trim(), rest.strip_prefix('<')) {
        ("struct", Some(inner)) => fields(inner, depth),
        ("array", Some(inner)) => {
            let (of, rest) = read(inner, depth)?;
            Some((Shape::List(Box::new(of)), rest.trim_start().strip_prefix('>')?))
        }
        (other, Some(inner)) => {
            let rest = past_types(inner, depth)?;
            Some((Shape::Other(other.to_owned()), rest))
        }
        (plain, None) => Some((simple(plain)?, past_length(rest)?)),
    }
}

/// The fields of a row, up to the bracket that closes it.
fn fields(mut text: &str, depth: usize) -> Option<(Shape, &str)> {
    let mut fields = Vec::new();
    loop {
        let (name, rest) = text.split_once(':')?;
        let (shape, rest) = read(rest, depth)?;
        fields.push((name.trim().trim_matches('`').to_owned(), shape));
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('>') {
            return Some((Shape::Row(fields), rest));
        }
        text = rest.strip_prefix(',')?;
    }
}

/// What stands after the types inside of something else, such as a map.
fn past_types(mut text: &str, depth: usize) -> Option<&str> {
    loop {
        let (_, rest) = read(text, depth)?;
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('>') {
            return Some(rest);
        }
        text = rest.strip_prefix(',')?;
    }
}

fn simple(name: &str) -> Option<Shape> {
    Some(match name {
        "string" | "varchar" | "char" => Shape::Text,
        "boolean" => Shape::Flag,
        "tinyint" | "smallint" | "int" | "integer" | "bigint" => Shape::Number,
        "date" => Shape::Date,
        "timestamp" => Shape::Time,
        "" => return None,
        other => Shape::Other(other.to_owned()),
    })
}

/// What stands after the length in `varchar(16)`.
fn past_length(text: &str) -> Option<&str> {
    match text.strip_prefix('(') {
        Some(inner) => inner.split_once(')').map(|(_, rest)| rest),
        None => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_however_deep_and_whatever_stands_beside() {
        let shape = Shape::parse(
            "struct<type:string,sessioncontext:struct<attributes:struct<mfaauthenticated:boolean>,\
             webid:map<string,array<int>>>,invokedby:varchar(64)>",
        );
        let attributes = shape.field("sessioncontext").and_then(|all| all.field("attributes"));
        let mfa = attributes.and_then(|all| all.field("mfaauthenticated"));
        assert_eq!(mfa, Some(&Shape::Flag));
        assert_eq!(shape.field("invokedby"), Some(&Shape::Text));
        assert_eq!(shape.field("sessioncontext").unwrap().field("webid"), Some(&other("map")));
        assert_eq!(shape.field("arn"), None);
        let list = Shape::parse("ARRAY<STRUCT<ARN:STRING, accountId:STRING>>");
        let Shape::List(of) = list else { panic!("{list:?}") };
        assert_eq!(of.field("arn"), Some(&Shape::Text));
    }

    fn other(name: &str) -> Shape {
        Shape::Other(name.to_owned())
    }

    #[test]
    fn what_is_no_type_is_nothing_that_can_be_read() {
        let deep = "array<".repeat(100) + "string" + &">".repeat(100);
        for text in ["", "struct<", "struct<a>", "array<string", "string>", "struct<a:>", &deep] {
            assert!(matches!(Shape::parse(text), Shape::Other(_)), "{text}");
        }
        assert_eq!(Shape::parse("map<string,string>"), other("map"));
        assert_eq!(Shape::parse("double"), other("double"));
    }
}
