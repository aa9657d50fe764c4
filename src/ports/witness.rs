//! Who asks AWS whose signature an order carries.

use crate::domain::identity::AwsIdentity;
use crate::domain::operator::{Order, Signature};
use async_trait::async_trait;

/// Why AWS named nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// Forged, changed after it was signed, too old for AWS, or made with ended credentials.
    #[error("AWS does not confirm the signature under this order ({0}); sign the order again")]
    Refused(String),
    #[error("AWS could not be asked who signed ({0}); it is safe to try again")]
    Unavailable(String),
}

/// Names the signer of an order. It asks the address that its own configuration gives, never one
/// that comes with a proof.
#[async_trait]
pub trait Witness: Send + Sync {
    async fn who_signed(
        &self,
        order: &Order,
        signature: &Signature,
    ) -> Result<AwsIdentity, WitnessError>;
}
