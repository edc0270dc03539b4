//! Answers in gzip, for whoever accepts them: status, metrics and files of the page repeat themselves, and come to a fifth or less.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Bytes};
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderMap, HeaderValue, VARY,
};
use hyper::{Response, StatusCode};

use super::answer::Body;

/// Less than this is not worth the header.
const LEAST: u64 = 1_024;

/// Whether a client takes an answer in gzip (RFC 9110, 12.5.3): by its name, or as any encoding where its name is not given; not with
/// the weight 0.
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).iter();
    let given = given.filter_map(|value| value.to_str().ok());
    let (mut named, mut any) = (None, None);
    for coding in given.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let wanted = parts.all(|part| {
            let weight = part.strip_prefix("q=").or(part.strip_prefix("Q="));
            weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
        });
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            named = Some(wanted);
        } else if name == "*" {
            any = Some(wanted);
        }
    }
    named.or(any).unwrap_or(false)
}

/// The same answer, in gzip if that is accepted and pays. What comes piece by piece stays as it is.
pub(super) async fn encoded(answer: Response<Body>, accepted: bool) -> Response<Body> {
    let whole = answer.body().size_hint().exact();
    let pays = answer.status() == StatusCode::OK
        && whole.is_some_and(|bytes| bytes >= LEAST)
        && !answer.headers().contains_key(CONTENT_ENCODING);
    if !pays {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    head.headers
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    if !accepted {
        return Response::from_parts(head, body);
    }
    let Ok(collected) = body.collect().await;
    let plain = collected.to_bytes();
    let kept = plain.clone();
    // Megabytes of a status take longer than others may wait.
    let compressed = tokio::task::spawn_blocking(move || gzip(&plain)).await;
    let Ok(Ok(compressed)) = compressed else {
        return Response::from_parts(head, Full::new(kept).boxed_unsync());
    };
    let headers = &mut head.headers;
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(CONTENT_LENGTH);
    // It is no longer the same byte for byte.
    if let Some(tag) = headers.get(ETAG).and_then(|tag| tag.to_str().ok())
        && !tag.starts_with("W/")
        && let Ok(weak) = HeaderValue::try_from(format!("W/{tag}"))
    {
        headers.insert(ETAG, weak);
    }
    Response::from_parts(head, Full::new(compressed).boxed_unsync())
}

fn gzip(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain)?;
    Ok(encoder.finish()?.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::serve::answer::full;

    fn accepts(text: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
        is_accepted(&headers)
    }

    #[test]
    fn gzip_is_accepted_by_its_name_or_as_any_and_never_with_weight_nought() {
        for text in [
            "gzip",
            "GZIP",
            "x-gzip",
            "deflate, gzip;q=0.5",
            "br;q=1.0, gzip; q=0.001",
            "*",
            "identity, *;q=0.1",
        ] {
            assert!(accepts(text), "{text}");
        }
        for text in [
            "",
            "identity",
            "gzip;q=0",
            "gzip; q=0.000",
            "*;q=0",
            "gzip;q=0, *",
            "gzip;q=much",
            "gzipped",
        ] {
            assert!(!accepts(text), "{text}");
        }
        assert!(!is_accepted(&HeaderMap::new()));
    }

    fn answer(text: &str) -> Response<Body> {
        let body = Bytes::copy_from_slice(text.as_bytes());
        let mut answer = full(StatusCode::OK, "text/plain", body);
        let tag = HeaderValue::from_static("\"tag\"");
        answer.headers_mut().insert(ETAG, tag);
        answer
    }

    #[tokio::test]
    async fn a_long_answer_is_compressed_for_those_who_accept_it_alone() {
        let text = "the same line again and again\n".repeat(100);
        let plain = encoded(answer(&text), false).await;
        assert_eq!(plain.headers().get(CONTENT_ENCODING), None);
        assert_eq!(plain.headers()[VARY], "accept-encoding");
        let short = encoded(answer("short"), true).await;
        assert_eq!(short.headers().get(CONTENT_ENCODING), None);
        let mut missing = answer(&text);
        *missing.status_mut() = StatusCode::NOT_FOUND;
        let missing = encoded(missing, true).await;
        assert_eq!(missing.headers().get(CONTENT_ENCODING), None);

        let packed = encoded(answer(&text), true).await;
        assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(packed.headers()[VARY], "accept-encoding");
        assert_eq!(packed.headers()[ETAG], "W/\"tag\"");
        let Ok(body) = packed.into_body().collect().await;
        let body = body.to_bytes();
        assert!(body.len() * 5 < text.len(), "{}", body.len());
        let mut read = String::new();
        GzDecoder::new(&*body).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }
}
