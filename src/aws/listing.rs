//! What every reader of AWS's lists needs: an end to them, AWS's times and documents as ours.

use crate::ports::cloud::{CallClass, CallError};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

/// A hundred entries a page: more than any account may hold, so only a broken service gets here.
pub(super) const PAGES_MAX: usize = 1_000;

/// Reads every page of a listing into `$items`, or gives up on a listing without end.
macro_rules! every_page {
    ($call:expr, $request:expr, |$page:ident| $items:expr) => {{
        let mut pages = $request.into_paginator().send();
        let mut all = Vec::new();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            let $page = page.map_err(|error| $crate::aws::error::call_error($call, &error))?;
            all.extend($items);
            count += 1;
            if count >= $crate::aws::listing::PAGES_MAX {
                return Err($crate::aws::listing::endless($call, $crate::aws::listing::PAGES_MAX));
            }
        }
        all
    }};
}

/// The SDK's time as ours; `None` for one that no calendar holds.
pub(super) fn time(at: &DateTime) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(at.subsec_nanos()).ok()?;
    Timestamp::new(at.secs(), nanoseconds).ok()
}

/// A listing that does not end is no listing.
pub(super) fn endless(call: &str, pages_max: usize) -> CallError {
    let why = format!("the listing did not end after {pages_max} pages");
    CallError::new(CallClass::Other, call, why)
}

/// IAM hands policy documents out percent-encoded; a stand-in may hand them out plain.
pub(super) fn plain_document(call: &str, document: &str) -> Result<String, CallError> {
    if document.trim_start().starts_with('{') {
        return Ok(document.to_owned());
    }
    let decoded = percent_decode_str(document).decode_utf8();
    let decoded = decoded.map_err(|_| incomplete(call, "a document that is no text"))?;
    Ok(decoded.into_owned())
}

pub(super) fn incomplete(call: &str, what: &str) -> CallError {
    CallError::new(CallClass::Other, call, format!("AWS answered with {what}"))
}

/// Whether what was asked about is not there (any more).
pub(super) fn is_missing<E, R>(error: &SdkError<E, R>) -> bool
where
    E: ProvideErrorMetadata,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    matches!(code, Some("NoSuchEntity" | "NoSuchEntityException"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_encoded_document_comes_out_as_the_json_it_is() {
        let encoded = "%7B%22Action%22%3A%22s3%3A%2A%22%2C%22Sid%22%3A%22a%2Bb+c%22%7D";
        let plain = plain_document("iam:GetUserPolicy", encoded).unwrap();
        assert_eq!(plain, r#"{"Action":"s3:*","Sid":"a+b+c"}"#);
    }

    #[test]
    fn a_plain_document_with_a_percent_sign_stays_as_it_is() {
        let plain = r#"{"Resource":"arn:aws:s3:::a%2Fb"}"#;
        assert_eq!(plain_document("iam:GetUserPolicy", plain).unwrap(), plain);
    }
}
