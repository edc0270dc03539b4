//! The log-in by client credentials.

use hyper::StatusCode;
use serde_json::json;

use super::super::super::answer::Answer;
use super::super::super::call::Call;
use super::super::super::encoding::{basic_credentials, form_decode, form_value};
use super::super::super::platform::Platform;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;

impl Platform {
    /// Answers what needs no token.
    pub(in crate::simulator) fn cloud_token(
        &mut self,
        call: &Call,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let media = call.content_type.as_deref().unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let why = "the body has to be a form";
            return Err(Refused::bad_request("invalid_request", why));
        }
        let form = std::str::from_utf8(&call.body).unwrap_or_default();
        if form_value(form, "grant_type").as_deref() != Some("client_credentials") {
            let why = "grant_type has to be client_credentials";
            return Err(Refused::bad_request("unsupported_grant_type", why));
        }
        let given = call.authorization.as_deref().and_then(basic_credentials);
        let unknown = || {
            Refused::new(
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "client not found or invalid client secret",
            )
        };
        let (id, secret) = given.ok_or_else(unknown)?;
        let (id, secret) = (form_decode(&id), form_decode(&secret));
        if !self.tokens.knows(&id, &secret) {
            return Err(unknown());
        }
        let (token, life) = self.tokens.issue(&id, &secret, now, str::to_owned)?;
        let body = json!({"access_token": token, "token_type": "bearer", "expires_in": life});
        Ok(Answer::json(StatusCode::OK, body.to_string().into()))
    }
}
