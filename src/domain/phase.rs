//! The names of the phases, for people, and for ids and file headers.

use crate::domain::event::Phase;

impl Phase {
    pub const ALL: [Self; 7] = [
        Self::Validation,
        Self::Scope,
        Self::Impact,
        Self::Containment,
        Self::Eradication,
        Self::Recovery,
        Self::PostIncident,
    ];

    /// The phase as people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Validation => "Validation",
            Self::Scope => "Scope",
            Self::Impact => "Impact",
            Self::Containment => "Containment",
            Self::Eradication => "Eradication",
            Self::Recovery => "Recovery",
            Self::PostIncident => "Post-incident",
        }
    }

    /// The phase as ids and file headers spell it.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Scope => "scope",
            Self::Impact => "impact",
            Self::Containment => "containment",
            Self::Eradication => "eradication",
            Self::Recovery => "recovery",
            Self::PostIncident => "post_incident",
        }
    }

    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.slug() == slug)
    }
}
