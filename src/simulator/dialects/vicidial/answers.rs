//! What a request to the script is answered.

use bytes::Bytes;
use hyper::StatusCode;

use super::super::super::answer::Answer;
use super::super::super::call::Call;
use super::super::super::platform::Platform;
use super::super::super::time::SimTime;
use super::form::Form;
use super::operation::DialerOperation;
use super::pages::page;

/// The longest answer that can still become a 500.
const LONGEST_FAILED: usize = 4_096;

impl Platform {
    /// Takes in what was done to campaigns.
    pub(in crate::simulator) fn follow_dialer(&mut self, now: SimTime) {
        let Self { world, dialer, .. } = self;
        if let Some(dialer) = dialer {
            dialer.follow(world, now);
        }
    }

    /// Answers a request to the script.
    pub(in crate::simulator) fn dialer_perform(
        &mut self,
        operation: DialerOperation,
        call: &Call,
        now: SimTime,
    ) -> Answer {
        self.follow_dialer(now);
        let delay = self.rules.actuation_delay;
        let form = Form::read(&call.query, &call.body);
        let Self {
            world,
            dialer: Some(dialer),
            performance,
            tokens,
            ..
        } = self
        else {
            return page(StatusCode::NOT_FOUND, String::new());
        };
        dialer.log.push(form.last().to_owned());
        if dialer.settings.database_away {
            return page(StatusCode::INTERNAL_SERVER_ERROR, String::new());
        }
        if operation == DialerOperation::Version {
            return page(StatusCode::OK, dialer.version(now));
        }
        let user = match dialer.log_in(&form, tokens, now) {
            Ok(user) => user,
            Err(refusal) => return *refusal,
        };
        let mut applied = false;
        let said = match operation {
            DialerOperation::Version | DialerOperation::Other => {
                if form.function() == "coffee" {
                    let said = "Coffee: coffee|Error 418 I'm a teapot".to_owned();
                    return page(StatusCode::IM_A_TEAPOT, said);
                }
                Err("ERROR: NO FUNCTION SPECIFIED\n".to_owned())
            }
            DialerOperation::CampaignsList => dialer.campaigns_list(&form, &user, world),
            DialerOperation::LoggedInAgents => dialer.logged_in_agents(&form, &user, world),
            DialerOperation::UpdateCampaign => {
                let updated = dialer.update_campaign(&form, &user, world, (delay, now));
                applied = updated.is_ok();
                updated
            }
            DialerOperation::CallStatusStats => {
                let figures = performance.figures();
                let figures = figures.map(|figures| figures.campaigns).unwrap_or_default();
                dialer.call_status_stats(&form, &user, &figures, now)
            }
        };
        let said = said.unwrap_or_else(|refusal| refusal);
        // The log is written behind the answer, and a quote in what it keeps breaks that.
        let breaks = form.last().contains('\'') || said.contains('\'');
        let status = if breaks && dialer.settings.strict_log && said.len() < LONGEST_FAILED {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        };
        let mut answer = page(status, said);
        if dialer.settings.latin {
            answer.body = latin(&answer.body);
        }
        answer.applied = applied;
        answer
    }
}

/// The text with one byte for each letter that Latin-1 has.
fn latin(body: &Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(body) else {
        return body.clone();
    };
    let mut bytes = Vec::with_capacity(body.len());
    for letter in text.chars() {
        match u8::try_from(u32::from(letter)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.push(b'?'),
        }
    }
    Bytes::from(bytes)
}
