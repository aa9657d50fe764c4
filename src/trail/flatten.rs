//! Turns one parsed record into a flat row of the case, or into a sighting of pass one.

use crate::domain::lineage_call::LINEAGE_CALLS;
use crate::domain::trail_row::{Sighting, TrailRow, format_time};
use crate::trail::columns;
use crate::trail::glance::{Field, Glance};
use crate::trail::paths::{self, Parts, Paths};
use crate::trail::record::{Record, flag};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What CloudTrail itself cuts at; a hostile record is cut here too.
const TEXT_MAX: usize = 1_024;
/// EC2 starts at most a few hundred instances in one call.
const HOSTS_MAX: usize = 1_000;
/// Texts that callers are told apart by.
pub(super) const CALLER_TEXTS: usize = 11;
/// Characters of an event time, which every one of ours has.
pub(super) const TIME_LENGTH: usize = 20;

/// The event time as it sorts: whole seconds, UTC.
pub fn event_time<'a>(record: &Glance<'a>) -> Option<Cow<'a, str>> {
    let text = record.get(Field::EventTime).or_else(|| record.get(Field::ShippedTime))?;
    if is_canonical(text) {
        return Some(Cow::Borrowed(text));
    }
    let time = format_time(text.parse::<Timestamp>().ok()?);
    (time.len() == TIME_LENGTH).then_some(Cow::Owned(time))
}

/// Whether pass one keeps this call one by one.
pub fn is_lineage_call(record: &Glance<'_>) -> bool {
    if record.get(Field::ErrorCode).or(record.get(Field::ErrorMessage)).is_some() {
        return false;
    }
    let wanted = record.get(Field::EventSource).zip(record.get(Field::EventName));
    let Some((source, name)) = wanted else { return false };
    LINEAGE_CALLS.iter().any(|(service, names)| *service == source && names.contains(&name))
}

/// The sighting of a lineage call, by this caller.
pub fn edge(record: &Record<'_>, time: &str, caller: &CallerParts<'_>) -> Sighting {
    let parts = parts_of(record);
    let text = |paths: Paths| parts.scalar(paths).map(|text| cut(&text));
    Sighting {
        event_name: record.event_name.owned(),
        event_id: record.event_id.owned(),
        minted_key: text(columns::MINTED_KEY),
        minted_arn: text(columns::MINTED_ARN),
        minted_principal_id: text(columns::MINTED_PRINCIPAL_ID),
        minted_expires: text(columns::MINTED_EXPIRES),
        target_user: text(columns::TARGET_USER),
        new_name: text(columns::NEW_NAME),
        target_role: target_role(record, &parts),
        target_key: text(columns::TARGET_KEY),
        target_status: text(columns::TARGET_STATUS),
        session_name: text(columns::SESSION_NAME),
        console_result: text(columns::CONSOLE_RESULT),
        origin_arn: text(columns::ORIGIN_ARN).or_else(|| oidc_provider(record)),
        resources: hosts(record, &parts),
        addresses: record.source_ip.owned(),
        events: Some(1),
        first_time: time.to_owned(),
        last_time: time.to_owned(),
        ..caller.sighting()
    }
}

/// What callers are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerParts<'a> {
    identity_type: Option<&'a str>,
    principal_id: Option<&'a str>,
    identity_arn: Option<&'a str>,
    identity_account: Option<&'a str>,
    invoked_by: Option<&'a str>,
    access_key_id: Option<&'a str>,
    user_name: Option<&'a str>,
    session_start: Option<&'a str>,
    issuer_arn: Option<&'a str>,
    issuer_principal_id: Option<&'a str>,
    from_console: Option<i64>,
    recipient_account: Option<&'a str>,
}

impl<'a> CallerParts<'a> {
    /// As a record has them.
    pub fn of_glance(record: &Glance<'a>) -> Self {
        Self {
            identity_type: record.get(Field::IdentityType),
            principal_id: record.get(Field::PrincipalId),
            identity_arn: record.get(Field::IdentityArn),
            identity_account: record.get(Field::IdentityAccount),
            invoked_by: record.get(Field::InvokedBy),
            access_key_id: record.get(Field::AccessKeyId),
            user_name: record.get(Field::UserName),
            session_start: record.get(Field::SessionStart),
            issuer_arn: record.get(Field::IssuerArn),
            issuer_principal_id: record.get(Field::IssuerPrincipalId),
            from_console: flag(record.get(Field::FromConsole)),
            recipient_account: record.get(Field::RecipientAccount),
        }
    }

    /// The texts that a subject may name it by.
    pub(super) fn names(&self) -> [Option<&'a str>; 5] {
        [
            self.access_key_id,
            self.identity_arn,
            self.principal_id,
            self.issuer_arn,
            self.issuer_principal_id,
        ]
    }

    /// All of them that are texts, in an order of their own.
    pub(super) fn texts(&self) -> [Option<&'a str>; CALLER_TEXTS] {
        [
            self.identity_type,
            self.principal_id,
            self.identity_arn,
            self.identity_account,
            self.invoked_by,
            self.access_key_id,
            self.user_name,
            self.session_start,
            self.issuer_arn,
            self.issuer_principal_id,
            self.recipient_account,
        ]
    }

    /// From these texts again.
    pub(super) fn of_texts(
        texts: [Option<&'a str>; CALLER_TEXTS],
        from_console: Option<i64>,
    ) -> Self {
        let [kind, principal_id, arn, account, invoked_by, key, user_name, start, rest @ ..] =
            texts;
        let [issuer_arn, issuer_principal_id, recipient_account] = rest;
        Self {
            identity_type: kind,
            principal_id,
            identity_arn: arn,
            identity_account: account,
            invoked_by,
            access_key_id: key,
            user_name,
            session_start: start,
            issuer_arn,
            issuer_principal_id,
            from_console,
            recipient_account,
        }
    }

    pub(super) fn has_from_console(&self) -> Option<i64> {
        self.from_console
    }

    /// The sighting of this caller, without what it did and when.
    pub fn sighting(&self) -> Sighting {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Sighting {
            identity_type: owned(self.identity_type),
            principal_id: owned(self.principal_id),
            identity_arn: owned(self.identity_arn),
            identity_account: owned(self.identity_account),
            invoked_by: owned(self.invoked_by),
            access_key_id: owned(self.access_key_id),
            user_name: owned(self.user_name),
            session_start: owned(self.session_start),
            issuer_arn: owned(self.issuer_arn),
            issuer_principal_id: owned(self.issuer_principal_id),
            from_console: self.from_console,
            recipient_account: owned(self.recipient_account),
            ..Sighting::default()
        }
    }
}

/// The keys, users and roles a call is about.
pub fn targets(record: &Record<'_>) -> Vec<String> {
    let parts = parts_of(record);
    let columns =
        [columns::MINTED_KEY, columns::TARGET_KEY, columns::TARGET_USER].map(|c| parts.scalar(c));
    columns.into_iter().flatten().chain(target_role(record, &parts)).collect()
}

/// The flat row of a record; `reach` says how it belongs to the case.
pub fn row(record: &Record<'_>, time: &str, reach: &str) -> TrailRow {
    let identity = &record.user_identity;
    let session = &identity.session_context;
    TrailRow {
        event_time: time.to_owned(),
        event_id: record.event_id.owned(),
        request_id: record.request_id.owned(),
        event_source: record.event_source.owned(),
        event_name: record.event_name.owned(),
        aws_region: record.aws_region.owned(),
        source_ip: record.source_ip.owned(),
        user_agent: record.user_agent.get().map(cut),
        error_code: record.error_code.owned(),
        error_message: record.error_message.get().map(cut),
        read_only: record.read_only.flag(),
        event_type: record.event_type.owned(),
        event_category: record.event_category.owned(),
        recipient_account: record.recipient_account_id.owned(),
        shared_event_id: record.shared_event_id.owned(),
        vpc_endpoint_id: record.vpc_endpoint_id.owned(),
        tls_version: record.tls_details.tls_version.owned(),
        from_console: record.session_credential_from_console.flag(),
        identity_type: identity.kind.owned(),
        principal_id: identity.principal_id.owned(),
        identity_arn: identity.arn.owned(),
        identity_account: identity.account_id.owned(),
        invoked_by: identity.invoked_by.owned(),
        access_key_id: identity.access_key_id.owned(),
        user_name: identity.user_name.owned(),
        session_start: session.attributes.creation_date.owned(),
        session_mfa: session.attributes.mfa_authenticated.flag(),
        issuer_type: session.session_issuer.kind.owned(),
        issuer_arn: session.session_issuer.arn.owned(),
        issuer_principal_id: session.session_issuer.principal_id.owned(),
        issuer_name: session.session_issuer.user_name.owned(),
        source_identity: session.source_identity.owned(),
        credential_id: identity.credential_id.owned(),
        reach: Some(reach.to_owned()),
        ..extracted(record)
    }
}

/// The columns that lie in the record's JSON parts.
fn extracted(record: &Record<'_>) -> TrailRow {
    let parts = parts_of(record);
    let text = |paths: Paths| parts.scalar(paths).map(|text| cut(&text));
    TrailRow {
        minted_key: text(columns::MINTED_KEY),
        minted_arn: text(columns::MINTED_ARN),
        minted_principal_id: text(columns::MINTED_PRINCIPAL_ID),
        minted_expires: text(columns::MINTED_EXPIRES),
        target_user: text(columns::TARGET_USER),
        target_role: target_role(record, &parts),
        target_group: text(columns::TARGET_GROUP),
        target_policy: text(columns::TARGET_POLICY),
        target_key: text(columns::TARGET_KEY),
        target_status: text(columns::TARGET_STATUS),
        session_name: text(columns::SESSION_NAME),
        origin_arn: text(columns::ORIGIN_ARN).or_else(|| oidc_provider(record)),
        passed_role: text(columns::PASSED_ROLE),
        granted_to: text(columns::GRANTED_TO),
        document: text(columns::DOCUMENT),
        instance_type: text(columns::INSTANCE_TYPE),
        quantity: parts.integer(columns::QUANTITY),
        hosts: hosts(record, &parts),
        model: text(columns::MODEL),
        tokens_in: parts.integer(columns::TOKENS_IN),
        tokens_out: parts.integer(columns::TOKENS_OUT),
        bearer_token: flag(parts.scalar(columns::BEARER_TOKEN).as_deref()),
        sse_customer: text(columns::SSE_CUSTOMER),
        kms_key: text(columns::KMS_KEY),
        detail: text(columns::DETAIL),
        bucket: text(columns::BUCKET),
        object_key: text(columns::OBJECT_KEY),
        bytes_out: parts.integer(columns::BYTES_OUT),
        bytes_in: parts.integer(columns::BYTES_IN),
        resource: first_resource(record).or_else(|| resource(record, &parts)),
        console_result: text(columns::CONSOLE_RESULT),
        mfa_used: text(columns::MFA_USED),
        ..TrailRow::default()
    }
}

fn resource(record: &Record<'_>, parts: &Parts) -> Option<String> {
    let volume = record.event_name.get() == Some("CreateVolume");
    let made = volume.then(|| parts.scalar(columns::MADE_VOLUME)).flatten();
    made.or_else(|| parts.scalar(columns::RESOURCE)).map(|text| cut(&text))
}

fn parts_of(record: &Record<'_>) -> Parts {
    Parts::new(record.request_parameters, record.response_elements, record.additional_event_data)
}

/// A refused `AssumeRole` has no parameters; the refusal itself names the role.
fn target_role(record: &Record<'_>, parts: &Parts) -> Option<String> {
    let asked = parts.scalar(columns::TARGET_ROLE).map(|text| cut(&text));
    asked.or_else(|| {
        let message = record.error_message.get()?;
        let (_, rest) = message.split_once("on resource: ")?;
        let arn = rest.split(' ').next()?;
        let (_, name) = arn.split_once(":role/")?;
        (arn.starts_with("arn:aws") && !name.is_empty()).then(|| cut(arn))
    })
}

/// A caller that a provider vouches for is named after the provider.
fn oidc_provider(record: &Record<'_>) -> Option<String> {
    let id = record.user_identity.principal_id.get()?;
    let (account, rest) = id.strip_prefix("arn:aws")?.split_once(":oidc-provider/")?;
    let host = rest.split(':').next().filter(|host| !host.is_empty())?;
    Some(cut(&format!("arn:aws{account}:oidc-provider/{host}")))
}

/// The function a call is about, or every instance its request or its answer names.
fn hosts(record: &Record<'_>, parts: &Parts) -> Option<String> {
    if let Some(function) = parts.scalar(columns::FUNCTION) {
        return Some(cut(&function));
    }
    let raw = [record.request_parameters, record.response_elements];
    let mut ids = BTreeSet::new();
    for text in raw.into_iter().flatten() {
        // Between two quotes: no key and no longer text is taken for an instance.
        ids.extend(text.get().split('"').filter(|word| is_instance(word)));
    }
    let ids: Vec<&str> = ids.into_iter().take(HOSTS_MAX).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn is_instance(word: &str) -> bool {
    let id = word.strip_prefix("i-").unwrap_or_default();
    (8..=17).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn first_resource(record: &Record<'_>) -> Option<String> {
    let resources = paths::parse(record.resources);
    let first = resources.as_array()?.first()?;
    let arn = ["ARN", "arn"].iter().find_map(|name| first.get(name))?;
    paths::scalar_text(arn).map(|text| cut(&text))
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_MAX {
        return text.to_owned();
    }
    text.chars().take(TEXT_MAX).collect()
}

/// Whether this is a time as CloudTrail writes it, of a day that every month has; what is not may
/// be one all the same, and is read.
fn is_canonical(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes[at].is_ascii_digit();
    let number = |at: usize| (bytes[at] - b'0') * 10 + (bytes[at + 1] - b'0');
    bytes.len() == TIME_LENGTH
        && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18].iter().all(|at| digit(*at))
        && (bytes[4], bytes[7], bytes[10]) == (b'-', b'-', b'T')
        && (bytes[13], bytes[16], bytes[19]) == (b':', b':', b'Z')
        && bytes[0] == b'2'
        && (1..=12).contains(&number(5))
        && (1..=28).contains(&number(8))
        && number(11) < 24
        && number(14) < 60
        && number(17) < 60
}
