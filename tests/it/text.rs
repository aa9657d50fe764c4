//! Source files as text, for tests that hold documents to them.

/// The code of a file without its tests.
pub(crate) fn code(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap()
}

/// The texts in quotes in a source.
pub(crate) fn quoted(source: &str) -> impl Iterator<Item = &str> {
    source.split('"').skip(1).step_by(2)
}
