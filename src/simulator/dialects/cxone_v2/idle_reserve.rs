//! An extension of ours: how many agents a campaign's dialler keeps idle. A contact centre looks at it before each dial; without one
//! it is kept and does nothing.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::wire;
use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::centre::TenthsOfAgents;
use crate::simulator::handle::SimHandle;
use crate::simulator::journal::Actor;
use crate::simulator::platform::{Platform, read_body};
use crate::simulator::refusal::Refused;
use crate::simulator::time::SimTime;
use crate::simulator::tokens::Token;

/// The most agents that can be kept idle. What is finer than tenths is rounded.
const MOST: u32 = 100_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    campaign_id: &'a str,
    idle_reserve: serde_json::Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    idle_reserve: f64,
}

impl Platform {
    /// Answers a read of a campaign's idle reserve.
    pub(in crate::simulator) fn read_idle_reserve(&self, id: &str) -> Result<Answer, Refused> {
        let campaign = self.world.campaign(id);
        campaign.ok_or_else(|| Refused::no_such("campaign", id))?;
        let reserve = self.world.idle_reserve(id).to_string();
        let shown = Shown {
            campaign_id: id,
            idle_reserve: reserve.parse().unwrap_or_else(|_| 0.into()),
        };
        Ok(Answer::json(StatusCode::OK, wire::json(&shown)))
    }

    /// Sets a campaign's idle reserve.
    pub(in crate::simulator) fn put_idle_reserve(
        &mut self,
        id: &str,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let change: Change = read_body(&call.body)?;
        let agents = change.idle_reserve;
        let in_range = (0.0..=f64::from(MOST)).contains(&agents);
        let tenths = in_range.then(|| format!("{agents:.1}"));
        let reserve: Option<TenthsOfAgents> = tenths.and_then(|tenths| tenths.parse().ok());
        let reserve = reserve.ok_or_else(|| {
            let message = format!("idleReserve is {agents}: write 0 to {MOST} agents");
            Refused::unprocessable("invalid_body", message)
        })?;
        if !self.world.keep_idle(id, reserve, call.actor(token), now) {
            return Err(Refused::no_such("campaign", id));
        }
        let mut answer = self.read_idle_reserve(id)?;
        answer.applied = true;
        Ok(answer)
    }
}

impl SimHandle {
    /// A person has a campaign's dialler keep so many agents idle; `false` where there is no such campaign.
    #[must_use]
    pub fn person_keeps_idle(&self, campaign: &str, reserve: TenthsOfAgents) -> bool {
        self.with_platform(|platform, now| {
            let world = &mut platform.world;
            world.keep_idle(campaign, reserve, Actor::Person, now)
        })
    }

    /// How many agents a campaign's dialler keeps idle.
    #[must_use]
    pub fn idle_reserve(&self, campaign: &str) -> TenthsOfAgents {
        self.with_platform(|platform, _| platform.world.idle_reserve(campaign))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::simulator::effects::Effect;
    use crate::simulator::test_client::Client;
    use crate::simulator::{FIRST_CAMPAIGN, Script, Settings, SimClock};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reserve_is_written_read_and_in_the_journal() {
        let now = SimTime::from_unix_millis(1_715_783_530_123);
        let client = Client::start(Settings::new(SimClock::manual(now), Script::Fixed));
        let bearer = client.bearer();
        let ask = |method: &str, campaign: &str, body: &Value| {
            let path = format!("/x-autopilot/campaigns/{campaign}/idle-reserve");
            let headers = [bearer.as_str(), "x-request-id: 1-1"];
            let reply = client.send(method, &path, &headers, &body.to_string());
            let reply = reply.unwrap();
            (reply.status, reply.json()["idleReserve"].clone())
        };
        let read = || ask("GET", FIRST_CAMPAIGN, &json!({}));
        assert_eq!(read(), (200, json!(0)));
        let set = |agents: Value| ask("PUT", FIRST_CAMPAIGN, &json!({"idleReserve": agents}));
        assert_eq!(set(json!(4.5)), (200, json!(4.5)));
        assert_eq!(set(json!(4.04)), (200, json!(4)));
        for wrong in [json!(-1), json!(1e9), json!("4"), Value::Null] {
            assert_eq!(set(wrong).0, 422);
        }
        assert_eq!(ask("GET", "nobody", &json!({})).0, 404);
        assert_eq!(ask("PUT", "nobody", &json!({"idleReserve": 1})).0, 404);
        let handle = client.handle();
        assert!(handle.person_keeps_idle(FIRST_CAMPAIGN, TenthsOfAgents::from_agents(2)));
        assert!(!handle.person_keeps_idle("nobody", TenthsOfAgents::ONE));
        assert_eq!(read(), (200, json!(2)));
        let effects = handle.effects();
        let written = effects.iter().filter_map(|effect| {
            let Effect::Reserved(written) = effect else {
                return None;
            };
            let by_person = written.by == Actor::Person;
            Some((written.from.tenths(), written.to.tenths(), by_person))
        });
        let written: Vec<_> = written.collect();
        assert_eq!(written, [(0, 45, false), (45, 40, false), (40, 20, true)]);
    }
}
