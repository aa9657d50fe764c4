//! The members of a record that the parser knows, and what a glance does with each.

use crate::trail::canon::Canon;
use crate::trail::glance::Field;

/// A part of a record of which some members are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Record,
    Identity,
    Session,
    Attributes,
    Issuer,
    Tls,
}

/// What is done with a member that the parser knows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    Text(Field),
    Part(Place),
    /// Nothing, but that it must not be there twice.
    Once,
}

use Wanted::{Once, Part, Text};

const PLACES: [(Place, &[(&str, Wanted)]); 6] = [
    (Place::Record, RECORD),
    (Place::Identity, IDENTITY),
    (
        Place::Session,
        &[
            ("attributes", Part(Place::Attributes)),
            ("sessionIssuer", Part(Place::Issuer)),
            ("sourceIdentity", Once),
        ],
    ),
    (Place::Attributes, &[("creationDate", Text(Field::SessionStart)), ("mfaAuthenticated", Once)]),
    (
        Place::Issuer,
        &[
            ("type", Once),
            ("arn", Text(Field::IssuerArn)),
            ("principalId", Text(Field::IssuerPrincipalId)),
            ("userName", Once),
        ],
    ),
    (Place::Tls, &[("tlsVersion", Once)]),
];

const RECORD: &[(&str, Wanted)] = &[
    ("eventTime", Text(Field::EventTime)),
    ("@timestamp", Text(Field::ShippedTime)),
    ("eventID", Once),
    ("requestID", Once),
    ("eventSource", Text(Field::EventSource)),
    ("eventName", Text(Field::EventName)),
    ("awsRegion", Text(Field::Region)),
    ("sourceIPAddress", Text(Field::SourceIp)),
    ("userAgent", Once),
    ("errorCode", Text(Field::ErrorCode)),
    ("errorMessage", Text(Field::ErrorMessage)),
    ("readOnly", Text(Field::ReadOnly)),
    ("eventType", Text(Field::EventType)),
    ("eventCategory", Text(Field::EventCategory)),
    ("recipientAccountId", Text(Field::RecipientAccount)),
    ("sharedEventID", Once),
    ("vpcEndpointId", Once),
    ("sessionCredentialFromConsole", Text(Field::FromConsole)),
    ("tlsDetails", Part(Place::Tls)),
    ("userIdentity", Part(Place::Identity)),
    ("requestParameters", Once),
    ("responseElements", Once),
    ("additionalEventData", Once),
    ("resources", Once),
];

const IDENTITY: &[(&str, Wanted)] = &[
    ("type", Text(Field::IdentityType)),
    ("principalId", Text(Field::PrincipalId)),
    ("arn", Text(Field::IdentityArn)),
    ("accountId", Text(Field::IdentityAccount)),
    ("invokedBy", Text(Field::InvokedBy)),
    ("accessKeyId", Text(Field::AccessKeyId)),
    ("userName", Text(Field::UserName)),
    ("credentialId", Once),
    ("sessionContext", Part(Place::Session)),
];

/// More than twice as many as there are members of a place, and a power of two.
const SLOTS: usize = 64;

/// A member's hash, a number of its own in its place, and what is done with it.
type Member = (u64, u32, Wanted);

/// The members of each place by the hash of their name, which is at hand wherever one is met.
#[derive(Debug)]
pub(super) struct Members([[Option<Member>; SLOTS]; PLACES.len()]);

impl Members {
    pub(super) fn new(canon: &Canon) -> Self {
        let mut members = Self([[None; SLOTS]; PLACES.len()]);
        for (place, all) in PLACES {
            for (number, (name, wanted)) in (0_u32..).zip(all) {
                let slots = &mut members.0[place as usize];
                let hash = canon.text(name);
                let free = slots_from(hash).find(|slot| slots[*slot].is_none());
                if let Some(slot) = free {
                    slots[slot] = Some((hash, number, *wanted));
                }
            }
        }
        members
    }

    #[inline]
    pub(super) fn get(&self, place: Place, hash: u64) -> Option<(u32, Wanted)> {
        let slots = &self.0[place as usize];
        for slot in slots_from(hash) {
            match slots[slot] {
                Some((known, number, wanted)) if known == hash => return Some((number, wanted)),
                Some(_) => {}
                None => return None,
            }
        }
        None
    }
}

/// Where to look for a hash, one slot after another.
#[inline]
fn slots_from(hash: u64) -> impl Iterator<Item = usize> {
    (0..SLOTS).map(move |step| (hash as usize).wrapping_add(step) % SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_is_found_in_its_place_and_in_no_other() {
        let canon = Canon::default();
        let members = Members::new(&canon);
        for (place, all) in PLACES {
            for (number, (name, _)) in (0_u32..).zip(all) {
                let found = members.get(place, canon.text(name));
                assert_eq!(found.map(|found| found.0), Some(number), "{name}");
            }
            assert!(all.len() * 2 < SLOTS && all.len() < 32);
            assert!(members.get(place, canon.text("nothing")).is_none());
        }
        assert!(members.get(Place::Tls, canon.text("eventName")).is_none());
    }
}
