//! What holds for the dialect's readers on any input.

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};

use crate::platform::dialect::PauseMethod;
use crate::platform::http::HttpResponse;

use super::answer::{LogInNews, first_line, translate};
use super::campaign::{Campaign, Dialling, Listing};
use super::clock::{Version, day_begins};
use super::counting::LoggedIn;
use super::statistics;

/// A moment that a clock may show: up to the year 9999.
const LATEST_MILLIS: i64 = 253_402_300_800_000;

const DAY_MILLIS: i64 = 86_400_000;

/// A refused log-in repeats nothing of the answer, counts are no more than the rows, and a pace that is remembered is the same when it
/// is read back.
pub(crate) fn answer(body: &[u8]) {
    for status in [StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR] {
        translated(status, body);
    }
    let lines = body.split(|byte| *byte == b'\n').count();
    if let Ok(logged_in) = LoggedIn::parse(body) {
        assert!(logged_in.rows() < lines, "more agents than lines");
        counted(body, &logged_in);
    }
    if let Ok(listing) = Listing::parse(body) {
        let rows = listing.campaigns.len() + listing.unreadable.rows;
        assert!(rows < lines, "more campaigns than lines");
        listing.campaigns.iter().for_each(listed);
    }
    if let Ok(counts) = statistics::counts(body) {
        assert!(!counts.is_empty() && counts.len() <= lines, "{counts:?}");
    }
    if let Ok(version) = Version::parse(body)
        && (0..LATEST_MILLIS).contains(&version.now.as_unix_millis())
    {
        let begins = day_begins(version.now, version.offset_millis).as_unix_millis();
        let passed = version.now.as_unix_millis() - begins;
        assert!((0..DAY_MILLIS).contains(&passed), "{version:?}");
    }
}

fn translated(status: StatusCode, body: &[u8]) {
    let (answer, news) = translate(HttpResponse {
        status,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    });
    let text = String::from_utf8_lossy(&answer.body);
    if matches!(news, LogInNews::Refused | LogInNews::Locked) {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(first_line(body).starts_with("ERROR: "), "{text}");
        assert!(!text.contains("ERROR"), "the answer is repeated: {text}");
    } else if answer.status == StatusCode::OK || answer.status == status {
        assert_eq!(answer.body, body, "an answer that is taken is changed");
    } else {
        assert!(first_line(body).starts_with(&*text), "{text}");
        assert!(!text.contains(": |"), "what was sent is repeated: {text}");
    }
}

/// The counts of each campaign that a field of the answer names.
fn counted(body: &[u8], logged_in: &LoggedIn) {
    let text = String::from_utf8_lossy(body);
    for campaign in text.split(['\t', '\n']) {
        let Some(count) = logged_in.count(campaign) else {
            continue;
        };
        let staffed = usize::try_from(count.staffed).unwrap_or(usize::MAX);
        assert!(
            (1..=logged_in.rows()).contains(&staffed),
            "{campaign}: {count:?}"
        );
        assert!(
            count.free + count.wrap_up <= count.staffed,
            "{campaign}: {count:?}"
        );
        if count.free > 0 {
            assert!(logged_in.waiting(campaign).is_some(), "{campaign}");
        }
    }
}

fn listed(campaign: &Campaign) {
    for method in [PauseMethod::Level, PauseMethod::Active] {
        let activity = campaign.activity(method);
        if campaign.is_marked() {
            assert!(campaign.author(method).is_some(), "{activity:?}");
        }
    }
    let dialling = &campaign.dialling;
    let commanded = dialling.is_by_level() || dialling.is_adaptive();
    if commanded && dialling.ratio().is_some() {
        assert_eq!(Dialling::parse(&dialling.text()).as_ref(), Some(dialling));
    }
}
