//! What most records are asked for: a few texts and a digest, without being parsed whole.

use crate::trail::canon::Canon;
use crate::trail::record::Record;

/// The texts that a glance takes in; an empty one counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    EventTime,
    ShippedTime,
    EventSource,
    EventName,
    Region,
    SourceIp,
    ErrorCode,
    ErrorMessage,
    ReadOnly,
    EventType,
    EventCategory,
    RecipientAccount,
    FromConsole,
    IdentityType,
    PrincipalId,
    IdentityArn,
    IdentityAccount,
    InvokedBy,
    AccessKeyId,
    UserName,
    SessionStart,
    IssuerArn,
    IssuerPrincipalId,
}

const FIELDS: usize = Field::IssuerPrincipalId as usize + 1;

/// One record at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glance<'a> {
    pub json: &'a str,
    /// By what the record says, however it is spelt.
    pub digest: u128,
    /// The same of its caller, with everything that is said of it; 0 where it was not taken.
    pub identity: u128,
    /// The hash of its address; 0 where it was not taken.
    pub source_ip: u64,
    texts: [&'a str; FIELDS],
}

impl<'a> Glance<'a> {
    /// A record that was parsed.
    pub fn of_record(json: &'a str, record: &'a Record<'_>, digest: u128) -> Self {
        let mut glance = Self { json, digest, ..Self::default() };
        let identity = &record.user_identity;
        let session = &identity.session_context;
        let issuer = &session.session_issuer;
        for (field, text) in [
            (Field::EventTime, &record.event_time),
            (Field::ShippedTime, &record.shipped_time),
            (Field::EventSource, &record.event_source),
            (Field::EventName, &record.event_name),
            (Field::Region, &record.aws_region),
            (Field::SourceIp, &record.source_ip),
            (Field::ErrorCode, &record.error_code),
            (Field::ErrorMessage, &record.error_message),
            (Field::ReadOnly, &record.read_only),
            (Field::EventType, &record.event_type),
            (Field::EventCategory, &record.event_category),
            (Field::RecipientAccount, &record.recipient_account_id),
            (Field::FromConsole, &record.session_credential_from_console),
            (Field::IdentityType, &identity.kind),
            (Field::PrincipalId, &identity.principal_id),
            (Field::IdentityArn, &identity.arn),
            (Field::IdentityAccount, &identity.account_id),
            (Field::InvokedBy, &identity.invoked_by),
            (Field::AccessKeyId, &identity.access_key_id),
            (Field::UserName, &identity.user_name),
            (Field::SessionStart, &session.attributes.creation_date),
            (Field::IssuerArn, &issuer.arn),
            (Field::IssuerPrincipalId, &issuer.principal_id),
        ] {
            glance.set(field, text.get().unwrap_or_default());
        }
        glance
    }

    pub(super) fn set(&mut self, field: Field, text: &'a str) {
        self.texts[field as usize] = text;
    }

    /// The text, absent when empty.
    #[inline]
    pub fn get(&self, field: Field) -> Option<&'a str> {
        Some(self.texts[field as usize]).filter(|text| !text.is_empty())
    }

    /// The hash of its address; none where it has none.
    #[inline]
    pub(super) fn source_ip_hash(&self, canon: &Canon) -> Option<u64> {
        let address = self.get(Field::SourceIp)?;
        Some(if self.source_ip == 0 { canon.text(address) } else { self.source_ip })
    }

    /// The whole record, for the few that are asked for more.
    pub fn whole(&self) -> Result<Record<'a>, &'static str> {
        serde_json::from_str(self.json).map_err(|_| "not a record")
    }
}
