//! What people and the platform itself do, beside what every dialect has, and what there is to be seen of it.

use serde_json::{Value, json};

use super::super::super::handle::SimHandle;
use super::super::super::platform::Platform;
use super::super::super::time::SimTime;
use super::super::super::world::World;
use super::CloudState;
use super::answers::members;
use super::changes::{Author, PERSON};
use super::settings::CloudSettings;

impl SimHandle {
    /// A person changes the caller's name of a campaign, and nothing of what it does; `false` on a platform of another dialect.
    #[must_use]
    pub fn person_edits_caller_name(&self, campaign: &str, name: &str) -> bool {
        self.in_cloud(|_, cloud, now| {
            let edited = cloud.edited.entry(campaign.to_owned()).or_default();
            edited.insert("callerName".to_owned(), json!(name));
            let values = ("Example", name);
            let by = Author::User;
            cloud
                .changes
                .edited(now, campaign, by, "callerName", values);
        })
        .is_some()
    }

    /// A person changes the calls for each agent of a campaign; `false` on a platform of another dialect.
    #[must_use]
    pub fn person_sets_calls_per_agent(&self, campaign: &str, calls: f64) -> bool {
        self.in_cloud(|_, cloud, now| {
            let set = &mut cloud.settings.calls_per_agent;
            set.insert(campaign.to_owned(), calls);
            let by = Author::User;
            let to = calls.to_string();
            let values = ("", to.as_str());
            cloud
                .changes
                .edited(now, campaign, by, "maxCallsPerAgent", values);
        })
        .is_some()
    }

    /// The platform itself sets a campaign's status, as a rule or a schedule does; `false` where there is no such campaign.
    #[must_use]
    pub fn platform_sets(&self, campaign: &str, status: &str) -> bool {
        self.in_cloud(|world, cloud, now| {
            let set = world.person_sets(campaign, status, now);
            if set {
                cloud.changes.follow_platform(world, campaign);
            }
            set
        })
        .unwrap_or_default()
    }

    /// So many agents are on calls of a campaign from now on, as its diagnostics show.
    #[must_use]
    pub fn on_campaign_calls(&self, campaign: &str, agents: u32) -> bool {
        let note = |_: &mut World, cloud: &mut CloudState, _: SimTime| {
            cloud.serving.insert(campaign.to_owned(), agents);
        };
        self.in_cloud(note).is_some()
    }

    /// Changes how the platform behaves from now on; `false` on a platform of another dialect.
    #[must_use]
    pub fn change_cloud(&self, change: impl FnOnce(&mut CloudSettings)) -> bool {
        self.in_cloud(|_, cloud, _| change(&mut cloud.settings))
            .is_some()
    }

    /// A queue as the platform has it; nothing where there is none.
    #[must_use]
    pub fn cloud_queue(&self, queue: &str) -> Option<Value> {
        self.in_cloud(|_, cloud, _| cloud.queue(queue).ok())
            .flatten()
    }

    /// A person writes a member of a queue; `false` where there is none.
    #[must_use]
    pub fn person_sets_cloud_queue(&self, queue: &str, member: &str, value: Value) -> bool {
        self.in_cloud(|_, cloud, now| {
            let Ok(Value::Object(mut whole)) = cloud.queue(queue) else {
                return false;
            };
            whole.insert(member.to_owned(), value);
            let written = cloud.write_queue(queue, Value::Object(whole), PERSON, now);
            written.is_ok()
        })
        .unwrap_or_default()
    }

    /// The agents who have joined a queue.
    #[must_use]
    pub fn cloud_members(&self, queue: &str) -> Vec<String> {
        self.in_cloud(|world, cloud, _| {
            members(world, cloud, queue)
                .filter(|(id, _)| cloud.joined.has(queue, id))
                .map(|(id, _)| id.to_owned())
                .collect()
        })
        .unwrap_or_default()
    }

    /// The calls for each agent that a campaign is set to, where any are.
    #[must_use]
    pub fn calls_per_agent(&self, campaign: &str) -> Option<f64> {
        self.in_cloud(|_, cloud, _| cloud.settings.calls_per_agent.get(campaign).copied())
            .flatten()
    }

    fn in_cloud<T>(
        &self,
        act: impl FnOnce(&mut World, &mut CloudState, SimTime) -> T,
    ) -> Option<T> {
        self.with_platform(|platform, now| {
            platform.follow_cloud(now);
            let Platform { world, cloud, .. } = platform;
            Some(act(world, cloud.as_mut()?, now))
        })
    }
}
