//! What the texts of a record can be taken for: key ids, addresses, sources outside AWS.

/// Whether text can be the id of a credential; masked and hidden ids cannot, and would link
/// everything to everything.
pub fn is_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && text.bytes().skip(4).any(|b| Some(b) != text.as_bytes().get(4).copied())
}

/// Whether a source is worth showing as where a caller was: AWS writes a service's name when a
/// service called, and some sources anonymise addresses into numbers that are none.
pub fn is_outside(text: &str) -> bool {
    !is_service(text) && text.contains(|c: char| c.is_ascii_digit() || c == ':')
}

/// Whether a caller or a source is the name of an AWS service.
pub fn is_service(text: &str) -> bool {
    text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn")
}

/// Whether a source address is one; services write their name there.
pub fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_and_hidden_ids_are_no_ids() {
        for text in
            ["AKIA****************", "AKIAXXXXXXXXXXXXXXXX", "HIDDEN_DUE_TO_SECURITY_REASONS"]
        {
            assert!(!is_key_id(text), "{text}");
        }
        assert!(is_key_id("ASIA0189AAAAAAAAAA22"), "published trails hold digits AWS never gives");
    }

    #[test]
    fn a_number_that_is_no_address_is_shown_and_not_searched_for() {
        assert!(is_outside("260.1.2.3") && !is_address("260.1.2.3"));
        assert!(!is_outside("ec2.amazonaws.com") && !is_outside("AWS Internal"));
        assert!(is_address("2001:db8::1"));
    }
}
