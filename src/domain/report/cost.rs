//! What a reading of the trail scanned and cost, in words.

use crate::domain::query_cost::QueryCost;

/// Ends a sentence about a reading, in brackets; empty where its source names no figure.
pub(super) fn words(cost: &QueryCost) -> String {
    let mut words = Vec::new();
    if cost.bytes_scanned > 0 {
        words.push(format!("{} scanned", size(cost.bytes_scanned)));
    }
    if cost.microdollars > 0 {
        words.push(format!("about ${}", dollars(cost.microdollars)));
    }
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// In powers of a thousand, as Athena bills them.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB")];
    let fits = units.into_iter().find(|(unit, _)| bytes >= *unit);
    match fits.unwrap_or((1_000, "kB")) {
        (unit, name) if bytes < 10 * unit && unit > 1_000 => {
            format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
        }
        (unit, name) => format!("{} {name}", bytes.div_ceil(unit)),
    }
}

/// Rounded up to a hundredth of a cent, so that nothing that was paid reads as nothing.
fn dollars(microdollars: u64) -> String {
    let hundredths = microdollars.div_ceil(100);
    format!("{}.{:04}", hundredths / 10_000, hundredths % 10_000)
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::domain::query_cost::QueryCost;

    fn said(bytes_scanned: u64, microdollars: u64) -> String {
        words(&QueryCost { bytes_scanned, microdollars, ..QueryCost::default() })
    }

    #[test]
    fn bytes_and_dollars_are_said_where_they_are_known() {
        assert_eq!(said(0, 0), "");
        assert_eq!(said(1, 0), " (1 kB scanned)");
        assert_eq!(said(40_000_000, 200), " (40 MB scanned, about $0.0002)");
        assert_eq!(said(1_250_000_000, 6_250), " (1.2 GB scanned, about $0.0063)");
        assert_eq!(said(2_000_000_000_000, 9_999_999), " (2.0 TB scanned, about $10.0000)");
    }
}
