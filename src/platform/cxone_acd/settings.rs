//! What only the settings of this dialect have.

use secrecy::SecretString;

use super::login::LogIn;

/// What only the settings of this dialect have.
#[derive(Clone, Debug, Default)]
pub struct AcdTenant {
    /// Whether the issuer is asked for the API host. The issuer is the host of the global log-in; an area's log-in has the
    /// vendor's.
    pub discover: bool,
    /// A client that is registered with the vendor, by id and secret: the global log-in needs one.
    pub registered_client: Option<(String, SecretString)>,
    /// Versions of the services, such as `v33.0,stop-skill=v31.0`.
    pub versions: Option<String>,
    /// States in which agents are ready, such as `Available,Dialer`.
    pub ready_states: Option<String>,
}

impl AcdTenant {
    /// Returns the address of an area's log-in.
    ///
    /// # Errors
    /// When the text is no area's name.
    pub fn token_url_of(area: &str) -> Result<reqwest::Url, String> {
        LogIn::area_url(area)
    }
}
