//! The page's files, built in: no other server is asked for anything, so that the page works where nothing else does.
//!
//! They hold no data of the daemon and are served to everybody who may reach the listener; what the page shows comes from the
//! admin API. The content security policy lets a browser run and load what comes from here, and nothing else.

use std::sync::LazyLock;

use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};
use ring::digest::{SHA256, digest};

use super::answer::{Body, full};

/// The content security policy: the page loads and runs only what is served here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The header that separates the page from windows of other sites.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The header that keeps other sites from loading a file.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// One file.
#[derive(Clone, Copy)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($path:literal $kind:ident $file:literal;)+) => {
        &[$(Asset { path: $path, content_type: $kind, content: include_bytes!(concat!("page/", $file)) },)+]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const SVG: &str = "image/svg+xml";

const ASSETS: &[Asset] = assets! {
    "/" HTML "index.html";
    "/page/page.css" CSS "page.css";
    "/page/icon.svg" SVG "icon.svg";
    "/page/document.css" CSS "document.css";
    "/page/many.css" CSS "many.css";
    "/page/simulation.css" CSS "simulation.css";
    "/page/wallboard.css" CSS "wallboard.css";
    "/page/main.js" SCRIPT "main.js";
    "/page/address.js" SCRIPT "address.js";
    "/page/alerting.js" SCRIPT "alerting.js";
    "/page/api.js" SCRIPT "api.js";
    "/page/banners.js" SCRIPT "banners.js";
    "/page/campaigns.js" SCRIPT "campaigns.js";
    "/page/card.js" SCRIPT "card.js";
    "/page/changes.js" SCRIPT "changes.js";
    "/page/choice.js" SCRIPT "choice.js";
    "/page/configuration.js" SCRIPT "configuration.js";
    "/page/csv.js" SCRIPT "csv.js";
    "/page/detail.js" SCRIPT "detail.js";
    "/page/dialogs.js" SCRIPT "dialogs.js";
    "/page/dom.js" SCRIPT "dom.js";
    "/page/freshness.js" SCRIPT "freshness.js";
    "/page/lists.js" SCRIPT "lists.js";
    "/page/opened.js" SCRIPT "opened.js";
    "/page/past.js" SCRIPT "past.js";
    "/page/plot.js" SCRIPT "plot.js";
    "/page/several.js" SCRIPT "several.js";
    "/page/share.js" SCRIPT "share.js";
    "/page/simulation.js" SCRIPT "simulation.js";
    "/page/spark.js" SCRIPT "spark.js";
    "/page/standing.js" SCRIPT "standing.js";
    "/page/table.js" SCRIPT "table.js";
    "/page/tenants.js" SCRIPT "tenants.js";
    "/page/time.js" SCRIPT "time.js";
    "/page/today.js" SCRIPT "today.js";
    "/page/wallboard.js" SCRIPT "wallboard.js";
    "/page/wallparts.js" SCRIPT "wallparts.js";
    "/page/wallplan.js" SCRIPT "wallplan.js";
    "/page/uplot/uplot.js" SCRIPT "uplot/uPlot.iife.min.js";
    "/page/uplot/uplot.css" CSS "uplot/uPlot.min.css";
    "/page/uplot/LICENSE" TEXT "uplot/LICENSE";
};

/// Guides and runbooks by path, which `build.rs` renders as HTML; alerts name the runbooks by these addresses.
const DOCUMENTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// Every file.
fn all() -> impl Iterator<Item = Asset> {
    let documents = DOCUMENTS.iter().map(|(path, content)| Asset {
        path,
        content_type: HTML,
        content,
    });
    ASSETS.iter().copied().chain(documents)
}

/// An entity tag for each file, by its content: a browser revalidates its copy without loading the file.
static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tag = |asset: Asset| {
        let hash = digest(&SHA256, asset.content);
        let digits = hash.as_ref().iter().take(12);
        let digits = digits.flat_map(|byte| [byte >> 4, byte & 15]);
        let digits: String = digits
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect();
        format!("\"{digits}\"")
    };
    all().map(tag).collect()
});

/// Returns whether there is such a file.
pub(super) fn is_one(path: &str) -> bool {
    all().any(|asset| asset.path == path)
}

/// Returns the file, or that the client has it already.
pub(super) fn answer(path: &str, asked: &HeaderMap) -> Response<Body> {
    let mut known = all().zip(TAGS.iter());
    let Some((asset, tag)) = known.find(|(asset, _)| asset.path == path) else {
        return full(StatusCode::NOT_FOUND, TEXT, Bytes::new());
    };
    let has = asked.get_all(IF_NONE_MATCH).iter();
    let has = has
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|theirs| theirs.trim().trim_start_matches("W/") == tag || theirs.trim() == "*");
    let mut answer = if has {
        full(StatusCode::NOT_MODIFIED, asset.content_type, Bytes::new())
    } else {
        let content = Bytes::from_static(asset.content);
        full(StatusCode::OK, asset.content_type, content)
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        // Asked for anew each time, so that a new daemon never meets an old page.
        (CACHE_CONTROL, "no-cache"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    answer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn text(path: &str) -> &'static str {
        let asset = all().find(|asset| asset.path == path).unwrap();
        std::str::from_utf8(asset.content).unwrap()
    }

    /// Texts in double quotes that follow `before`.
    fn quoted<'t>(source: &'t str, before: &str) -> Vec<&'t str> {
        let parts = source.split(before).skip(1);
        parts.filter_map(|part| part.split('"').next()).collect()
    }

    #[test]
    fn every_piece_that_the_page_names_is_served_and_every_file_is_named() {
        let mut named = BTreeSet::from(["/".to_owned(), "/page/uplot/LICENSE".to_owned()]);
        // Alerts name these.
        let runbooks = concat!(env!("CARGO_MANIFEST_DIR"), "/alerts/runbooks");
        for entry in std::fs::read_dir(runbooks).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != "README.md" {
                named.insert(format!("/page/docs/runbooks/{name}"));
            }
        }
        let links = quoted(text("/"), "src=\"").into_iter();
        let document = "/page/docs/page.md";
        named.insert("/page/document.css".to_owned());
        assert!(text(document).contains("href=\"../../page/document.css\""));
        for link in links.chain(quoted(text("/"), "href=\"")) {
            let path = link.split(['?', '#']).next().unwrap();
            // What the admin API serves is no file of the page.
            if !path.starts_with("api/") {
                named.insert(format!("/{path}"));
            }
        }
        for asset in ASSETS.iter().filter(|asset| asset.content_type == SCRIPT) {
            for import in quoted(text(asset.path), "from \"./") {
                named.insert(format!("/page/{import}"));
            }
        }
        let served: BTreeSet<String> = all().map(|asset| asset.path.to_owned()).collect();
        assert_eq!(named, served);
    }

    /// The path that a link on a page leads to, and the anchor there.
    fn resolved(page: &str, link: &str) -> (String, Option<String>) {
        let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| {
            (file, Some(anchor.to_owned()))
        });
        if file.is_empty() {
            return (page.to_owned(), anchor);
        }
        let mut parts: Vec<&str> = page.split('/').collect();
        parts.pop();
        for part in file.split('/') {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        (parts.join("/"), anchor)
    }

    #[test]
    fn documents_are_pages_with_a_title_and_links_that_lead_somewhere() {
        for (path, content) in DOCUMENTS {
            let page = std::str::from_utf8(content).unwrap();
            let heading = page
                .split("<h1")
                .nth(1)
                .and_then(|rest| rest.split('>').nth(1))
                .unwrap();
            let heading = heading.split('<').next().unwrap();
            assert!(
                page.contains(&format!("<title>{heading} – Campaign autopilot</title>")),
                "{path}"
            );
            assert!(
                !page.contains("<script") && !page.contains("<img src=\"page.png"),
                "{path}"
            );
            let links = quoted(page, "href=\"")
                .into_iter()
                .chain(quoted(page, "src=\""));
            for link in links.filter(|link| !link.contains("://")) {
                let (to, anchor) = resolved(path, link);
                assert!(is_one(&to), "{path} leads to {link}");
                if let Some(anchor) = anchor {
                    assert!(
                        text(&to).contains(&format!("id=\"{anchor}\"")),
                        "{path} leads to {link}"
                    );
                }
            }
        }
        let runbook = text("/page/docs/runbooks/AutopilotAvailabilityStale.md");
        assert!(
            runbook.contains("<a href=\"../../../page/docs/runbooks/AutopilotApiRateLimited.md\">")
        );
        assert!(runbook.contains("<h2 id=\"mitigation\">Mitigation</h2>"));
        // What is not served is named by its file.
        let on_call = text("/page/docs/on-call.md");
        assert!(on_call.contains("A first hour (<code>docs/guide/first-hour.md</code>)"));
        let answer = answer("/page/docs/page.md", &HeaderMap::new());
        assert_eq!(answer.headers().get("content-type").unwrap(), HTML);
        assert_eq!(
            answer.headers().get(CONTENT_SECURITY_POLICY).unwrap(),
            POLICY
        );
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere_and_nothing_is_inline() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type != TEXT) {
            let source = text(asset.path);
            for word in [
                "http://", "https://", "//cdn", " style=", "onclick=", "<style", "eval(",
            ] {
                // Names of XML's name spaces are addresses of nothing, and the library names its home.
                let lines = source.lines().filter(|line| {
                    !line.contains("http://www.w3.org/") && !line.starts_with("/*!")
                });
                let found = lines.clone().find(|line| line.contains(word));
                assert_eq!(found, None, "{} has {word}", asset.path);
            }
        }
        assert!(!text("/").contains("<script>"));
    }

    #[test]
    fn who_has_the_file_is_told_so() {
        let first = answer("/", &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers().get(ETAG).unwrap().clone();
        let mut asked = HeaderMap::new();
        asked.insert(IF_NONE_MATCH, tag);
        assert_eq!(answer("/", &asked).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer("/page/main.js", &asked).status(), StatusCode::OK);
    }
}
