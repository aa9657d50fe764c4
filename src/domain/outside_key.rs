//! The keys of messages that go elsewhere than into a case's channel.

use crate::domain::event::PostKey;

/// How the news for people outside a case begin.
pub(super) const DIGEST: &str = "digest-";
/// The question to the key's owner.
pub(super) const OWNER: &str = "owner-asked";

/// Whether a message is one for the people outside.
pub fn is_digest(key: &PostKey) -> bool {
    key.0.starts_with(DIGEST)
}

/// Whether it went elsewhere: it is told, whatever channel the case has now.
pub(super) fn is_outside(key: &PostKey) -> bool {
    is_digest(key) || key.0 == OWNER
}
