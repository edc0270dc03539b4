//! Bodies in an encoding that nobody asked for.
//!
//! Some gateways pack every answer whatever is asked for. `gzip` is read all the same, within the bound that any body has, so that a
//! small answer cannot become a large one; what is packed in another way, broken or too large is no answer.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hyper::header::CONTENT_ENCODING;

use super::send::HttpResponse;

/// How UTF-8 may begin.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest part of an encoding's name that is repeated to people.
const LONGEST_NAME: usize = 20;

/// Takes the packing and a byte-order mark off a body: some servers write one before their JSON, and JSON has none.
///
/// # Errors
/// What keeps the body from being read. It is empty then.
pub(super) fn unpack(response: &mut HttpResponse, largest: usize) -> Result<(), String> {
    let body = std::mem::take(&mut response.body);
    let body = match encoding(response) {
        Some(name) if !body.is_empty() => unpacked(&name, &body, largest)?,
        Some(_) | None => body,
    };
    response.body = if body.starts_with(BYTE_ORDER_MARK) {
        body.slice(BYTE_ORDER_MARK.len()..)
    } else {
        body
    };
    Ok(())
}

/// The encodings that the answer names, unless they change nothing.
fn encoding(response: &HttpResponse) -> Option<String> {
    let headers = response.headers.get_all(CONTENT_ENCODING).iter();
    // A name that is no text is the name of no encoding that is known.
    let names: Vec<&str> = headers
        .map(|value| value.to_str().unwrap_or("?"))
        .flat_map(|names| names.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn unpacked(name: &str, body: &[u8], largest: usize) -> Result<Bytes, String> {
    let known = ["gzip", "x-gzip"];
    if !known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        let short: String = name.chars().take(LONGEST_NAME).collect();
        return Err(format!(
            "the encoding {short:?}, which was not asked for and is not known"
        ));
    }
    let most = u64::try_from(largest).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    let mut packed = MultiGzDecoder::new(body).take(most.saturating_add(1));
    packed
        .read_to_end(&mut plain)
        .map_err(|wrong| format!("gzip that cannot be unpacked: {wrong}"))?;
    if plain.len() > largest {
        return Err(format!("gzip of more than {largest} bytes"));
    }
    Ok(Bytes::from(plain))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use hyper::StatusCode;
    use hyper::header::{HeaderMap, HeaderValue};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    fn read(name: &'static str, body: &[u8], largest: usize) -> Result<String, String> {
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(name))]);
        let mut response = HttpResponse {
            status: StatusCode::OK,
            headers,
            body: Bytes::copy_from_slice(body),
        };
        let read = unpack(&mut response, largest);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(read.is_ok() || text.is_empty(), "nothing broken is left");
        read.map(|()| text)
    }

    #[test]
    fn gzip_is_read_and_so_is_what_is_not_packed() {
        let body = packed(b"\xef\xbb\xbf{\"a\":1}");
        for name in ["gzip", "X-GZIP", " gzip ", "identity, gzip"] {
            assert_eq!(read(name, &body, 100).as_deref(), Ok("{\"a\":1}"), "{name}");
        }
        for name in ["", "identity", "Identity"] {
            assert_eq!(read(name, b"{}", 100).as_deref(), Ok("{}"), "{name}");
        }
        // An answer without content, and one of several members.
        assert_eq!(read("gzip", b"", 100).as_deref(), Ok(""));
        let members = [packed(b"[1,"), packed(b"2]")].concat();
        assert_eq!(read("gzip", &members, 100).as_deref(), Ok("[1,2]"));
    }

    #[test]
    fn what_is_packed_in_another_way_or_broken_is_refused() {
        let body = packed(b"{\"a\":1}");
        let longer = [&body[..], b"more"].concat();
        for (name, body, why) in [
            ("br", &body[..], "\"br\""),
            ("gzip, gzip", &body[..], "\"gzip, gzip\""),
            (
                "deflate, and so on, and so on",
                &body[..],
                "\"deflate, and so on, \"",
            ),
            ("gzip", &b"{\"a\":1}"[..], "cannot be unpacked"),
            ("gzip", &body[..body.len() - 1], "cannot be unpacked"),
            ("gzip", &longer[..], "cannot be unpacked"),
        ] {
            let refused = read(name, body, 100).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn what_unpacks_to_more_than_a_body_may_have_is_refused() {
        let bomb = packed(&vec![b' '; 50 << 20]);
        assert!(bomb.len() < 100_000);
        let refused = read("gzip", &bomb, 4 << 20).unwrap_err();
        assert_eq!(refused, "gzip of more than 4194304 bytes");
        let most = packed(&[b' '; 100]);
        assert_eq!(read("gzip", &most, 100).unwrap().len(), 100);
        assert!(read("gzip", &most, 99).is_err());
    }
}
