//! What an answer means, by its first line. The status is 200 for nearly everything.
//!
//! *A 500 with a body* is the whole answer: the platform failed to write its log behind it, and what was asked for is done. *An empty
//! 500* is a database that is away, or a log-in that is refused where the platform cannot note that.
//!
//! *A refused log-in repeats the password.* No body that begins so is read any further than that.

use bytes::Bytes;
use hyper::StatusCode;

use crate::platform::http::HttpResponse;

/// What an answer says of our log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogInNews {
    /// It was accepted.
    Accepted,
    /// It was refused.
    Refused,
    /// The account is locked for a while, whatever the password.
    Locked,
    /// Nothing: the platform is in trouble, or was not asked.
    None,
}

/// Beginnings of first lines, each with what it means; the first that fits counts.
const MEANINGS: [(&str, StatusCode); 7] = [
    (
        "ERROR: Your IP Address is not allowed",
        StatusCode::FORBIDDEN,
    ),
    ("ERROR: Invalid Source", StatusCode::BAD_REQUEST),
    (
        "ERROR: NO FUNCTION SPECIFIED",
        StatusCode::METHOD_NOT_ALLOWED,
    ),
    (
        "ERROR: campaigns_list THIS USER HAS NO VIEWABLE CAMPAIGNS",
        StatusCode::NOT_FOUND,
    ),
    (
        "ERROR: update_campaign CAMPAIGN DOES NOT EXIST",
        StatusCode::NOT_FOUND,
    ),
    (
        "NOTICE: update_campaign NO UPDATES DEFINED",
        StatusCode::BAD_REQUEST,
    ),
    ("MySQL connect ERROR", StatusCode::SERVICE_UNAVAILABLE),
];

/// Nobody is logged in; an error in form only.
pub(super) const NOBODY: &str = "ERROR: logged_in_agents NO LOGGED IN AGENTS";

const WRONG_LOG_IN: &str = "ERROR: Login incorrect";
const LOCKED_OUT: &str = "ERROR: Too many login attempts";
const VERSION: &str = "VERSION:";

/// Returns the answer with a status that says what it means, and what it says of the log-in.
pub(super) fn translate(response: HttpResponse) -> (HttpResponse, LogInNews) {
    let answers = [StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR];
    // A page is somebody else's: the web server's, or a proxy's.
    let is_text = !response.body.is_empty() && !response.body.starts_with(b"<");
    if !answers.contains(&response.status) || !is_text {
        return (response, LogInNews::None);
    }
    let line = first_line(&response.body);
    let said = |status: StatusCode, words: &str| HttpResponse {
        status,
        headers: response.headers.clone(),
        body: Bytes::copy_from_slice(words.as_bytes()),
    };
    if line.starts_with(WRONG_LOG_IN) {
        let words = "the user or its password is refused, its level is below 7, or it is not active: check client_id and the password, and the user's page; after three refusals nothing is asked for a while";
        return (said(StatusCode::UNAUTHORIZED, words), LogInNews::Refused);
    }
    if line.starts_with(LOCKED_OUT) {
        let words =
            "the account is locked for 15 minutes after ten wrong log-ins, for every client";
        return (said(StatusCode::UNAUTHORIZED, words), LogInNews::Locked);
    }
    let known = MEANINGS
        .iter()
        .find(|(begins, _)| line.starts_with(begins))
        .map(|(_, status)| *status);
    let status = known.or_else(|| {
        if line.starts_with(NOBODY) || !line.starts_with("ERROR:") {
            None
        } else if line.contains("USER DOES NOT HAVE PERMISSION") {
            Some(StatusCode::FORBIDDEN)
        } else {
            Some(StatusCode::UNPROCESSABLE_ENTITY)
        }
    });
    let news = if line.starts_with(VERSION) || status == Some(StatusCode::SERVICE_UNAVAILABLE) {
        LogInNews::None
    } else {
        LogInNews::Accepted
    };
    let answer = match status {
        Some(status) => said(status, words(&line)),
        None => HttpResponse {
            status: StatusCode::OK,
            ..response
        },
    };
    (answer, news)
}

/// The first line, whatever its bytes are.
pub(super) fn first_line(body: &[u8]) -> String {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).trim_end().to_owned()
}

/// What a line says before it repeats what was sent.
fn words(line: &str) -> &str {
    let ends = [line.find(": |"), line.find(" - ")];
    let end = ends.into_iter().flatten().min();
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderMap;

    use super::*;

    fn answered(status: u16, body: &str) -> (HttpResponse, LogInNews) {
        translate(HttpResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn the_first_line_decides_and_not_the_status() {
        for (status, body, expected) in [
            (
                200,
                "ERROR: Login incorrect, please try again: |u|pw|BAD|\n",
                401,
            ),
            (
                200,
                "ERROR: Too many login attempts, try again in 15 minutes: |u|LOCK|\n",
                401,
            ),
            (
                200,
                "ERROR: Your IP Address is not allowed: 127.0.0.1: ||IPBLOCK|\n",
                403,
            ),
            (
                200,
                "ERROR: auth USER DOES NOT HAVE PERMISSION TO USE THIS FUNCTION: |u|f|\n",
                403,
            ),
            (
                200,
                "ERROR: campaigns_list USER DOES NOT HAVE PERMISSION TO GET CAMPAIGN INFO: |u|0|\n",
                403,
            ),
            (
                200,
                "ERROR: Invalid Source - x\nERROR: Invalid Source: |x|\n",
                400,
            ),
            (200, "ERROR: NO FUNCTION SPECIFIED\n", 405),
            (
                200,
                "ERROR: campaigns_list THIS USER HAS NO VIEWABLE CAMPAIGNS: u|\n",
                404,
            ),
            (
                200,
                "ERROR: update_campaign CAMPAIGN DOES NOT EXIST: |u|X|\n",
                404,
            ),
            (
                200,
                "NOTICE: update_campaign NO UPDATES DEFINED: |u|\n",
                400,
            ),
            (
                200,
                "ERROR: update_campaign ACTIVE MUST BE Y OR N, THIS IS AN OPTIONAL FIELD: |u|X\n",
                422,
            ),
            (
                200,
                "ERROR: logged_in_agents NO LOGGED IN AGENTS: u|\n",
                200,
            ),
            (
                200,
                "SUCCESS: update_campaign CAMPAIGN HAS BEEN UPDATED - u|X\n",
                200,
            ),
            (
                500,
                "SUCCESS: update_campaign CAMPAIGN HAS BEEN UPDATED - u|X\n",
                200,
            ),
            (500, "user\tcampaign_id\n1006\tBLEND\n", 200),
            (
                500,
                "ERROR: update_campaign CAMPAIGN DOES NOT EXIST: |u|X|\n",
                404,
            ),
            (500, "", 500),
            (500, "<html>Internal Server Error</html>", 500),
            (200, "MySQL connect ERROR: server has gone away", 503),
            (200, "<html>Log in to this network</html>", 200),
            (502, "ERROR: Login incorrect", 502),
        ] {
            let (answer, _) = answered(status, body);
            assert_eq!(answer.status.as_u16(), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_refusal_repeats_nothing_that_was_sent() {
        for body in [
            "ERROR: Login incorrect, please try again: |ops|hunter2|BAD|\n",
            "ERROR: Too many login attempts, try again in 15 minutes: |ops|LOCK|\n",
            "ERROR: auth USER DOES NOT HAVE PERMISSION TO USE THIS FUNCTION: |ops|hunter2|\n",
            "ERROR: update_campaign CAMPAIGN DOES NOT EXIST - ops|hunter2|\n",
        ] {
            for status in [200, 500] {
                let (answer, _) = answered(status, body);
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(!said.contains("hunter2") && !said.contains("ops"), "{said}");
            }
        }
    }

    #[test]
    fn only_an_answer_that_asked_for_a_log_in_says_that_it_works() {
        for (body, news) in [
            ("VERSION: 2.14-194|BUILD: 241004-1518|\n", LogInNews::None),
            ("MySQL connect ERROR", LogInNews::None),
            (
                "ERROR: Login incorrect, please try again: |||BAD|",
                LogInNews::Refused,
            ),
            (
                "ERROR: Too many login attempts, try again",
                LogInNews::Locked,
            ),
            (
                "ERROR: logged_in_agents NO LOGGED IN AGENTS: u|",
                LogInNews::Accepted,
            ),
            ("OUTBA\tOutbound A\tY\n", LogInNews::Accepted),
        ] {
            assert_eq!(answered(200, body).1, news, "{body}");
        }
        for (status, body) in [(500, ""), (200, ""), (200, "<html>Log in</html>")] {
            assert_eq!(answered(status, body).1, LogInNews::None, "{body}");
        }
    }
}
