//! Getting a token, where one is to go along with requests.

use std::sync::atomic::Ordering;

use hyper::{Method, StatusCode};
use tracing::Instrument;

use crate::domain::Timestamp;
use crate::platform::port::{FaultKind, PlatformFault};
use crate::telemetry::Step;

use super::super::encoding::unpack;
use super::super::limiter::{PermitRequest, RateShare};
use super::super::retry::{Verdict, retry};
use super::super::send::HttpRequest;
use super::super::send_fault::LARGEST_BODY;
use super::super::token::{TOKEN, Token, TokenParts, TokenSource};
use super::super::traced::request_span;
use super::{Client, again};

impl Client {
    pub(super) async fn token(
        &self,
        tokens: &TokenSource,
        refused: Option<u64>,
        deadline: Timestamp,
    ) -> Result<Token, PlatformFault> {
        let expires = |token: &Token| {
            self.metrics
                .api
                .token_expires(token.expires_at.as_unix_seconds());
        };
        tokens
            .get(refused, || self.fetch_token(tokens, deadline))
            .await
            .inspect(expires)
    }

    async fn fetch_token(
        &self,
        tokens: &TokenSource,
        deadline: Timestamp,
    ) -> Result<TokenParts, PlatformFault> {
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        let on_retry = |fault: &PlatformFault| self.report_retry(TOKEN, fault);
        retry(
            self.policy,
            deadline,
            &self.clock,
            seed,
            on_retry,
            || async move {
                let (headers, body) = tokens.request();
                let url = tokens.url().clone();
                let request = HttpRequest {
                    method: Method::POST,
                    url,
                    headers,
                    body,
                    timeout: self.request_timeout,
                    writes: false,
                };
                let permit = PermitRequest {
                    endpoint: TOKEN,
                    share: RateShare::Commands,
                    deadline,
                    prepaid: false,
                };
                let mut response = self
                    .exchange(permit, request)
                    .await
                    .map_err(|stopped| stopped.verdict)?;
                let packed = unpack(&mut response, LARGEST_BODY);
                let said = format!(
                    "the token endpoint answered {}{}",
                    response.status,
                    self.said(&response)
                );
                match response.status {
                    status if status.is_success() => packed
                        .map_err(|encoded| format!("the token endpoint answered in {encoded}"))
                        .and_then(|()| tokens.read(&response.body))
                        .map_err(|why| again(FaultKind::Decode, why, None)),
                    StatusCode::TOO_MANY_REQUESTS => {
                        let (_, after) = self.too_many(TOKEN, &response);
                        Err(again(FaultKind::RateLimited, said, after))
                    }
                    status if status.is_server_error() => {
                        let after = self.unavailable(TOKEN, &response);
                        Err(again(FaultKind::Server, said, after))
                    }
                    status if status.is_redirection() => {
                        let leads = self.leads(tokens.url(), &response);
                        let detail = format!("{said}; {leads}");
                        Err(Verdict::Final(PlatformFault {
                            kind: FaultKind::Refused,
                            detail,
                        }))
                    }
                    StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                        let detail = format!("{said}; {}", tokens.advice());
                        Err(Verdict::Final(PlatformFault {
                            kind: FaultKind::Unauthorized,
                            detail,
                        }))
                    }
                    StatusCode::NOT_FOUND => {
                        let detail = format!("{said}; check --token-url");
                        Err(Verdict::Final(PlatformFault {
                            kind: FaultKind::NotFound,
                            detail,
                        }))
                    }
                    _ => Err(Verdict::Final(PlatformFault {
                        kind: FaultKind::Refused,
                        detail: said,
                    })),
                }
            },
        )
        .instrument(request_span(TOKEN))
        .await
        .inspect(|_| {
            self.metrics
                .cycle
                .succeeded(Step::Token, self.clock.now().as_unix_seconds());
        })
        .map_err(|fault| self.masked(fault))
    }
}
