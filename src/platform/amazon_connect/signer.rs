//! Signature version 4 of each request, by the vendor's signer: dated by the platform's clock, made with the credentials at hand.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::http::{HttpRequest, HttpResponse, RequestSigner, Signed};
use crate::platform::port::{FaultKind, PlatformFault};
use crate::secrets::Mask;

use super::clock_skew::ClockSkew;
use super::credentials::CredentialStore;
use super::refusals;

/// Signs for one service of a region.
pub(super) struct Signer {
    /// The name by which the service is signed for.
    pub(super) service: &'static str,
    pub(super) region: String,
    pub(super) credentials: Arc<CredentialStore>,
    pub(super) skew: Arc<ClockSkew>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Signer {
    async fn signed(
        &self,
        request: &HttpRequest,
        deadline: Timestamp,
    ) -> Result<Signed, PlatformFault> {
        let held = self.credentials.get(deadline).await?;
        let identity: Identity = held.credentials.into();
        let at = system_time(self.skew.corrected(self.clock.now()));
        let headers = self.headers(request, &identity, at);
        let headers = headers.map_err(|why| PlatformFault {
            kind: FaultKind::Refused,
            detail: format!("the request cannot be signed: {why}"),
        })?;
        Ok(Signed {
            headers,
            serial: held.serial,
        })
    }

    pub(super) fn headers(
        &self,
        request: &HttpRequest,
        identity: &Identity,
        at: SystemTime,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        let params = v4::SigningParams::builder()
            .identity(identity)
            .region(&self.region)
            .name(self.service)
            .time(at)
            .settings(SigningSettings::default())
            .build();
        let params = params.map_err(|wrong| wrong.to_string())?.into();
        let typed = request
            .headers
            .iter()
            .find(|(name, _)| name == CONTENT_TYPE);
        let typed = typed.and_then(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method.as_str(),
            request.url.as_str(),
            typed.into_iter(),
            SignableBody::Bytes(&request.body),
        );
        let signable = signable.map_err(|wrong| wrong.to_string())?;
        let output = sign(signable, &params).map_err(|wrong| wrong.to_string())?;
        let (instructions, _) = output.into_parts();
        let (headers, _) = instructions.into_parts();
        let headers = headers.into_iter().map(|header| {
            let value = HeaderValue::from_str(header.value());
            // The value itself may be secret.
            let mut value = value.map_err(|_| format!("{} has no form", header.name()))?;
            value.set_sensitive(true);
            Ok((HeaderName::from_static(header.name()), value))
        });
        headers.collect()
    }
}

impl RequestSigner for Signer {
    fn sign<'a>(
        &'a self,
        request: &'a HttpRequest,
        _refused: Option<u64>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Signed, PlatformFault>> {
        // What was refused is told by `refused`, by the name of the refusal.
        Box::pin(self.signed(request, deadline))
    }

    fn refused(&self, serial: u64, response: &HttpResponse) {
        let name = refusals::name(response).unwrap_or_default();
        let late = refusals::is_about_a_signature(&name)
            && date(response).is_some_and(|date| self.skew.correct(self.clock.now(), date));
        if !late {
            self.credentials.refuse(serial);
        }
    }

    fn advice(&self, response: &HttpResponse) -> String {
        let name = refusals::name(response).unwrap_or_default();
        let now = self.clock.now();
        match date(response) {
            Some(date) if refusals::is_about_a_signature(&name) => format!(
                "a second signature did not help either: our clock shows {now} and the platform's {date}; check the clock, the secret key and the region {}",
                self.region
            ),
            Some(_) | None => format!(
                "credentials that were loaded anew did not help: check the access key, its session and the region {}",
                self.region
            ),
        }
    }

    fn mask(&self) -> Arc<Mask> {
        self.credentials.mask()
    }
}

fn date(response: &HttpResponse) -> Option<Timestamp> {
    let text = response.headers.get(DATE)?.to_str().ok()?;
    let at = httpdate::parse_http_date(text).ok()?;
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since))
}

fn system_time(at: Timestamp) -> SystemTime {
    let millis = u64::try_from(at.as_unix_millis()).unwrap_or_default();
    UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(UNIX_EPOCH)
}
