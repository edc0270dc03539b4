//! The two text encodings of the token request and the query: form encoding and HTTP Basic.

/// The value of `name` in a form or query; the first one when there are several.
pub(super) fn form_value(form: &str, name: &str) -> Option<String> {
    let mut pairs = form
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .find(|(key, _)| form_decode(key) == name)
        .map(|(_, value)| form_decode(value))
}

/// Percent-decoding in which a plus sign is a blank.
pub(super) fn form_decode(text: &str) -> String {
    percent_decode(&text.replace('+', " "))
}

/// Percent-decoding. An invalid escape stays as it is.
pub(super) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.split_at_checked(2)).flatten();
        let value = escaped.and_then(|(digits, tail)| Some((hex_byte(digits)?, tail)));
        let (byte, after) = value.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// User and password of an `Authorization: Basic` header, not yet percent-decoded.
pub(super) fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(base64_decode(encoded.trim())?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    // The number parser would take a sign.
    let text = std::str::from_utf8(digits)
        .ok()
        .filter(|text| !text.starts_with('+'))?;
    u8::from_str_radix(text, 16).ok()
}

fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for symbol in text.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_forms() {
        let form =
            "grant_type=client_credentials&client%5Fid=a%26b&scope=x+y&half=1%2&flag&scope=z";
        assert_eq!(form_value(form, "client_id").as_deref(), Some("a&b"));
        assert_eq!(form_value(form, "scope").as_deref(), Some("x y"));
        assert_eq!(form_value(form, "half").as_deref(), Some("1%2"));
        assert_eq!(form_value(form, "flag").as_deref(), Some(""));
        assert_eq!(form_value(form, "other"), None);
        assert_eq!(percent_decode("%C3%A9+%zz%+1"), "é+%zz%+1");
    }

    #[test]
    fn decodes_basic() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(
            basic_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            pair("Aladdin", "open sesame")
        );
        assert_eq!(basic_credentials("basic YTo="), pair("a", ""));
        assert_eq!(basic_credentials("Basic YTpiOmM="), pair("a", "b:c"));
        for wrong in [
            "Bearer YTo=",
            "Basic",
            "Basic YQ==",
            "Basic *",
            "Basic gIA6",
        ] {
            assert_eq!(basic_credentials(wrong), None, "{wrong}");
        }
    }
}
