//! The forms of requests' bodies. One that breaks its form is refused and not passed over.

use serde_json::Value;

use super::super::super::refusal::Refused;
use super::query::wrong;

/// The form of a value.
pub(super) enum Form {
    /// A text of at least so many characters.
    Text(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number in between.
    Whole(i64, i64),
    /// True or false.
    Flag,
    /// A number in between.
    Number(f64, f64),
    /// At least and at most so many of a form.
    List(&'static Form, usize, usize),
    /// An object with these members.
    Object(&'static [Member], Others),
}

/// A member of an object.
pub(super) struct Member(&'static str, Presence, Form);

/// Whether a member may be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Needed,
    Optional,
}

/// Whether an object may have other members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Taken,
    Refused,
}

use Others::{Refused as Closed, Taken};
use Presence::{Needed, Optional};

const FILTER: Form = Form::Object(
    &[
        Member("type", Needed, Form::Word(&["or"])),
        Member("predicates", Needed, Form::List(&PREDICATE, 1, 100)),
    ],
    Closed,
);

const PREDICATE: Form = Form::Object(
    &[
        Member("type", Needed, Form::Word(&["dimension"])),
        Member("operator", Needed, Form::Word(&["matches"])),
        Member(
            "dimension",
            Needed,
            Form::Word(&["queueId", "outboundCampaignId"]),
        ),
        Member("value", Needed, Form::Text(1)),
    ],
    Closed,
);

/// A question for the agents of queues.
pub(super) const OBSERVATIONS: Form = Form::Object(
    &[
        Member("filter", Needed, FILTER),
        Member(
            "metrics",
            Needed,
            Form::List(
                &Form::Word(&["oOnQueueUsers", "oActiveUsers", "oMemberUsers"]),
                1,
                usize::MAX,
            ),
        ),
    ],
    Closed,
);

/// A question for what became of calls.
pub(super) const AGGREGATES: Form = Form::Object(
    &[
        Member("interval", Needed, Form::Text(0)),
        Member(
            "groupBy",
            Optional,
            Form::List(&Form::Word(&["outboundCampaignId"]), 0, usize::MAX),
        ),
        Member(
            "metrics",
            Needed,
            Form::List(
                &Form::Word(&[
                    "nOutboundAttempted",
                    "nOutboundConnected",
                    "nOutboundAbandoned",
                ]),
                1,
                usize::MAX,
            ),
        ),
        Member("filter", Needed, FILTER),
    ],
    Closed,
);

/// A question to the audit.
pub(super) const AUDITS: Form = Form::Object(
    &[
        Member("interval", Needed, Form::Text(0)),
        Member("serviceName", Needed, Form::Word(&["Outbound"])),
        Member(
            "filters",
            Optional,
            Form::List(
                &Form::Object(
                    &[
                        Member("property", Needed, Form::Word(&["EntityId"])),
                        Member("value", Needed, Form::Text(0)),
                    ],
                    Closed,
                ),
                0,
                usize::MAX,
            ),
        ),
        Member(
            "sort",
            Optional,
            Form::List(
                &Form::Object(
                    &[
                        Member("name", Optional, Form::Word(&["Timestamp"])),
                        Member(
                            "sortOrder",
                            Optional,
                            Form::Word(&["ascending", "descending"]),
                        ),
                    ],
                    Closed,
                ),
                0,
                usize::MAX,
            ),
        ),
        Member("pageNumber", Optional, Form::Whole(1, 1_000)),
        Member("pageSize", Optional, Form::Whole(1, 100)),
    ],
    Closed,
);

/// A change of how fast a campaign dials.
pub(super) const PACE: Form = Form::Object(
    &[Member(
        "maxCallsPerAgent",
        Optional,
        Form::Number(1.0, 15.0),
    )],
    Closed,
);

/// Topics that a channel is given.
pub(super) const TOPICS: Form = Form::List(
    &Form::Object(&[Member("id", Needed, Form::Text(1))], Taken),
    1,
    1_000,
);

/// Members of a queue who join or leave.
pub(super) const MEMBERS: Form = Form::List(
    &Form::Object(
        &[
            Member("id", Needed, Form::Text(1)),
            Member("joined", Needed, Form::Flag),
        ],
        Taken,
    ),
    1,
    100,
);

/// A queue, of which more may come along.
pub(super) const QUEUE: Form = Form::Object(
    &[
        Member("id", Optional, Form::Text(0)),
        Member("name", Needed, Form::Text(0)),
        Member("dateModified", Optional, Form::Text(0)),
        Member("modifiedBy", Optional, Form::Text(0)),
        Member(
            "mediaSettings",
            Optional,
            Form::Object(
                &[Member(
                    "call",
                    Optional,
                    Form::Object(
                        &[Member(
                            "serviceLevel",
                            Optional,
                            Form::Object(
                                &[
                                    Member("percentage", Optional, Form::Number(0.0, 1.0)),
                                    Member("durationMs", Optional, Form::Whole(0, i64::MAX)),
                                ],
                                Taken,
                            ),
                        )],
                        Taken,
                    ),
                )],
                Taken,
            ),
        ),
        Member(
            "acwSettings",
            Optional,
            Form::Object(
                &[
                    Member("wrapupPrompt", Optional, Form::Text(0)),
                    Member("timeoutMs", Optional, Form::Whole(0, i64::MAX)),
                ],
                Taken,
            ),
        ),
    ],
    Taken,
);

impl Form {
    /// Checks a body.
    pub(super) fn check(&self, body: &Value) -> Result<(), Refused> {
        self.check_at("the body", body)
    }

    fn check_at(&self, place: &str, value: &Value) -> Result<(), Refused> {
        let fits = match self {
            Self::Flag => value.is_boolean(),
            Self::Text(least) => value
                .as_str()
                .is_some_and(|text| text.chars().count() >= *least),
            Self::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Whole(least, most) => {
                // 2.0 is a whole number in JSON.
                let whole = value.as_f64().is_some_and(|number| number.fract() == 0.0);
                let number = value.as_i64();
                let within = number.map_or_else(
                    || value.as_f64().is_some_and(|number| number >= 1.0) && *most == i64::MAX,
                    |number| (*least..=*most).contains(&number),
                );
                whole && within
            }
            Self::Number(least, most) => value
                .as_f64()
                .is_some_and(|number| (*least..=*most).contains(&number)),
            Self::List(form, least, most) => {
                let items = value.as_array().ok_or_else(|| wrong(place))?;
                for item in items {
                    form.check_at(place, item)?;
                }
                (*least..=*most).contains(&items.len())
            }
            Self::Object(members, others) => {
                let object = value.as_object().ok_or_else(|| wrong(place))?;
                for Member(name, presence, form) in *members {
                    match object.get(*name) {
                        Some(value) => form.check_at(name, value)?,
                        None if *presence == Needed => return Err(wrong(name)),
                        None => {}
                    }
                }
                let known = |name: &String| members.iter().any(|Member(known, ..)| known == name);
                *others == Taken || object.keys().all(known)
            }
        };
        if fits { Ok(()) } else { Err(wrong(place)) }
    }
}
