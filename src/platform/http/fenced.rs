//! Lets a write leave only while the right to command lasts.
//!
//! The last thing before the socket: whatever waited before it, a rate limit, a commit or a process that was stopped, is over here. An
//! answer is waited for no longer than the right lasts either, so that whoever has it next finds nothing of ours under way.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::control::ports::Tenure;

use super::push::PushConnection;
use super::send::{HttpRequest, HttpResponse, HttpSend};
use super::send_fault::SendFault;

/// A transport whose writes need a tenure.
pub struct FencedSend {
    inner: Arc<dyn HttpSend>,
    tenure: Arc<dyn Tenure>,
}

impl FencedSend {
    /// Sends over `inner` for as long as `tenure` lasts.
    #[must_use]
    pub fn new(inner: Arc<dyn HttpSend>, tenure: Arc<dyn Tenure>) -> Self {
        Self { inner, tenure }
    }
}

impl HttpSend for FencedSend {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        if request.writes {
            let remaining = self.tenure.remaining();
            if remaining.is_zero() {
                let why = "the lease is over: another daemon may command".to_owned();
                return Box::pin(std::future::ready(Err(SendFault::Connect(why))));
            }
            request.timeout = request.timeout.min(remaining);
        }
        self.inner.send(request)
    }

    fn open_push(
        &self,
        url: reqwest::Url,
        timeout: std::time::Duration,
    ) -> BoxFuture<'_, Result<Box<dyn PushConnection>, SendFault>> {
        self.inner.open_push(url, timeout)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use bytes::Bytes;
    use hyper::{HeaderMap, Method, StatusCode};

    use super::*;
    use crate::control::ports::TenureFault;

    #[derive(Default)]
    struct Wire(Mutex<Vec<(Method, Duration)>>);

    impl HttpSend for Wire {
        fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
            self.0
                .lock()
                .unwrap()
                .push((request.method, request.timeout));
            Box::pin(async {
                Ok(HttpResponse {
                    status: StatusCode::OK,
                    headers: HeaderMap::new(),
                    body: Bytes::new(),
                })
            })
        }
    }

    struct Left(AtomicU64);

    impl Tenure for Left {
        fn renew(&self) -> BoxFuture<'_, Result<(), TenureFault>> {
            Box::pin(async { Ok(()) })
        }

        fn remaining(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    #[tokio::test]
    async fn a_write_leaves_only_while_the_lease_lasts_and_a_reading_always() {
        let wire = Arc::new(Wire::default());
        let left = Arc::new(Left(AtomicU64::new(4)));
        let fenced = FencedSend::new(Arc::<Wire>::clone(&wire), Arc::<Left>::clone(&left));
        let send = |writes| {
            fenced.send(HttpRequest {
                method: if writes { Method::PUT } else { Method::GET },
                url: "https://example.com/".parse().unwrap(),
                headers: Vec::new(),
                body: Bytes::new(),
                timeout: Duration::from_secs(10),
                writes,
            })
        };
        assert!(send(true).await.is_ok());
        left.0.store(0, Ordering::Relaxed);
        let refused = send(true).await.unwrap_err();
        assert!(matches!(&refused, SendFault::Connect(why) if why.contains("lease")));
        assert!(send(false).await.is_ok());
        let seen = wire.0.lock().unwrap().clone();
        let seconds = Duration::from_secs;
        assert_eq!(
            seen,
            [(Method::PUT, seconds(4)), (Method::GET, seconds(10))]
        );
    }
}
