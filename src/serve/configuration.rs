//! The configuration in force: every value with where it comes from. Secrets are only said to be set.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::schema::SCHEMA;

/// One value in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueDocument {
    /// The key as the settings file has it; a campaign's or a tenant's own begins with its table and its id.
    pub key: String,
    /// The value as text; of a secret, that it is set.
    pub value: String,
    /// The flag, the variable, the file with its line, or `default`.
    pub origin: String,
}

/// Every value in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationDocument {
    /// The form's version.
    pub schema: u32,
    /// The values, in the order of `config show`.
    pub values: Vec<ValueDocument>,
}

impl ConfigurationDocument {
    /// Describes these values.
    #[must_use]
    pub fn of(values: Vec<ValueDocument>) -> Self {
        Self {
            schema: SCHEMA,
            values,
        }
    }
}

/// The values in force, which a reload replaces.
#[derive(Debug, Default)]
pub struct RunningConfiguration(Mutex<Vec<ValueDocument>>);

impl RunningConfiguration {
    /// These are in force from here on.
    pub fn replace(&self, values: Vec<ValueDocument>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = values;
    }

    /// The values in force.
    pub(super) fn document(&self) -> ConfigurationDocument {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ConfigurationDocument::of(held.clone())
    }
}
