//! The members of a record that the parser knows, and what a glance does with each.

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

/// The members that the parser knows, each with a number of its own in its place.
pub(super) fn known(place: Place, key: &[u8]) -> Option<(u32, Wanted)> {
    use Wanted::{Once, Part, Text};
    Some(match place {
        Place::Record => return known_of_record(key),
        Place::Identity => match key {
            b"type" => (0, Text(Field::IdentityType)),
            b"principalId" => (1, Text(Field::PrincipalId)),
            b"arn" => (2, Text(Field::IdentityArn)),
            b"accountId" => (3, Text(Field::IdentityAccount)),
            b"invokedBy" => (4, Text(Field::InvokedBy)),
            b"accessKeyId" => (5, Text(Field::AccessKeyId)),
            b"userName" => (6, Text(Field::UserName)),
            b"credentialId" => (7, Once),
            b"sessionContext" => (8, Part(Place::Session)),
            _ => return None,
        },
        Place::Session => match key {
            b"attributes" => (0, Part(Place::Attributes)),
            b"sessionIssuer" => (1, Part(Place::Issuer)),
            b"sourceIdentity" => (2, Once),
            _ => return None,
        },
        Place::Attributes => match key {
            b"creationDate" => (0, Text(Field::SessionStart)),
            b"mfaAuthenticated" => (1, Once),
            _ => return None,
        },
        Place::Issuer => match key {
            b"type" => (0, Once),
            b"arn" => (1, Text(Field::IssuerArn)),
            b"principalId" => (2, Text(Field::IssuerPrincipalId)),
            b"userName" => (3, Once),
            _ => return None,
        },
        Place::Tls => match key {
            b"tlsVersion" => (0, Once),
            _ => return None,
        },
    })
}

fn known_of_record(key: &[u8]) -> Option<(u32, Wanted)> {
    use Wanted::{Once, Part, Text};
    Some(match key {
        b"eventTime" => (0, Text(Field::EventTime)),
        b"@timestamp" => (1, Text(Field::ShippedTime)),
        b"eventID" => (2, Once),
        b"requestID" => (3, Once),
        b"eventSource" => (4, Text(Field::EventSource)),
        b"eventName" => (5, Text(Field::EventName)),
        b"awsRegion" => (6, Text(Field::Region)),
        b"sourceIPAddress" => (7, Text(Field::SourceIp)),
        b"userAgent" => (8, Once),
        b"errorCode" => (9, Text(Field::ErrorCode)),
        b"errorMessage" => (10, Text(Field::ErrorMessage)),
        b"readOnly" => (11, Text(Field::ReadOnly)),
        b"eventType" => (12, Text(Field::EventType)),
        b"eventCategory" => (13, Text(Field::EventCategory)),
        b"recipientAccountId" => (14, Text(Field::RecipientAccount)),
        b"sharedEventID" => (15, Once),
        b"vpcEndpointId" => (16, Once),
        b"sessionCredentialFromConsole" => (17, Text(Field::FromConsole)),
        b"tlsDetails" => (18, Part(Place::Tls)),
        b"userIdentity" => (19, Part(Place::Identity)),
        b"requestParameters" => (20, Once),
        b"responseElements" => (21, Once),
        b"additionalEventData" => (22, Once),
        b"resources" => (23, Once),
        _ => return None,
    })
}
