//! Values that are neither texts nor lists nor objects.

use crate::trail::skim::Skim;

/// Digits that a floating point number holds exactly.
const DIGITS_MAX: usize = 15;

impl Skim<'_, '_> {
    pub(super) fn literal(&self, at: usize, word: &[u8], hash: u64) -> Option<(usize, u64)> {
        self.bytes.get(at..)?.starts_with(word).then_some((at + word.len(), hash))
    }

    /// A whole number, also where it is written as `12.0`.
    pub(super) fn number(&self, start: usize) -> Option<(usize, u64)> {
        let digits = |from: usize| {
            let rest = self.bytes.get(from..).unwrap_or_default();
            rest.iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count()
        };
        let whole = digits(start);
        let mut at = start + whole;
        let text = self.text.get(start..at)?;
        if whole > DIGITS_MAX || (whole > 1 && text.starts_with('0')) {
            return None;
        }
        if self.bytes.get(at) == Some(&b'.') {
            let zeros = digits(at + 1);
            let fraction = self.bytes.get(at + 1..at + 1 + zeros)?;
            if !(1..=DIGITS_MAX).contains(&zeros) || fraction.iter().any(|byte| *byte != b'0') {
                return None;
            }
            at += 1 + zeros;
        }
        let goes_on = matches!(self.bytes.get(at), Some(b'.' | b'e' | b'E'));
        let number: u64 = text.parse().ok()?;
        (!goes_on).then(|| (at, self.canon.number(number as f64)))
    }
}
