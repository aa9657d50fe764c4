//! The flat rows a trail is cut down to: every CloudTrail field a question needs, extracted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a text row from an engine could not be read as the row it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The engine returned another number of columns than the query names.
    #[error("expected {expected} columns and got {got}; the query and this version do not match")]
    Width { expected: usize, got: usize },
    /// A column that must hold a whole number or a time does not.
    #[error("column {column} holds a value that is not {wanted}; check the table's column types")]
    Value { column: &'static str, wanted: &'static str },
}

/// One value of a flat row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    /// The record does not have it.
    Null,
    /// Text as CloudTrail wrote it.
    Text(&'a str),
    /// A whole number, or 0 and 1 for no and yes.
    Integer(i64),
}

/// Reads a field from the text an engine prints, or as it was shown, and shows it again.
trait FlatValue: Sized {
    fn from_text(column: &'static str, text: Option<&str>) -> Result<Self, RowError>;
    fn from_field(column: &'static str, field: Field<'_>) -> Result<Self, RowError>;
    fn field(&self) -> Field<'_>;
    const INTEGER: bool;
}

impl FlatValue for Option<String> {
    fn from_text(_column: &'static str, text: Option<&str>) -> Result<Self, RowError> {
        Ok(text.map(str::to_owned))
    }

    fn from_field(column: &'static str, field: Field<'_>) -> Result<Self, RowError> {
        match field {
            Field::Null => Ok(None),
            Field::Text(text) => Ok(Some(text.to_owned())),
            Field::Integer(_) => Err(RowError::Value { column, wanted: "text" }),
        }
    }

    fn field(&self) -> Field<'_> {
        self.as_deref().map_or(Field::Null, Field::Text)
    }

    const INTEGER: bool = false;
}

impl FlatValue for String {
    fn from_text(column: &'static str, text: Option<&str>) -> Result<Self, RowError> {
        text.map(str::to_owned).ok_or(RowError::Value { column, wanted: "present" })
    }

    fn from_field(column: &'static str, field: Field<'_>) -> Result<Self, RowError> {
        match field {
            Field::Text(text) => Ok(text.to_owned()),
            Field::Null | Field::Integer(_) => Err(RowError::Value { column, wanted: "present" }),
        }
    }

    fn field(&self) -> Field<'_> {
        Field::Text(self)
    }

    const INTEGER: bool = false;
}

impl FlatValue for Option<i64> {
    fn from_text(column: &'static str, text: Option<&str>) -> Result<Self, RowError> {
        match text {
            None | Some("") => Ok(None),
            Some("true") => Ok(Some(1)),
            Some("false") => Ok(Some(0)),
            Some(digits) => digits
                .parse()
                .map(Some)
                .map_err(|_| RowError::Value { column, wanted: "a whole number" }),
        }
    }

    fn from_field(column: &'static str, field: Field<'_>) -> Result<Self, RowError> {
        match field {
            Field::Null => Ok(None),
            Field::Integer(number) => Ok(Some(number)),
            Field::Text(_) => Err(RowError::Value { column, wanted: "a whole number" }),
        }
    }

    fn field(&self) -> Field<'_> {
        self.map_or(Field::Null, Field::Integer)
    }

    const INTEGER: bool = true;
}

macro_rules! flat_row {
    ($(#[$outer:meta])* $row:ident { $($(#[$inner:meta])* $name:ident: $kind:ty,)+ }) => {
        $(#[$outer])*
        #[derive(
            Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $row { $($(#[$inner])* pub $name: $kind,)+ }

        impl $row {
            /// The column names, in the order every engine returns them.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($name),)+];
            /// Which columns hold whole numbers; all others hold text.
            pub const INTEGERS: &'static [bool] = &[$(<$kind as FlatValue>::INTEGER,)+];

            /// Reads a row an engine printed as text, columns in the order of `COLUMNS`.
            pub fn from_texts(texts: &[Option<&str>]) -> Result<Self, RowError> {
                let expected = Self::COLUMNS.len();
                if texts.len() != expected {
                    return Err(RowError::Width { expected, got: texts.len() });
                }
                let mut texts = texts.iter().copied();
                Ok(Self {
                    $($name: FlatValue::from_text(stringify!($name), texts.next().flatten())?,)+
                })
            }

            /// The row that shows these fields, in the order of `COLUMNS`.
            pub fn from_fields<'a>(
                mut fields: impl Iterator<Item = Field<'a>>,
            ) -> Result<Self, RowError> {
                let mut next = || fields.next().unwrap_or(Field::Null);
                Ok(Self { $($name: FlatValue::from_field(stringify!($name), next())?,)+ })
            }

            /// The values, in the order of `COLUMNS`.
            pub fn fields(&self) -> Vec<Field<'_>> {
                vec![$(FlatValue::field(&self.$name),)+]
            }
        }
    };
}

flat_row! {
    /// One CloudTrail record of a case: the same columns from the scanner and from Athena.
    TrailRow {
        /// When the call was made, `2026-08-01T10:00:00Z`; sorts as text.
        event_time: String,
        /// CloudTrail's id of the record; not unique in every source.
        event_id: Option<String>,
        /// AWS's id of the call, which its caller was told too.
        request_id: Option<String>,
        /// The service, `iam.amazonaws.com`.
        event_source: Option<String>,
        /// The call.
        event_name: Option<String>,
        /// The region the call went to; not always the one in the object's path.
        aws_region: Option<String>,
        /// Where the call came from: an address, or a service's name.
        source_ip: Option<String>,
        /// What the caller said it is.
        user_agent: Option<String>,
        /// Absent when the call succeeded.
        error_code: Option<String>,
        /// What AWS said, at most 1 KB.
        error_message: Option<String>,
        /// 1 when the call reads only, as CloudTrail says; `AssumeRole` counts as reading.
        read_only: Option<i64>,
        /// `AwsApiCall`, `AwsConsoleSignIn` and so on.
        event_type: Option<String>,
        /// `Management` or `Data`.
        event_category: Option<String>,
        /// The account that received the call.
        recipient_account: Option<String>,
        /// Joins the two halves of a call across accounts.
        shared_event_id: Option<String>,
        /// The VPC endpoint the call came through.
        vpc_endpoint_id: Option<String>,
        /// The TLS version of the caller.
        tls_version: Option<String>,
        /// 1 when the credential came from a console session.
        from_console: Option<i64>,
        /// `IAMUser`, `AssumedRole`, `FederatedUser`, `AWSService` and so on.
        identity_type: Option<String>,
        /// The caller's immutable id.
        principal_id: Option<String>,
        /// The caller's ARN.
        identity_arn: Option<String>,
        /// The caller's account.
        identity_account: Option<String>,
        /// The service that called on the caller's behalf.
        invoked_by: Option<String>,
        /// The key that signed the call.
        access_key_id: Option<String>,
        /// The caller's user name.
        user_name: Option<String>,
        /// When the caller's session began.
        session_start: Option<String>,
        /// 1 when the session was opened with a second factor.
        session_mfa: Option<i64>,
        /// `User`, `Role` or `Root`, behind a session.
        issuer_type: Option<String>,
        /// The user or role behind a session.
        issuer_arn: Option<String>,
        /// The immutable id of the user or role behind a session.
        issuer_principal_id: Option<String>,
        /// The name of the user or role behind a session.
        issuer_name: Option<String>,
        /// The source identity of the session.
        source_identity: Option<String>,
        /// The id of a bearer credential.
        credential_id: Option<String>,
        /// The credential this call made.
        minted_key: Option<String>,
        /// The principal or session this call made.
        minted_arn: Option<String>,
        /// The immutable id of what this call made.
        minted_principal_id: Option<String>,
        /// When what this call made expires.
        minted_expires: Option<String>,
        /// The user the call is about.
        target_user: Option<String>,
        /// The role the call is about: ARN or name, as asked; from the refusal when denied.
        target_role: Option<String>,
        /// The group the call is about.
        target_group: Option<String>,
        /// The policy the call is about: ARN or name.
        target_policy: Option<String>,
        /// The access key the call is about.
        target_key: Option<String>,
        /// The status the call asks for, `Active` or `Inactive`.
        target_status: Option<String>,
        /// The session name asked for.
        session_name: Option<String>,
        /// The identity provider or trust anchor a session rests on or a call made, or the caller a
        /// console session was switched from.
        origin_arn: Option<String>,
        /// The role, or instance profile, a service was handed.
        passed_role: Option<String>,
        /// The account, group, network or bucket that was let in or given something.
        granted_to: Option<String>,
        /// The policy or trust document that was sent, at most 1 KB.
        document: Option<String>,
        /// The size of what was started.
        instance_type: Option<String>,
        /// How many were asked for in one call.
        quantity: Option<i64>,
        /// The instances or functions the call started, changed or entered, separated by spaces.
        hosts: Option<String>,
        /// The foundation model.
        model: Option<String>,
        /// Tokens a model was given.
        tokens_in: Option<i64>,
        /// Tokens a model gave back.
        tokens_out: Option<i64>,
        /// 1 when the call was made with a bearer token, such as a Bedrock key.
        bearer_token: Option<i64>,
        /// Present when an object was encrypted with a key that AWS does not keep.
        sse_customer: Option<String>,
        /// The KMS key named in the call.
        kms_key: Option<String>,
        /// What else tells this change from another.
        detail: Option<String>,
        /// The S3 bucket.
        bucket: Option<String>,
        /// The S3 object key.
        object_key: Option<String>,
        /// Bytes AWS sent out.
        bytes_out: Option<i64>,
        /// Bytes AWS took in.
        bytes_in: Option<i64>,
        /// What the call is about, the best single name the record gives.
        resource: Option<String>,
        /// `Success` or `Failure` of a console sign-in.
        console_result: Option<String>,
        /// `Yes` when a console sign-in used a second factor.
        mfa_used: Option<String>,
        /// How the row belongs: `key`, `lineage`, `about` (a change of the subject by somebody
        /// else, or a sign-in of its users) or `address`.
        reach: Option<String>,
    }
}

flat_row! {
    /// Pass one: a call that makes or ends a credential or principal, or (without an event name)
    /// how much one caller was seen.
    Sighting {
        /// The call; absent on a summary of a caller's other calls.
        event_name: Option<String>,
        /// CloudTrail's id of the call.
        event_id: Option<String>,
        /// The kind of caller.
        identity_type: Option<String>,
        /// The caller's immutable id.
        principal_id: Option<String>,
        /// The caller's ARN.
        identity_arn: Option<String>,
        /// The caller's account.
        identity_account: Option<String>,
        /// The service that called on the caller's behalf.
        invoked_by: Option<String>,
        /// The key that signed.
        access_key_id: Option<String>,
        /// The caller's user name.
        user_name: Option<String>,
        /// When the caller's session began.
        session_start: Option<String>,
        /// The user or role behind a session.
        issuer_arn: Option<String>,
        /// The immutable id of the user or role behind a session.
        issuer_principal_id: Option<String>,
        /// 1 when the credential came from a console session.
        from_console: Option<i64>,
        /// The credential the call made.
        minted_key: Option<String>,
        /// The principal or session the call made.
        minted_arn: Option<String>,
        /// The immutable id of what the call made.
        minted_principal_id: Option<String>,
        /// When what the call made expires.
        minted_expires: Option<String>,
        /// The user the call is about.
        target_user: Option<String>,
        /// What that user is called from then on.
        new_name: Option<String>,
        /// The role the call is about.
        target_role: Option<String>,
        /// The access key the call is about.
        target_key: Option<String>,
        /// The status the call asks for.
        target_status: Option<String>,
        /// The session name asked for.
        session_name: Option<String>,
        /// `Success` or `Failure` of a console sign-in or a role switch.
        console_result: Option<String>,
        /// The identity provider or trust anchor a session rests on or a call made, or the caller a
        /// console session was switched from.
        origin_arn: Option<String>,
        /// Instances or functions the call started, changed or entered, separated by spaces.
        resources: Option<String>,
        /// The account that received the call.
        recipient_account: Option<String>,
        /// Where the calls came from, separated by spaces.
        addresses: Option<String>,
        /// How many calls this row stands for.
        events: Option<i64>,
        /// The first of them.
        first_time: String,
        /// The last of them.
        last_time: String,
    }
}

/// Whether an error code is a missing permission; the questions use the same four forms.
pub fn is_denied(error_code: &str) -> bool {
    ["AccessDenied", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError"]
        .iter()
        .any(|form| error_code.contains(form))
}

/// Reads the times CloudTrail and IAM write: ISO 8601, and `Jul 10, 2023, 12:09:47 PM` with the
/// comma before the hour present or absent.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // The narrow no-break space is what newer Java runtimes print before AM and PM.
    let plain: String =
        text.chars().map(|c| if c == '\u{202f}' || c == '\u{a0}' { ' ' } else { c }).collect();
    ["%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p"].iter().find_map(|format| {
        let time = jiff::civil::DateTime::strptime(format, plain.trim()).ok()?;
        time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

/// Writes a time as CloudTrail writes `eventTime`: whole seconds, UTC, sorts as text.
pub fn format_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_an_expiration_are_read() {
        let wanted = parse_time("2023-07-10T12:09:47Z");
        assert!(wanted.is_some());
        for text in [
            "Jul 10, 2023, 12:09:47 PM",
            "Jul 10, 2023 12:09:47 PM",
            "Jul 10, 2023, 12:09:47\u{202f}PM",
        ] {
            assert_eq!(parse_time(text), wanted, "{text}");
        }
        assert_eq!(parse_time("soon"), None);
    }

    #[test]
    fn a_row_survives_print_and_parse() {
        let row = TrailRow {
            event_time: "2023-07-10T12:09:47Z".to_owned(),
            read_only: Some(1),
            bucket: Some("b".to_owned()),
            ..TrailRow::default()
        };
        let texts: Vec<Option<String>> = row
            .fields()
            .into_iter()
            .map(|field| match field {
                Field::Null => None,
                Field::Text(text) => Some(text.to_owned()),
                Field::Integer(number) => Some(number.to_string()),
            })
            .collect();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        assert_eq!(TrailRow::from_texts(&texts), Ok(row.clone()));
        assert_eq!(TrailRow::from_fields(row.fields().into_iter()), Ok(row));
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        assert!(matches!(Sighting::from_texts(&[None]), Err(RowError::Width { got: 1, .. })));
    }
}
