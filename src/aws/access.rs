//! The way into one account beside the bot's own, with the roles of that account alone.

use crate::aws::clients::{AccountSettings, AwsSettings, ContainSettings};
use crate::aws::contain::AwsContain;
use crate::aws::lookup::AwsLookup;
use crate::ports::accounts::Access;
use crate::ports::cloud::Contain;
use aws_config::SdkConfig;
use std::sync::Arc;

/// The roles of one account, and the section of the settings that names them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Roles<'a> {
    pub(super) section: &'a str,
    pub(super) settings: &'a AccountSettings,
}

/// Nothing is asked of AWS: a role is assumed when it is first needed.
pub(super) async fn access(config: &SdkConfig, all: &AwsSettings, roles: Roles<'_>) -> Access {
    let looking = AwsSettings {
        lookup_role: Some(roles.settings.lookup_role.clone()),
        guard_duty_regions: all.guard_duty_regions.clone(),
        quarantine_tag: all.quarantine_tag.clone(),
        ..AwsSettings::default()
    };
    let role = roles.settings.contain_role.clone().map(ContainSettings::Role);
    let contain = AwsContain::new(config, role.as_ref());
    let eradicate = roles.settings.eradicate_role.as_ref();
    let recover = roles.settings.recover_role.as_ref();
    let contain = contain.map(|contain| {
        contain.of(roles.section).eradicating(config, eradicate).recovering(config, recover)
    });
    Access {
        lookup: Arc::new(AwsLookup::new(config, &looking).await),
        contain: contain.map(|contain| Arc::new(contain) as Arc<dyn Contain>),
    }
}
