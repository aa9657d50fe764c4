//! Turns one parsed record into a flat row of the case, or into a sighting of pass one.

use crate::domain::sighting_index::LINEAGE_CALLS;
use crate::domain::trail_row::{Sighting, TrailRow, format_time};
use crate::trail::paths::{self, Parts, Paths};
use crate::trail::record::Record;
use jiff::Timestamp;
use std::borrow::Cow;

/// What CloudTrail itself cuts at; a hostile record is cut here too.
const TEXT_MAX: usize = 1_024;

/// The event time as it sorts: whole seconds, UTC.
pub fn event_time<'r>(record: &'r Record<'_>) -> Option<Cow<'r, str>> {
    let text = record.event_time.get().or_else(|| record.shipped_time.get())?;
    if is_canonical(text) {
        return Some(Cow::Borrowed(text));
    }
    let time: Timestamp = text.parse().ok()?;
    Some(Cow::Owned(format_time(time)))
}

/// Whether pass one keeps this call one by one.
pub fn is_lineage_call(record: &Record<'_>) -> bool {
    if record.error_code.get().is_some() || record.error_message.get().is_some() {
        return false;
    }
    let (Some(source), Some(name)) = (record.event_source.get(), record.event_name.get()) else {
        return false;
    };
    LINEAGE_CALLS.iter().any(|(service, names)| *service == source && names.contains(&name))
}

/// The sighting of a lineage call.
pub fn edge(record: &Record<'_>, time: &str) -> Sighting {
    let parts = parts_of(record);
    let text = |paths: Paths| parts.scalar(paths).map(|text| cut(&text));
    Sighting {
        event_name: record.event_name.owned(),
        event_id: record.event_id.owned(),
        minted_key: text(paths::MINTED_KEY),
        minted_arn: text(paths::MINTED_ARN),
        minted_principal_id: text(paths::MINTED_PRINCIPAL_ID),
        minted_expires: text(paths::MINTED_EXPIRES),
        target_user: text(paths::TARGET_USER),
        target_role: target_role(record, &parts),
        target_key: text(paths::TARGET_KEY),
        target_status: text(paths::TARGET_STATUS),
        session_name: text(paths::SESSION_NAME),
        console_result: text(paths::CONSOLE_RESULT),
        addresses: record.source_ip.owned(),
        events: Some(1),
        ..caller(record, time)
    }
}

/// The sighting of a caller, without what it did.
pub fn caller(record: &Record<'_>, time: &str) -> Sighting {
    let identity = &record.user_identity;
    let session = &identity.session_context;
    Sighting {
        identity_type: identity.kind.owned(),
        principal_id: identity.principal_id.owned(),
        identity_arn: identity.arn.owned(),
        identity_account: identity.account_id.owned(),
        invoked_by: identity.invoked_by.owned(),
        access_key_id: identity.access_key_id.owned(),
        user_name: identity.user_name.owned(),
        session_start: session.attributes.creation_date.owned(),
        issuer_arn: session.session_issuer.arn.owned(),
        issuer_principal_id: session.session_issuer.principal_id.owned(),
        from_console: record.session_credential_from_console.flag(),
        recipient_account: record.recipient_account_id.owned(),
        first_time: time.to_owned(),
        last_time: time.to_owned(),
        ..Sighting::default()
    }
}

/// The flat row of a record; `reach` says how it belongs to the case.
pub fn row(record: &Record<'_>, time: &str, reach: &str) -> TrailRow {
    let parts = parts_of(record);
    let identity = &record.user_identity;
    let session = &identity.session_context;
    let text = |paths: Paths| parts.scalar(paths).map(|text| cut(&text));
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
        minted_key: text(paths::MINTED_KEY),
        minted_arn: text(paths::MINTED_ARN),
        minted_principal_id: text(paths::MINTED_PRINCIPAL_ID),
        minted_expires: text(paths::MINTED_EXPIRES),
        target_user: text(paths::TARGET_USER),
        target_role: target_role(record, &parts),
        target_group: text(paths::TARGET_GROUP),
        target_policy: text(paths::TARGET_POLICY),
        target_key: text(paths::TARGET_KEY),
        target_status: text(paths::TARGET_STATUS),
        session_name: text(paths::SESSION_NAME),
        bucket: text(paths::BUCKET),
        object_key: text(paths::OBJECT_KEY),
        bytes_out: parts.integer(paths::BYTES_OUT),
        bytes_in: parts.integer(paths::BYTES_IN),
        resource: first_resource(record).or_else(|| text(paths::RESOURCE)),
        console_result: text(paths::CONSOLE_RESULT),
        mfa_used: text(paths::MFA_USED),
        reach: Some(reach.to_owned()),
    }
}

fn parts_of(record: &Record<'_>) -> Parts {
    Parts::new(record.request_parameters, record.response_elements, record.additional_event_data)
}

/// A refused `AssumeRole` has no parameters; the refusal itself names the role.
fn target_role(record: &Record<'_>, parts: &Parts) -> Option<String> {
    let asked = parts.scalar(paths::TARGET_ROLE).map(|text| cut(&text));
    asked.or_else(|| {
        let message = record.error_message.get()?;
        let (_, rest) = message.split_once("on resource: ")?;
        let arn = rest.split(' ').next()?;
        let (_, name) = arn.split_once(":role/")?;
        (arn.starts_with("arn:aws") && !name.is_empty()).then(|| cut(arn))
    })
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

fn is_canonical(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes[at].is_ascii_digit();
    bytes.len() == 20
        && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18].iter().all(|at| digit(*at))
        && (bytes[4], bytes[7], bytes[10]) == (b'-', b'-', b'T')
        && (bytes[13], bytes[16], bytes[19]) == (b':', b':', b'Z')
}
