//! One text read as one value; a refusal says what is wrong and what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use reqwest::Url;

use crate::domain::{Confirmation, Limit};

use super::fault::Wrong;

pub(super) type Read<T> = Result<T, Wrong>;

/// Rates outside are mistakes: slower than one request in 100 s polls nothing, and no platform takes more.
const RATES: RangeInclusive<f64> = 0.01..=100_000.0;

pub(super) fn text(text: &str) -> Read<String> {
    if text.trim().is_empty() {
        Err(Wrong::new("is empty", "give a text or leave it out"))
    } else {
        Ok(text.to_owned())
    }
}

/// No time in here is meant to be longer; a longer one is a slip of the keyboard.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

pub(super) fn duration(text: &str) -> Read<Duration> {
    let parsed = humantime::parse_duration(text.trim()).map_err(|_| {
        Wrong::new(
            format!("`{text}` is no duration"),
            "write a number with its unit, such as 500ms, 30s or 15m",
        )
    })?;
    if parsed > LONGEST {
        let wrong = format!("`{text}` is longer than a year");
        return Err(Wrong::new(wrong, "give less, such as 15m"));
    }
    Ok(parsed)
}

pub(super) fn positive_duration(text: &str) -> Read<Duration> {
    match duration(text)? {
        Duration::ZERO => Err(Wrong::new("is zero", "give more than 0s, such as 10s")),
        less if less < Duration::from_millis(1) => Err(Wrong::new(
            format!("`{text}` is less than a millisecond"),
            "give more, such as 10s",
        )),
        more => Ok(more),
    }
}

/// A whole number of this range.
pub(super) fn count<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Read<T>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    move |text| match text.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(Wrong::new(
            format!(
                "`{text}` is no whole number from {} to {}",
                range.start(),
                range.end()
            ),
            "give a number of this range",
        )),
    }
}

/// `none`, or a whole number from 1.
pub(super) fn budget(text: &str) -> Read<Option<u32>> {
    if text.trim() == "none" {
        return Ok(None);
    }
    match text.trim().parse() {
        Ok(number) if number >= 1 => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Wrong::new(
            format!("`{text}` is neither a whole number from 1 nor `none`"),
            "give a number such as 4, or leave it out for no limit",
        )),
    }
}

pub(super) fn limit(text: &str) -> Read<Limit> {
    let wrong = |wrong: crate::domain::LimitError| {
        Wrong::new(
            wrong.to_string(),
            "write a number such as 5 or a share such as 12%",
        )
    };
    text.trim().parse().map_err(wrong)
}

pub(super) fn confirmation(text: &str) -> Read<Confirmation> {
    let wrong = |wrong: crate::domain::ConfirmationError| {
        Wrong::new(wrong.to_string(), "write 1/1 to act at the first sample")
    };
    text.trim().parse().map_err(wrong)
}

pub(super) fn switch(text: &str) -> Read<bool> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Wrong::new(
            format!("`{text}` is neither true nor false"),
            "write true, false, 1 or 0",
        )),
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Read<T> {
    move |text| {
        let found = words.iter().find(|(word, _)| *word == text.trim());
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Wrong::new(
                format!("`{text}` is not known"),
                format!("write one of {}", words.join(", ")),
            )
        })
    }
}

/// Requests a second; nothing for `unlimited`.
pub(super) fn rate(text: &str) -> Read<Option<f64>> {
    if text.trim() == "unlimited" {
        return Ok(None);
    }
    match text.trim().parse() {
        Ok(number) if RATES.contains(&number) => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Wrong::new(
            format!(
                "`{text}` is neither a number from {} to {} nor `unlimited`",
                RATES.start(),
                RATES.end()
            ),
            "give the requests a second that the platform allows, such as 10",
        )),
    }
}

/// An address to listen at; nothing for `off`.
pub(super) fn listen(text: &str) -> Read<Option<SocketAddr>> {
    if text.trim() == "off" {
        return Ok(None);
    }
    text.trim().parse().map(Some).map_err(|_| {
        Wrong::new(
            format!("`{text}` is neither an IP address with a port nor `off`"),
            "write such as 127.0.0.1:9464 or [::1]:9464",
        )
    })
}

/// An address of the platform. A refusal does not repeat it: a password may be in it.
pub(super) fn url(text: &str) -> Read<Url> {
    const EXAMPLE: &str = "write such as https://api.example.com";
    let url = Url::parse(text.trim())
        .map_err(|wrong| Wrong::new(format!("is no URL ({wrong})"), EXAMPLE))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Wrong::new(
            "is neither an http nor an https address",
            EXAMPLE,
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "holds a user name or a password",
            "take them out; credentials go to client_id and CXONE_CLIENT_SECRET",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            "has a part behind `?` or `#`",
            "leave that part away",
        ));
    }
    Ok(url)
}

/// The address of a collector of traces, in a program that can export them.
pub(super) fn collector(text: &str) -> Read<Url> {
    if cfg!(feature = "otlp") {
        let held = |url: &Url| !url.username().is_empty() || url.password().is_some();
        if Url::parse(text.trim()).is_ok_and(|url| held(&url)) {
            return Err(Wrong::new(
                "holds a user name or a password",
                "take them out; what the collector asks for goes to OTEL_EXPORTER_OTLP_HEADERS",
            ));
        }
        return url(text);
    }
    Err(Wrong::new(
        "needs a program that was built with traces",
        "build it with `cargo build --release --features otlp`, or leave the setting away",
    ))
}

/// Whether an address stays on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    match ip.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_help_shows() {
        assert_eq!(rate("2.5"), Ok(Some(2.5)));
        assert_eq!(rate("unlimited"), Ok(None));
        assert_eq!(listen("off"), Ok(None));
        assert_eq!(budget("none"), Ok(None));
        assert_eq!(switch("1"), Ok(true));
        assert_eq!(count(1..=64_usize)("64"), Ok(64));
        assert!(limit("12.5%").is_ok() && confirmation("2/3").is_ok());
        for wrong in ["0", "-1", "NaN", "inf", "1e9", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
            assert!(count(1..=64_u32)(wrong).is_err(), "{wrong}");
            assert!(budget(wrong).is_err(), "{wrong}");
            assert!(listen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_collector_needs_a_program_that_can_export() {
        let read = collector("http://127.0.0.1:4318");
        if cfg!(feature = "otlp") {
            assert!(read.is_ok());
            let held = collector("http://me:hunter2@127.0.0.1:4318").unwrap_err();
            assert!(format!("{held:?}").contains("OTEL_EXPORTER_OTLP_HEADERS"));
            assert!(!format!("{held:?}").contains("hunter2"));
        } else {
            let told = format!("{:?}", read.unwrap_err());
            assert!(told.contains("--features otlp"), "{told}");
        }
    }

    #[test]
    fn an_address_is_whole_and_never_repeated() {
        for wrong in [
            "",
            "api.example.com",
            "ftp://x",
            "file:///x",
            "https://",
            "https://u:hunter2@x",
            "https://hunter2@x",
            "https://x?key=hunter2",
            "https://x#hunter2",
            "hunter2://x",
            "https://hunter2 x",
        ] {
            let refused = url(wrong).unwrap_err();
            assert!(!format!("{refused:?}").contains("hunter2"), "{wrong}");
        }
        for (text, stays) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:1", true),
            ("http://localhost", true),
            ("http://10.0.0.1", false),
            ("https://localhost.example.com", false),
        ] {
            assert_eq!(is_loopback(&url(text).unwrap()), stays, "{text}");
        }
    }
}
