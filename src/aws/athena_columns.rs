//! The columns of the trail's table as our queries name them, whatever the table has instead.
//!
//! Tables were made with what CloudTrail wrote at the time, and even AWS's current one lacks fields
//! that records have. What a table lacks is `NULL` of the right type, so that one text of each
//! query serves them all; what no answer can do without is asked of the table.

use crate::aws::athena_shape::Shape;
use crate::ports::missing_column::MissingColumn;

/// A column, or a field of one.
#[derive(Debug)]
struct Field {
    /// As the table spells it.
    name: &'static str,
    /// As CloudTrail spells it.
    json: &'static str,
    kind: Kind,
    /// The columns of the case table that it alone fills; none where a trail is no trail without.
    fills: Option<&'static [&'static str]>,
}

#[derive(Debug)]
enum Kind {
    Text,
    /// Twelve digits, of which a number loses the zeros that it begins with.
    Account,
    /// A text that is itself JSON, names as CloudTrail spells them.
    Json,
    Row(&'static [Field]),
    /// `resources`, of which the first ARN is used.
    Resources,
}

const NULL_TEXT: &str = "CAST(NULL AS varchar)";
const RESOURCES: &str = "array(ROW(\"arn\" varchar))";

const fn must(name: &'static str, json: &'static str) -> Field {
    Field { name, json, kind: Kind::Text, fills: None }
}

const fn may(name: &'static str, json: &'static str, fills: &'static [&'static str]) -> Field {
    Field { name, json, kind: Kind::Text, fills: Some(fills) }
}

const fn row(name: &'static str, json: &'static str, fields: &'static [Field]) -> Field {
    Field { name, json, kind: Kind::Row(fields), fills: Some(&[]) }
}

const ISSUER: &[Field] = &[
    may("type", "type", &["issuer_type"]),
    must("arn", "arn"),
    may("principalid", "principalId", &["issuer_principal_id"]),
    may("username", "userName", &["issuer_name"]),
];
const ATTRIBUTES: &[Field] = &[
    may("creationdate", "creationDate", &["session_start"]),
    may("mfaauthenticated", "mfaAuthenticated", &["session_mfa"]),
];
const SESSION: &[Field] = &[
    row("attributes", "attributes", ATTRIBUTES),
    row("sessionissuer", "sessionIssuer", ISSUER),
    may("sourceidentity", "sourceIdentity", &["source_identity"]),
];
const IDENTITY: &[Field] = &[
    must("type", "type"),
    must("principalid", "principalId"),
    must("arn", "arn"),
    Field {
        name: "accountid",
        json: "accountId",
        kind: Kind::Account,
        fills: Some(&["identity_account"]),
    },
    may("invokedby", "invokedBy", &["invoked_by"]),
    must("accesskeyid", "accessKeyId"),
    may("username", "userName", &["user_name"]),
    row("sessioncontext", "sessionContext", SESSION),
    may("credentialid", "credentialId", &["credential_id"]),
];
const TLS: &[Field] = &[may("tlsversion", "tlsVersion", &["tls_version"])];
/// What only `additionalEventData` tells.
const ADDITIONAL: &[&str] =
    &["bytes_in", "bytes_out", "tokens_in", "tokens_out", "bearer_token", "mfa_used"];

/// Every column that a query of ours names, in the order in which it is selected.
const COLUMNS: &[Field] = &[
    must("eventtime", "eventTime"),
    must("eventid", "eventID"),
    must("eventsource", "eventSource"),
    must("eventname", "eventName"),
    must("awsregion", "awsRegion"),
    must("sourceipaddress", "sourceIPAddress"),
    may("useragent", "userAgent", &["user_agent"]),
    must("errorcode", "errorCode"),
    may("errormessage", "errorMessage", &["error_message"]),
    may("requestid", "requestID", &["request_id"]),
    must("readonly", "readOnly"),
    may("eventtype", "eventType", &["event_type"]),
    may("eventcategory", "eventCategory", &["event_category"]),
    Field {
        name: "recipientaccountid",
        json: "recipientAccountId",
        kind: Kind::Account,
        fills: None,
    },
    may("sharedeventid", "sharedEventID", &["shared_event_id"]),
    may("vpcendpointid", "vpcEndpointId", &["vpc_endpoint_id"]),
    may("sessioncredentialfromconsole", "sessionCredentialFromConsole", &["from_console"]),
    row("useridentity", "userIdentity", IDENTITY),
    row("tlsdetails", "tlsDetails", TLS),
    Field {
        name: "resources",
        json: "resources",
        kind: Kind::Resources,
        fills: Some(&["resource"]),
    },
    Field { name: "requestparameters", json: "requestParameters", kind: Kind::Json, fills: None },
    Field { name: "responseelements", json: "responseElements", kind: Kind::Json, fills: None },
    Field {
        name: "additionaleventdata",
        json: "additionalEventData",
        kind: Kind::Json,
        fills: Some(ADDITIONAL),
    },
    // Of records that AWS writes by itself; no column of the case table comes from it.
    Field {
        name: "serviceeventdetails",
        json: "serviceEventDetails",
        kind: Kind::Json,
        fills: Some(&[]),
    },
];

/// The columns of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// What to select; nothing where the table has all of it as our queries name it.
    select: Vec<String>,
    pub(super) missing: Vec<MissingColumn>,
    /// Times are times and not texts, as in a table that keeps records in columns.
    pub(super) has_times: bool,
}

/// Where a value is found.
enum Place<'a> {
    /// A column or field of this type.
    Here(String, &'a Shape),
    /// In a JSON text, under this path.
    Json(String, String),
    Nowhere,
}

/// What a table lacks.
#[derive(Default)]
struct Lacks {
    needed: Vec<String>,
    missing: Vec<MissingColumn>,
}

impl Columns {
    /// The columns of a table that has these; refused with what a trail cannot lack.
    pub(super) fn of(found: &[(String, Shape)]) -> Result<Self, String> {
        let shape = |field: &Field| {
            let known = found.iter().find(|(name, _)| name == field.name);
            known.map(|(_, shape)| shape)
        };
        let mut lacks = Lacks::default();
        let select = COLUMNS.iter().map(|field| {
            let place = shape(field)
                .map_or(Place::Nowhere, |shape| Place::Here(field.name.to_owned(), shape));
            let value = lacks.value(field, field.name, &place);
            if value == field.name { value } else { format!("{value} AS {}", field.name) }
        });
        let select: Vec<String> = select.collect();
        if !lacks.needed.is_empty() {
            return Err(lacks.needed.join(", "));
        }
        let fits = COLUMNS.iter().all(|field| shape(field).is_some_and(|shape| fits(field, shape)));
        Ok(Self {
            select: if fits { Vec::new() } else { select },
            missing: lacks.missing,
            has_times: shape(&COLUMNS[0]) == Some(&Shape::Time),
        })
    }

    /// The table under its own columns, or under ours, of these partitions.
    pub(super) fn relation(&self, table: &str, partitions: &str) -> (String, String) {
        if self.select.is_empty() {
            return (table.to_owned(), partitions.to_owned());
        }
        let columns = self.select.join(",\n      ");
        let relation = format!(
            "(\n    SELECT\n      {columns}\n    FROM {table}\n    WHERE\n    {partitions}\n  ) \
             AS trail"
        );
        (relation, "1 = 1".to_owned())
    }
}

impl Lacks {
    /// The SQL of a value, or of none where the table lacks it.
    fn value(&mut self, field: &Field, path: &str, place: &Place<'_>) -> String {
        let value = match (&field.kind, place) {
            (Kind::Row(fields), _) => return self.row(fields, path, place),
            (_, Place::Nowhere) => None,
            (Kind::Account, Place::Here(sql, Shape::Number)) => {
                Some(format!("lpad(CAST({sql} AS varchar), 12, '0')"))
            }
            (Kind::Text | Kind::Account, Place::Here(sql, shape)) => text(sql, shape),
            (Kind::Json, Place::Here(sql, shape)) => (**shape == Shape::Text).then(|| sql.clone()),
            (Kind::Resources, Place::Here(sql, shape)) => resources(sql, shape),
            (Kind::Text | Kind::Account | Kind::Json | Kind::Resources, Place::Json(sql, path)) => {
                Some(format!("json_extract_scalar({sql}, '{path}')"))
            }
        };
        value.unwrap_or_else(|| {
            self.lack(field, path, place);
            match field.kind {
                Kind::Resources => format!("CAST(NULL AS {RESOURCES})"),
                Kind::Text | Kind::Account | Kind::Json | Kind::Row(_) => NULL_TEXT.to_owned(),
            }
        })
    }

    /// The fields of a row, each from where it is; as it stands where all are there, but not within
    /// a row that is made anew: a cast takes fields by their places, whatever they are called.
    fn row(&mut self, fields: &[Field], path: &str, place: &Place<'_>) -> String {
        let is_column = !path.contains('.');
        if let Place::Here(sql, shape) = place
            && is_column
            && fields.iter().all(|field| shape.field(field.name).is_some_and(|of| fits(field, of)))
        {
            return sql.clone();
        }
        let values: Vec<String> = fields
            .iter()
            .map(|field| {
                let inner = match place {
                    Place::Here(sql, Shape::Text) => {
                        Place::Json(sql.clone(), format!("$.{}", field.json))
                    }
                    Place::Here(sql, shape) => {
                        shape.field(field.name).map_or(Place::Nowhere, |shape| {
                            Place::Here(format!("{sql}.{}", field.name), shape)
                        })
                    }
                    Place::Json(sql, at) => {
                        Place::Json(sql.clone(), format!("{at}.{}", field.json))
                    }
                    Place::Nowhere => Place::Nowhere,
                };
                self.value(field, &format!("{path}.{}", field.name), &inner)
            })
            .collect();
        format!("CAST(ROW({}) AS {})", values.join(", "), row_type(fields))
    }

    fn lack(&mut self, field: &Field, path: &str, place: &Place<'_>) {
        let name = match place {
            Place::Here(_, Shape::Other(other)) => format!("{path} as a text, not as {other}"),
            Place::Here(_, Shape::Row(_)) => format!("{path} as a text, not as struct"),
            Place::Here(_, _) => format!("{path} as another type"),
            Place::Json(..) | Place::Nowhere => path.to_owned(),
        };
        match field.fills {
            None => self.needed.push(name),
            Some([]) => {}
            Some(fills) => {
                let leaves_empty = fills.iter().map(|column| (*column).to_owned()).collect();
                self.missing.push(MissingColumn { name, leaves_empty });
            }
        }
    }
}

/// Whether a query can name it as it is.
fn fits(field: &Field, shape: &Shape) -> bool {
    match field.kind {
        Kind::Text | Kind::Account | Kind::Json => *shape == Shape::Text,
        Kind::Row(fields) => fields
            .iter()
            .all(|field| shape.field(field.name).is_some_and(|shape| fits(field, shape))),
        Kind::Resources => has_arn(shape),
    }
}

fn has_arn(shape: &Shape) -> bool {
    matches!(shape, Shape::List(of) if of.field("arn") == Some(&Shape::Text))
}

/// A single value as CloudTrail writes it.
fn text(sql: &str, shape: &Shape) -> Option<String> {
    match shape {
        Shape::Text => Some(sql.to_owned()),
        Shape::Flag | Shape::Number => Some(format!("CAST({sql} AS varchar)")),
        Shape::Time => Some(format!("date_format({sql}, '%Y-%m-%dT%H:%i:%sZ')")),
        Shape::Date | Shape::Row(_) | Shape::List(_) | Shape::Other(_) => None,
    }
}

fn resources(sql: &str, shape: &Shape) -> Option<String> {
    if has_arn(shape) {
        return Some(sql.to_owned());
    }
    let first = format!("json_extract_scalar({sql}, '$[0].ARN')");
    (*shape == Shape::Text).then(|| format!("CAST(ARRAY[ROW({first})] AS {RESOURCES})"))
}

fn row_type(fields: &[Field]) -> String {
    let one = |field: &Field| match field.kind {
        Kind::Row(inner) => format!("\"{}\" {}", field.name, row_type(inner)),
        Kind::Text | Kind::Account | Kind::Json | Kind::Resources => {
            format!("\"{}\" varchar", field.name)
        }
    };
    let all: Vec<String> = fields.iter().map(one).collect();
    format!("ROW({})", all.join(", "))
}

#[cfg(test)]
mod tests;
