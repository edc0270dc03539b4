//! What a build without the platform's feature has in its place.

use crate::platform::dialect::{SharedParts, TenantSettings};
use crate::platform::port::Connected;

/// Why this build cannot speak to the platform, and which one can.
pub const ABSENT: Option<&str> = Some(
    "take a released package or the image, which have it, or build with --features amazon-connect",
);

/// Puts nothing together.
///
/// # Errors
/// Always: this build has no parts for the platform.
pub fn connect(_: &TenantSettings, _: &SharedParts) -> Result<Connected, Vec<String>> {
    let why = ABSENT.unwrap_or_default();
    Err(vec![format!("the platform is not in this build: {why}")])
}
