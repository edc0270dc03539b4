//! One text read as one value; a refusal says what is wrong and what to write instead.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use reqwest::Url;

use crate::domain::aim::{AbandonTarget, AbandonTargetError, HalfAgents};
use crate::domain::assignment::Weight;
use crate::domain::{Confirmation, Limit, Zone, ZoneError};
use crate::identity::AddressRange;
use crate::notify::ReceiverUrl;
use crate::platform::dialect::{AgentSource, AlsoSteer};

use super::fault::Problem;
use super::row::Parsed;

/// Rates outside are mistakes: slower than one request in 100 s polls nothing, and no platform takes more.
/// Headers that have a meaning of their own, which no name of a user can be.
const RESERVED_HEADERS: [&str; 6] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "origin",
];

const RATES: RangeInclusive<f64> = 0.01..=100_000.0;

pub(super) fn text(text: &str) -> Parsed<String> {
    if text.trim().is_empty() {
        Err(Problem::new("is empty", "give a text or leave it out"))
    } else {
        Ok(text.to_owned())
    }
}

/// No time in here is meant to be longer; a longer one is a slip of the keyboard.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

pub(super) fn duration(text: &str) -> Parsed<Duration> {
    let parsed = humantime::parse_duration(text.trim()).map_err(|_| {
        Problem::new(
            format!("`{text}` is not a duration"),
            "write a number with its unit, such as 500ms, 30s or 15m",
        )
    })?;
    if parsed > LONGEST {
        let wrong = format!("`{text}` is longer than a year");
        return Err(Problem::new(wrong, "give less, such as 15m"));
    }
    Ok(parsed)
}

pub(super) fn positive_duration(text: &str) -> Parsed<Duration> {
    match duration(text)? {
        Duration::ZERO => Err(Problem::new("is zero", "give more than 0s, such as 10s")),
        less if less < Duration::from_millis(1) => Err(Problem::new(
            format!("`{text}` is less than a millisecond"),
            "give more, such as 10s",
        )),
        more => Ok(more),
    }
}

/// How long nothing is asked after refused log-ins: no shorter than an account stays locked.
pub(super) fn refused_login_wait(text: &str) -> Parsed<Duration> {
    match positive_duration(text)? {
        short if short < Duration::from_secs(15 * 60) => Err(Problem::new(
            format!("`{text}` is shorter than an account stays locked"),
            "give 15m or more",
        )),
        long => Ok(long),
    }
}

/// A whole number of this range.
pub(super) fn count<T>(text: &str, range: RangeInclusive<T>) -> Parsed<T>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    match text.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(Problem::new(
            format!(
                "`{text}` is not a whole number from {} to {}",
                range.start(),
                range.end()
            ),
            "give a number of this range",
        )),
    }
}

/// `none`, or a whole number from 1.
pub(super) fn budget(text: &str) -> Parsed<Option<u32>> {
    if text.trim() == "none" {
        return Ok(None);
    }
    match text.trim().parse() {
        Ok(number) if number >= 1 => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Problem::new(
            format!("`{text}` is neither a whole number from 1 nor `none`"),
            "give a number such as 4, or leave it out for no limit",
        )),
    }
}

pub(super) fn limit(text: &str) -> Parsed<Limit> {
    let wrong = |wrong: crate::domain::LimitError| {
        Problem::new(
            wrong.to_string(),
            "write a number such as 5 or a share such as 12%",
        )
    };
    text.trim().parse().map_err(wrong)
}

pub(super) fn abandon_target(text: &str) -> Parsed<AbandonTarget> {
    let wrong = |wrong: AbandonTargetError| {
        Problem::new(
            wrong.to_string(),
            "write the share in quotes, such as \"0.5%\"",
        )
    };
    text.trim().parse().map_err(wrong)
}

/// More agents than this are no gap and no start.
const MOST_AGENTS: HalfAgents = HalfAgents::from_agents(10_000);

/// Agents in steps of a half.
pub(super) fn half_agents(text: &str) -> Parsed<HalfAgents> {
    let read: Option<HalfAgents> = text.trim().parse().ok();
    read.filter(|agents| *agents <= MOST_AGENTS).ok_or_else(|| {
        Problem::new(
            format!("`{text}` is not a number of agents up to {MOST_AGENTS} in steps of a half"),
            "write such as 2 or 2.5",
        )
    })
}

pub(super) fn confirmation(text: &str) -> Parsed<Confirmation> {
    let wrong = |wrong: crate::domain::ConfirmationError| {
        Problem::new(wrong.to_string(), "write 1/1 to act at the first sample")
    };
    text.trim().parse().map_err(wrong)
}

pub(super) fn switch(text: &str) -> Parsed<bool> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Problem::new(
            format!("`{text}` is neither true nor false"),
            "write true, false, 1 or 0",
        )),
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Parsed<T> {
    let found = words.iter().find(|(word, _)| *word == text.trim());
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Problem::new(
            format!("`{text}` is not known"),
            format!("write one of {}", words.join(", ")),
        )
    })
}

/// What the platforms read, with what to write instead of a text that they do not.
pub(super) fn as_dialect<T>(read: Result<T, String>, remedy: &str) -> Parsed<T> {
    read.map_err(|wrong| Problem::new(wrong, remedy))
}

/// What agents are counted from.
pub(super) fn agent_source(text: &str) -> Parsed<AgentSource> {
    if ["all", "own"].contains(&text.trim()) {
        return Err(Problem::new(
            "belongs to one campaign",
            "move it into a [[campaign]] table",
        ));
    }
    word(text, AgentSource::WORDS)
}

/// Whether something is on.
pub(super) fn on_or_off(text: &str) -> Parsed<bool> {
    word(text, &[("on", true), ("off", false)])
}

/// Scopes to ask for.
pub(super) fn scopes(texts: &[String]) -> Parsed<Vec<String>> {
    if texts.iter().any(String::is_empty) {
        let wrong = "holds an empty scope";
        return Err(Problem::new(wrong, "give texts or leave it out"));
    }
    Ok(texts.to_vec())
}

/// Kinds of campaigns that are steered only where they are named.
pub(super) fn also_steer(texts: &[String]) -> Parsed<AlsoSteer> {
    let mut kinds = AlsoSteer::default();
    for text in texts {
        match text.as_str() {
            "journeys" => kinds.journeys = true,
            "agentless" => kinds.agentless = true,
            _ => {
                let wrong = format!("`{text}` is not a kind of campaign");
                return Err(Problem::new(wrong, "write journeys or agentless, or both"));
            }
        }
    }
    Ok(kinds)
}

/// Names by which a listener is called.
pub(super) fn host_names(texts: &[String]) -> Parsed<Vec<String>> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if texts
        .iter()
        .any(|text| text.is_empty() || !text.chars().all(part_of_name))
    {
        return Err(Problem::new(
            "holds something that is not a host name",
            "write names without scheme and port, such as autopilot.example.com",
        ));
    }
    Ok(texts.to_vec())
}

/// Addresses and ranges of them.
pub(super) fn address_ranges(texts: &[String]) -> Parsed<Vec<AddressRange>> {
    let range = |text: &String| {
        text.parse::<AddressRange>().map_err(|wrong| {
            let remedy = "write such as 10.0.3.7 or 10.0.3.0/28";
            Problem::new(format!("`{text}` {wrong}"), remedy)
        })
    };
    texts.iter().map(range).collect()
}

/// The name of a header, in lower case.
pub(super) fn header_name(text: &str) -> Parsed<String> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name = text.trim().to_ascii_lowercase();
    if name.is_empty() || !name.chars().all(part_of_name) {
        let wrong = format!("`{text}` is not the name of a header");
        return Err(Problem::new(wrong, "write such as X-Forwarded-User"));
    }
    if RESERVED_HEADERS.contains(&name.as_str()) {
        let wrong = format!("`{text}` says something else in every request");
        return Err(Problem::new(
            wrong,
            "have the proxy send a header of its own, such as X-Forwarded-User",
        ));
    }
    Ok(name)
}

/// A part of a score, 0 to 1, in thousandths.
pub(super) fn churn(text: &str) -> Parsed<u32> {
    let problem = || {
        Problem::new(
            format!("`{text}` is not a number from 0 to 1"),
            "give one, such as 0.05",
        )
    };
    let weight = text.parse::<Weight>().map_err(|_| problem())?;
    u32::try_from(weight.milli())
        .ok()
        .filter(|milli| *milli <= 1_000)
        .ok_or_else(problem)
}

/// Requests a second; nothing for `unlimited`.
pub(super) fn rate(text: &str) -> Parsed<Option<f64>> {
    if text.trim() == "unlimited" {
        return Ok(None);
    }
    match text.trim().parse() {
        Ok(number) if RATES.contains(&number) => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Problem::new(
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
pub(super) fn listen(text: &str) -> Parsed<Option<SocketAddr>> {
    if text.trim() == "off" {
        return Ok(None);
    }
    text.trim().parse().map(Some).map_err(|_| {
        Problem::new(
            format!("`{text}` is neither an IP address with a port nor `off`"),
            "write such as 127.0.0.1:9464 or [::1]:9464",
        )
    })
}

/// An IANA time zone.
pub(super) fn zone(text: &str) -> Parsed<Zone> {
    let text = text.trim();
    text.parse().map_err(|wrong: ZoneError| {
        Problem::new(
            format!("`{text}` {wrong}"),
            "name one such as Europe/Berlin",
        )
    })
}

/// An address of the platform. A refusal does not repeat it: a password may be in it.
pub(super) fn url(text: &str) -> Parsed<Url> {
    const EXAMPLE: &str = "write such as https://api.example.com";
    let url = Url::parse(text.trim())
        .map_err(|wrong| Problem::new(format!("is not a URL ({wrong})"), EXAMPLE))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Problem::new(
            "is neither an http nor an https address",
            EXAMPLE,
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new(
            "holds a user name or a password",
            "take them out; credentials go to client_id and AUTOPILOT_CLIENT_SECRET",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new(
            "has a part behind `?` or `#`",
            "remove that part",
        ));
    }
    Ok(url)
}

/// The address of the API, to which each request adds its own path.
pub(super) fn base_url(text: &str) -> Parsed<Url> {
    let url = url(text)?;
    let mut last_first = url.path().trim_end_matches('/').rsplit('/');
    if let (Some(version), Some("api")) = (last_first.next(), last_first.next())
        && let Some(number) = version.strip_prefix('v')
        && number.parse::<u16>().is_ok()
    {
        return Err(Problem::new(
            format!("ends in `/api/{version}`, which each request adds by itself"),
            "give what stands before it, such as https://api.example.com",
        ));
    }
    Ok(url)
}

/// A receiver's address. A refusal does not repeat it.
pub(super) fn receiver(text: &str) -> Parsed<ReceiverUrl> {
    const EXAMPLE: &str = "write such as https://wfm.example.com/hooks/autopilot";
    let url = Url::parse(text.trim())
        .map_err(|wrong| Problem::new(format!("is not a URL ({wrong})"), EXAMPLE))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        let wrong = "is neither an http nor an https address";
        return Err(Problem::new(wrong, EXAMPLE));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let wrong = "holds a user name or a password";
        return Err(Problem::new(
            wrong,
            "take them out; messages are signed with the webhook's secret",
        ));
    }
    if url.fragment().is_some() {
        let wrong = "has a part behind `#`, which no receiver sees";
        return Err(Problem::new(wrong, "remove that part"));
    }
    Ok(ReceiverUrl::new(url))
}

/// The address of a collector of traces, in a program that can export them.
pub(super) fn collector(text: &str) -> Parsed<Url> {
    if cfg!(feature = "otlp") {
        let held = |url: &Url| !url.username().is_empty() || url.password().is_some();
        if Url::parse(text.trim()).is_ok_and(|url| held(&url)) {
            return Err(Problem::new(
                "holds a user name or a password",
                "take them out; what the collector asks for goes to OTEL_EXPORTER_OTLP_HEADERS",
            ));
        }
        return url(text);
    }
    Err(Problem::new(
        "needs a program that was built with traces",
        "build it with `cargo build --release --features otlp`, or remove the setting",
    ))
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
        assert_eq!(count("64", 1..=64_usize), Ok(64));
        assert!(abandon_target("0.5%").is_ok() && half_agents("2.5").is_ok());
        assert!(abandon_target("0.5").is_err() && half_agents("10000.5").is_err());
        assert!(limit("12.5%").is_ok() && confirmation("2/3").is_ok());
        for wrong in ["0", "-1", "NaN", "inf", "1e9", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
            assert!(count(wrong, 1..=64_u32).is_err(), "{wrong}");
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
    }
}
