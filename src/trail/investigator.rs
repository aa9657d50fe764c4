//! investigator
