//! Which host serves a tenant.
//!
//! The host is never put together from the area's name: hosts of areas, of clusters and of the log-in are spelled
//! differently. The issuer returns it for the tenant that the token names. It is asked with the token, so that
//! nothing but `https` is accepted, except from an issuer on this machine.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::sockets::is_loopback;

/// The issuer that serves all areas but the government's.
pub(super) const ISSUER: &str = "https://cxone.niceincontact.com";

/// The issuer beside a log-in of an area: the vendor's, or the same host where that is this machine.
pub(super) fn issuer_of(token_url: &reqwest::Url) -> Result<reqwest::Url, String> {
    if is_loopback(token_url) {
        return Ok(token_url.clone());
    }
    ISSUER
        .parse()
        .map_err(|_| format!("`{ISSUER}` is not an address"))
}

/// The path under which an issuer answers.
const PATH: [&str; 2] = [".well-known", "cxone-configuration"];

/// The tenant that a token is for: a claim of the token, which is not checked here, since it is only asked with.
pub(super) fn tenant_of(token: &SecretString) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(rename = "tenantId")]
        tenant: String,
    }
    let no_tenant =
        || "the token does not name its tenant: set base_url to the API host".to_owned();
    let payload = token
        .expose_secret()
        .split('.')
        .nth(1)
        .ok_or_else(no_tenant)?;
    let payload = URL_SAFE_NO_PAD
        .decode(payload.trim_end_matches('='))
        .map_err(|_| no_tenant())?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| no_tenant())?;
    Some(claims.tenant)
        .filter(|tenant| !tenant.is_empty())
        .ok_or_else(no_tenant)
}

/// Where to ask for a tenant's host.
pub(super) fn address(issuer: &reqwest::Url, tenant: &str) -> reqwest::Url {
    let mut url = issuer.clone();
    url.set_fragment(None);
    url.set_query(None);
    url.set_path("");
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(PATH);
    }
    url.query_pairs_mut().append_pair("tenantId", tenant);
    url
}

/// The tenant's API host, as the issuer returned it.
pub(super) fn api_host(issuer: &reqwest::Url, body: &[u8]) -> Result<reqwest::Url, String> {
    #[derive(Deserialize)]
    struct Hosts {
        api_endpoint: String,
    }
    let hosts: Hosts = serde_json::from_slice(body)
        .map_err(|_| "the discovery's answer has no api_endpoint".to_owned())?;
    let endpoint = hosts.api_endpoint;
    let url: reqwest::Url = endpoint
        .parse()
        .map_err(|_| format!("the discovery's api_endpoint `{endpoint}` is not an address"))?;
    let allowed = match url.scheme() {
        "https" => true,
        "http" => is_loopback(issuer) && is_loopback(&url),
        _ => false,
    };
    let plain = url.host_str().is_some() && url.username().is_empty() && url.password().is_none();
    if allowed && plain {
        Ok(url)
    } else {
        Err(format!(
            "the discovery's api_endpoint `{endpoint}` is not an https address"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> reqwest::Url {
        text.parse().unwrap()
    }

    fn token(claims: &str) -> SecretString {
        format!("eyJ9.{}.sig", URL_SAFE_NO_PAD.encode(claims)).into()
    }

    #[test]
    fn the_tenant_is_a_claim_of_the_token() {
        let named = token(r#"{"sub":"user:1","tenantId":"11ec-a b"}"#);
        assert_eq!(tenant_of(&named), Ok("11ec-a b".to_owned()));
        for wrong in [
            String::new().into(),
            "opaque".to_owned().into(),
            "a.!.c".to_owned().into(),
            token("{}"),
            token(r#"{"tenantId":""}"#),
        ] {
            let why = tenant_of(&wrong).unwrap_err();
            assert!(why.contains("base_url"), "{why}");
        }
    }

    #[test]
    fn the_issuer_is_asked_with_the_tenant() {
        assert_eq!(
            address(
                &url("https://cxone.niceincontact.com/auth/token?x=1"),
                "11ec-a b"
            )
            .as_str(),
            "https://cxone.niceincontact.com/.well-known/cxone-configuration?tenantId=11ec-a+b"
        );
        assert_eq!(
            address(&url(ISSUER), "t").as_str(),
            "https://cxone.niceincontact.com/.well-known/cxone-configuration?tenantId=t"
        );
    }

    #[test]
    fn the_host_is_what_is_told_and_only_over_https() {
        let host_of = |issuer: &str, host: &str| {
            let body = format!(r#"{{"api_endpoint":"{host}","area":"na1"}}"#);
            api_host(&url(issuer), body.as_bytes()).map(|host| host.to_string())
        };
        assert_eq!(
            host_of(ISSUER, "https://api-c42.nice-incontact.com"),
            Ok("https://api-c42.nice-incontact.com/".to_owned())
        );
        for wrong in [
            "http://api-na1.niceincontact.com",
            "http://127.0.0.1:1",
            "api-na1",
            "ftp://x",
            "https://user:pw@x/",
            "",
        ] {
            assert!(host_of(ISSUER, wrong).is_err(), "{wrong}");
        }
        assert!(host_of("http://127.0.0.1:80", "http://127.0.0.1:81").is_ok());
        assert!(host_of("http://127.0.0.1:80", "http://10.0.0.1").is_err());
        assert!(api_host(&url(ISSUER), b"{}").is_err());
    }
}
