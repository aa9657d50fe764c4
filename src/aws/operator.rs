//! Signing an order as an AWS request, and asking STS who signed one.
//!
//! Both sides let the SDK build the same request for `sts:GetCallerIdentity`: the operator's side
//! adds the order before it is signed and keeps it from being sent; the asking side replaces
//! whatever the SDK would send by headers that it makes itself from the order, and the operator's
//! signature over them. Address, region and service come from the asking side's configuration.

use crate::aws::error::call_error;
use crate::domain::identity::AwsIdentity;
use crate::domain::operator::{ORDER_HEADER, Order, Signature};
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::witness::{Witness, WitnessError};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sts::config::http::HttpRequest;
use aws_sdk_sts::config::interceptors::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_sts::config::{
    ConfigBag, Credentials, Intercept, RuntimeComponents, SharedCredentialsProvider,
};
use aws_sdk_sts::error::BoxError;
use aws_sdk_sts::operation::RequestId;
use std::sync::{Arc, Mutex, PoisonError};

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";
const CONTENT_TYPE: &str = "content-type";
const FORM: &str = "application/x-www-form-urlencoded";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const AUTHORIZATION: &str = "authorization";

/// Signs orders with the operator's own credentials.
#[derive(Debug)]
pub struct Pen {
    sts: aws_sdk_sts::Client,
}

/// Asks STS who signed an order.
#[derive(Debug)]
pub struct StsWitness {
    sts: aws_sdk_sts::Client,
    region: String,
}

impl Pen {
    pub fn new(config: &SdkConfig) -> Self {
        Self { sts: client(config, None) }
    }

    /// Signs an order; nothing is sent.
    pub async fn sign(&self, order: &Order) -> Result<Signature, CallError> {
        let kept = Arc::new(Mutex::new(None));
        let capture = Capture { order: order.header(), kept: Arc::clone(&kept) };
        let call = self.sts.get_caller_identity().customize().interceptor(capture);
        let outcome = call.send().await;
        let signed = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (signed, outcome) {
            (Some(signature), _) => Ok(signature),
            (None, Err(error)) => Err(call_error(GET_CALLER_IDENTITY, &error)),
            (None, Ok(_)) => Err(unsigned()),
        }
    }
}

impl StsWitness {
    pub fn new(config: &SdkConfig) -> Self {
        // What the SDK signs with is thrown away; the bot's own credentials have no part in it.
        let nobody = Credentials::new("AKIANOBODYNOBODYNOBO", "-", None, None, "nobody");
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        Self { sts: client(config, Some(SharedCredentialsProvider::new(nobody))), region }
    }
}

#[async_trait]
impl Witness for StsWitness {
    async fn who_signed(
        &self,
        order: &Order,
        signature: &Signature,
    ) -> Result<AwsIdentity, WitnessError> {
        let headers = headers(order, signature, &self.region);
        let replace = Replace { headers };
        let call = self.sts.get_caller_identity().customize().interceptor(replace);
        let answer = call.send().await.map_err(|error| {
            let answered = error.as_service_error().is_some();
            let said = call_error(GET_CALLER_IDENTITY, &error);
            match (answered, said.class.retryable()) {
                (true, false) => WitnessError::Refused(said.message),
                (true, true) | (false, _) => WitnessError::Unavailable(said.message),
            }
        })?;
        let (Some(arn), Some(account)) = (answer.arn(), answer.account()) else {
            return Err(WitnessError::Refused("AWS answered with no identity".to_owned()));
        };
        Ok(AwsIdentity {
            arn: arn.to_owned(),
            account: account.to_owned(),
            request_id: answer.request_id().map(str::to_owned),
        })
    }
}

/// Puts the order among the signed headers, and takes the signed request away.
#[derive(Debug)]
struct Capture {
    order: String,
    kept: Arc<Mutex<Option<Signature>>>,
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "KeepTheSignature"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        strip(context.request_mut());
        let headers = context.request_mut().headers_mut();
        headers.insert(CONTENT_TYPE, FORM);
        headers.insert(ORDER_HEADER, self.order.clone());
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let signature = read(context.request()).ok_or("the SDK signed other headers than these")?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(signature);
        Err("signed, and kept from being sent".into())
    }
}

/// Sends our headers with the operator's signature instead of the SDK's.
#[derive(Debug)]
struct Replace {
    headers: Vec<(&'static str, String)>,
}

impl Intercept for Replace {
    fn name(&self) -> &'static str {
        "SendTheOperatorsSignature"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        strip(context.request_mut());
        for (name, value) in &self.headers {
            context.request_mut().headers_mut().try_insert(*name, value.clone())?;
        }
        Ok(())
    }
}

/// Takes off every header but the body's length: what is not signed is not sent either.
fn strip(request: &mut HttpRequest) {
    let names: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, _)| name.to_owned())
        .filter(|name| name != "content-length")
        .collect();
    for name in names {
        request.headers_mut().remove(name);
    }
}

/// The headers as they were signed, from the order and the little that is not in it.
fn headers(order: &Order, signature: &Signature, region: &str) -> Vec<(&'static str, String)> {
    let day = signature.date.get(..8).unwrap_or_default();
    let token = signature.session_token.as_ref();
    let signed = signed_headers(token.is_some());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{day}/{region}/sts/aws4_request, SignedHeaders={signed}, \
         Signature={}",
        signature.key_id, signature.hex
    );
    let mut headers = vec![
        (CONTENT_TYPE, FORM.to_owned()),
        (DATE, signature.date.clone()),
        (ORDER_HEADER, order.header()),
        (AUTHORIZATION, authorization),
    ];
    headers.extend(token.map(|token| (TOKEN, token.clone())));
    headers
}

fn signed_headers(with_token: bool) -> String {
    let token = if with_token { ";x-amz-security-token" } else { "" };
    format!("content-type;host;x-amz-date{token};{ORDER_HEADER}")
}

/// The signature out of a signed request; none if the SDK signed other headers than we expect.
fn read(request: &HttpRequest) -> Option<Signature> {
    let header = |name: &str| request.headers().get(name).map(str::to_owned);
    let authorization = header(AUTHORIZATION)?;
    let field = |name: &str| {
        let rest = authorization.split_once(&format!("{name}="))?.1;
        Some(rest.split(',').next().unwrap_or(rest).trim().to_owned())
    };
    let session_token = header(TOKEN);
    if field("SignedHeaders")? != signed_headers(session_token.is_some()) {
        return None;
    }
    Some(Signature {
        date: header(DATE)?,
        key_id: field("Credential")?.split('/').next()?.to_owned(),
        session_token,
        hex: field("Signature")?,
    })
}

fn client(config: &SdkConfig, provider: Option<SharedCredentialsProvider>) -> aws_sdk_sts::Client {
    // A repeat of the same proof can bring no other answer, and a person waits.
    let mut settings =
        aws_sdk_sts::config::Builder::from(config).retry_config(RetryConfig::disabled());
    settings.set_credentials_provider(provider.or(config.credentials_provider()));
    aws_sdk_sts::Client::from_conf(settings.build())
}

fn unsigned() -> CallError {
    let message = "the SDK sent the request instead of handing its signature over; report it";
    CallError::new(CallClass::Other, GET_CALLER_IDENTITY, message)
}
