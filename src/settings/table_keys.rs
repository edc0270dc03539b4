//! The keys of tables in the settings file, and of the roster, that are no settings of their own: one constant each.

use super::row::Kind;

/// A key of a table.
#[derive(Debug)]
pub(crate) struct TableKey {
    /// As it is written.
    pub name: &'static str,
    /// What its text looks like.
    pub kind: Kind,
    /// What holds where it is left out; empty when that is nothing.
    pub default: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// Writes the constants of a table's keys and the list of them.
macro_rules! keys {
    ($($name:ident $key:literal $kind:ident $default:literal, $meaning:literal;)+) => {
        $(pub(crate) static $name: TableKey = TableKey {
            name: $key,
            kind: Kind::$kind,
            default: $default,
            meaning: $meaning,
        };)+

        /// Every one, in the order of the documents.
        pub(crate) static ALL: &[&TableKey] = &[$(&$name),+];
    };
}

/// Keys that only a `[[campaign]]` table holds.
pub(crate) mod campaign {
    use super::{Kind, TableKey};

    keys! {
        ID "id" Text "",
            "The campaign's id on the platform; needed, and given once.";
        TENANT "tenant" Text "",
            "The name of the [[tenant]] that it belongs to; needed where there are such tables.";
        AGENTS "agents" Text "all",
            "Which agents count: \"own\" (those of its own queue or skill, the default where the platform counts them), \"all\" (else the default), { queue = \"..\" }, { any_skill = [..] }, { all_skills = [..] } or { ids = [..] }; \"none\" where the calendar is the whole rule.";
        CALENDAR "calendar" Text "",
            "The name of the [[calendar]] outside of which it is paused.";
        NAME "name" Text "",
            "What people call it, in at most 80 characters.";
        TEAM "team" Text "",
            "The team whose campaign it is, in at most 80 characters.";
        NOTE "note" Text "",
            "What to know of it, in at most 500 characters.";
    }
}

/// Keys of a `[[group]]` table.
pub(crate) mod group {
    use super::{Kind, TableKey};

    keys! {
        NAME "name" Text "",
            "What people call the group; needed, and given once.";
        TENANT "tenant" Text "",
            "The name of the [[tenant]] that it belongs to; needed where there are such tables.";
        CAMPAIGNS "campaigns" Texts "",
            "The campaigns that share their agents, the most important one first; at least two.";
        CLAIM "claim" Count "",
            "Agents that each of them claims from those behind it while it runs; as many as it is paused below unless given.";
    }
}

/// Keys of a `[[preview]]` table.
pub(crate) mod preview {
    use super::{Kind, TableKey};

    keys! {
        CAMPAIGN "campaign" Text "",
            "The preview campaign's id on the platform; needed, and given once.";
        TENANT "tenant" Text "",
            "The name of the [[tenant]] that it belongs to; needed where there are such tables.";
        SKILLS "skills" Texts "",
            "Skills that an agent needs, all of them; at least one.";
        TARGET_RATE "target_rate" Number "",
            "Calls an hour that each agent is to make; 0 places nobody anew.";
        WEIGHT "weight" Number "",
            "What an agent here counts against one elsewhere, above 0 and up to 100; 1 unless given.";
        LEAST "least" Count "",
            "Agents wanted at least; 0 unless given.";
        MOST "most" Count "",
            "Agents taken at most, 1 to 10000: the list is never longer.";
        ZONES "zones" Texts "",
            "IANA time zones whose agents may be placed; at least one.";
        CONCURRENCY "concurrency" Count "",
            "Calls at once that one agent may hold here, 1 or 2; 1 unless given.";
    }
}

/// Keys of a `[[calendar]]` table.
pub(crate) mod calendar {
    use super::{Kind, TableKey};

    keys! {
        NAME "name" Text "",
            "What campaigns call it by; needed, and given once.";
        ZONE "zone" Text "",
            "The IANA time zone of its hours and days; needed.";
        HOURS "hours" Texts "",
            "Calling hours, such as \"mon-fri 09:00-12:00 13:00-18:00\" or, for each of `weekdays`, \"09:00-18:00\"; needed.";
        WEEKDAYS "weekdays" Texts "mon-sun",
            "Days of those hours that name none, such as [\"mon-fri\"].";
        HOLIDAYS "holidays" Texts "",
            "Closed days, with their names: \"2026-12-24 Christmas Eve\", \"2026-12-28/2026-12-31\", and \"12-25 Christmas Day\" for each year.";
        HOLIDAYS_FILE "holidays_file" Text "",
            "An iCalendar file whose events are closed.";
        CLOSURES "closures" Texts "",
            "One-off closures, FROM/TO and a name: \"2026-12-24T12:00/2026-12-24T18:00 Party\"; days are closed from the first to the last.";
    }
}

/// Keys of a `[[guard]]` table.
pub(crate) mod guard {
    use super::{Kind, TableKey};

    keys! {
        NAME "name" Text "",
            "What people call the guard; needed, and given once.";
        TENANT "tenant" Text "",
            "The name of the [[tenant]] that it belongs to; needed where there are such tables.";
        PRESET "preset" Text "",
            "A regulator's rule whose data hold where the table says nothing else: us-ftc, us-fcc, uk-ofcom-2010, uk-ofcom or ca-crtc.";
        LIMIT "limit" Text "",
            "The share of calls that is allowed, such as \"3%\"; needed where the preset names none.";
        NUMERATOR "numerator" Text "abandoned",
            "Which calls count: `abandoned`, or `unconnected` (answered, and not known to have reached an agent).";
        DENOMINATOR "denominator" Text "abandoned+connected",
            "Of which calls they are a share: `answered`, `abandoned+connected` or `dials`; needed with ca-crtc.";
        PERIOD "period" Text "",
            "The time in which they are counted: `day`, `month`, `successive 30 days`, or `rolling N days` with today, 1 to 62; needed where the preset names none.";
        STARTS "starts" Text "",
            "The first day of the first of successive periods, such as \"2026-11-01\"; needed with them.";
        ZONE "zone" Text "",
            "The IANA time zone on whose clock days begin; needed where the preset names none.";
        LEAST_CALLS "least_calls" Count "",
            "With fewer calls nothing is said; unless given, as many as show the limit kept where none of them is abandoned (88 for 3%).";
        CAMPAIGNS "campaigns" Texts "",
            "The campaigns that it is about, each on its own; with `teams` left out as well, every one.";
        TEAMS "teams" Texts "",
            "The teams whose campaigns it is about, too.";
    }
}

/// Keys of a `[[receiver]]` table.
pub(crate) mod receiver {
    use super::{Kind, TableKey};

    keys! {
        NAME "name" Text "",
            "What the receiver is called: a-z, 0-9 and -, up to 40 characters; needed, and given once. `webhook` is that of `webhook_url`.";
        TENANT "tenant" Text "",
            "The name of the [[tenant]] whose messages it gets; those of all unless given.";
        FORM "form" Text "signed",
            "What it is sent: `signed`, or the form of `slack`, `teams` (Microsoft Teams) or `pagerduty`.";
        URL "url" Text "",
            "Its address; https, or http on this machine. Not for slack and teams, whose addresses are secrets; for pagerduty https://events.pagerduty.com/v2/enqueue unless given.";
        URL_FILE "url_file" Text "",
            "File that holds its address. Instead of it, AUTOPILOT_RECEIVER_URL_NAME may hold it, with the receiver's name in upper case and - as _.";
        SECRET_FILE "secret_file" Text "",
            "With form signed: file that holds the secret that messages are signed with, as for webhook_secret_file. Instead of it, AUTOPILOT_RECEIVER_SECRET_NAME may hold it.";
        ROUTING_KEY_FILE "routing_key_file" Text "",
            "With form pagerduty: file that holds the integration key of an Events API v2 integration. Instead of it, AUTOPILOT_RECEIVER_ROUTING_KEY_NAME may hold it.";
        EVENTS "events" Texts "",
            "The events that it gets; every one unless given, for pagerduty those that a person is woken for.";
        CAMPAIGNS "campaigns" Texts "",
            "The campaigns whose events it gets; with `teams` left out as well, those of every one. An event about no campaign then goes to it only where `events` names it.";
        TEAMS "teams" Texts "",
            "The teams whose campaigns' events it gets, too.";
    }
}

/// Keys of a `[[queue]]` table.
pub(crate) mod queue {
    use super::{Kind, TableKey};

    keys! {
        ID "id" Text "",
            "The queue's id on the platform; needed, and given once.";
        TENANT "tenant" Text "",
            "The name of the [[tenant]] that it belongs to; needed where there are such tables.";
        MODEL "model" Text "classic",
            "Whose figures are written: those of `classic`, fixed formulas, or of `erlang_a`, a queueing model.";
        INTERVAL "interval" Duration "1m",
            "From one calibration to the next.";
        WINDOW "window" Duration "30m",
            "Rates are measured over this time.";
        CAPACITY "capacity" Count "",
            "The most interactions at once, for the utilisation; as the platform shows it, else its agents.";
        AGENTS "agents" Count "",
            "Agents who serve the queue, for `erlang_a`; as the platform shows them.";
        COVERAGE "coverage" Number "0.75",
            "The share of needed skills that agents have, above 0 and up to 1, for `classic`.";
        SERVICE_LEVEL "service_level" Number "0.8",
            "`erlang_a` aims at answering this share within `within`.";
        WITHIN "within" Duration "20s",
            "See `service_level`.";
        ABANDONING "abandoning" Number "0.05",
            "`erlang_a` aims at no more than this share giving up.";
        MEAN_WAIT "mean_wait" Duration "",
            "`erlang_a` aims at no longer mean wait; not asked for unless given.";
        MAX_CHANGES_PER_HOUR "max_changes_per_hour" CountOrWord "4",
            "At most so many changes in any hour, or `none`.";
        DEAD_BAND_WAIT "dead_band_wait" Duration "15s",
            "A wait that is off by no more than this, or by a tenth, stays.";
        DEAD_BAND_WAITERS "dead_band_waiters" Count "2",
            "Waiters that are off by no more than this, or by a tenth, stay.";
        DEAD_BAND_WITHIN "dead_band_within" Duration "5s",
            "A service level's time that is off by no more than this stays.";
    }
}

/// What there is to say of an agent of the roster.
pub(crate) mod agent {
    use super::{Kind, TableKey};

    keys! {
        ID "id" Text "",
            "The agent's id on the platform; needed, and given once.";
        SKILLS "skills" Texts "",
            "What the agent can do; at least one skill.";
        START "start" Text "",
            "When the agent's window opens, on the clock of the zone.";
        END "end" Text "",
            "When it closes; before the start, it runs through midnight.";
        ZONE "zone" Text "",
            "The agent's IANA time zone.";
        CONCURRENCY "concurrency" Count "",
            "Calls that the agent takes at once, 1 or 2.";
        RECENT "recent" Number "",
            "Calls an hour that the agent makes; measured where it is left out.";
    }
}

/// The key that is written so in a file.
pub(super) fn key_named(keys: &[&'static TableKey], name: &str) -> Option<&'static TableKey> {
    keys.iter().find(|key| key.name == name).copied()
}
