//! What must never be printed: typed text, and addresses that work once.

/// A one-time address or trigger: whoever holds it may use it, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTime(String);

/// Text as a person typed it; not printed, because people paste secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(String);

impl OneTime {
    pub fn new(value: String) -> Self {
        Self(value)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OneTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTime(…)")
    }
}

impl Typed {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Typed({} bytes)", self.0.len())
    }
}
