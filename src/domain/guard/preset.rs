//! What regulators' texts say, as data: where each fact is from, and how it was read.

use serde::{Deserialize, Serialize};

use super::limit::GuardLimit;
use super::measure::Denominator;
use super::period::{GuardPeriod, WrittenPeriod};

/// A guard's data as a text names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The safe harbour of the US Telemarketing Sales Rule.
    UsFtc,
    /// The rule of the US Federal Communications Commission.
    UsFcc,
    /// The policy of the British regulator up to 2017.
    #[serde(rename = "uk-ofcom-2010")]
    UkOfcom2010,
    /// The policy of the British regulator since 2017.
    UkOfcom,
    /// The Canadian Telemarketing Rules.
    CaCrtc,
}

/// How a fact was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// In an excerpt of the published text.
    Excerpt,
    /// It is remembered, and was not checked.
    Memory,
}

/// What a preset gives. What its text does not say has to be given in the guard's table.
#[derive(Clone, Copy, Debug)]
pub struct PresetFacts {
    /// The share that is allowed.
    pub limit: Option<(GuardLimit, Mark)>,
    /// The calls of which it is a share.
    pub denominator: Option<(Denominator, Mark)>,
    /// The period.
    pub period: Option<(WrittenPeriod, Mark)>,
    /// The zone on whose clock days begin.
    pub zone: Option<&'static str>,
    /// The text.
    pub source: &'static str,
    /// What else to know of it, in a sentence.
    pub note: &'static str,
}

impl Mark {
    /// Returns how the fact was read, in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Excerpt => "read in an excerpt of the published text",
            Self::Memory => "from memory: check it before you rely on it",
        }
    }
}

impl Preset {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::UsFtc,
        Self::UsFcc,
        Self::UkOfcom2010,
        Self::UkOfcom,
        Self::CaCrtc,
    ];

    /// When the texts were read; rules change.
    pub const AS_OF: &str = "November 2026";

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UsFtc => "us-ftc",
            Self::UsFcc => "us-fcc",
            Self::UkOfcom2010 => "uk-ofcom-2010",
            Self::UkOfcom => "uk-ofcom",
            Self::CaCrtc => "ca-crtc",
        }
    }

    /// Returns the preset with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Returns where its data come from and how each was read, in words.
    #[must_use]
    pub fn in_words(self) -> String {
        let PresetFacts {
            limit,
            denominator,
            period,
            zone: _,
            source,
            note,
        } = self.facts();
        let marks = [
            ("limit", limit.map(|(_, mark)| mark)),
            ("denominator", denominator.map(|(_, mark)| mark)),
            ("period", period.map(|(_, mark)| mark)),
        ];
        let by_mark = |wanted: Mark| {
            let marked = marks.iter().filter(|(_, mark)| *mark == Some(wanted));
            let names: Vec<&str> = marked.map(|(name, _)| *name).collect();
            (!names.is_empty()).then(|| format!("{} {}", names.join(", "), wanted.label()))
        };
        let read = [by_mark(Mark::Excerpt), by_mark(Mark::Memory)];
        let read: Vec<String> = read.into_iter().flatten().collect();
        format!(
            "{source}, as of {}; {}; {note}",
            Self::AS_OF,
            read.join("; ")
        )
    }

    /// Returns what it gives.
    #[must_use]
    pub const fn facts(self) -> PresetFacts {
        const SUCCESSIVE: WrittenPeriod = WrittenPeriod::Successive;
        const DAY: WrittenPeriod = WrittenPeriod::Whole(GuardPeriod::Day);
        const MONTH: WrittenPeriod = WrittenPeriod::Whole(GuardPeriod::Month);
        const THREE: GuardLimit = GuardLimit::percent(3);
        match self {
            Self::UsFtc => PresetFacts {
                limit: Some((THREE, Mark::Excerpt)),
                denominator: Some((Denominator::Answered, Mark::Excerpt)),
                period: Some((SUCCESSIVE, Mark::Excerpt)),
                zone: None,
                source: "US FTC Telemarketing Sales Rule, 16 CFR 310.4(b)(1)(iv), safe harbour (b)(4)",
                note: "abandoned is a call that a person answered and that no representative took within 2 s of the completed greeting; a campaign shorter than 30 days counts as a whole",
            },
            Self::UsFcc => PresetFacts {
                limit: Some((THREE, Mark::Excerpt)),
                denominator: Some((Denominator::Answered, Mark::Excerpt)),
                period: Some((SUCCESSIVE, Mark::Excerpt)),
                zone: None,
                source: "US FCC, 47 CFR 64.1200(a)(7)",
                note: "telemarketing calls that were answered live, by campaign, over 30 days; some states are stricter",
            },
            Self::UkOfcom2010 => PresetFacts {
                limit: Some((THREE, Mark::Excerpt)),
                denominator: Some((Denominator::AbandonedAndConnected, Mark::Excerpt)),
                period: Some((DAY, Mark::Excerpt)),
                zone: Some("Europe/London"),
                source: "UK Ofcom, policy of 2010",
                note: "history: the allowance of 3% was withdrawn on 1 March 2017, and no share has been safe since; estimated false positives of answer-machine detection were counted as abandoned",
            },
            Self::UkOfcom => PresetFacts {
                limit: None,
                denominator: Some((Denominator::AbandonedAndConnected, Mark::Excerpt)),
                period: None,
                zone: Some("Europe/London"),
                source: "UK Ofcom, policy since 1 March 2017",
                note: "no share is safe; the formula is kept for prioritising cases, so that limit and period are your own",
            },
            Self::CaCrtc => PresetFacts {
                limit: Some((GuardLimit::percent(5), Mark::Excerpt)),
                denominator: None,
                period: Some((MONTH, Mark::Memory)),
                zone: None,
                source: "Canada CRTC Telemarketing Rules",
                note: "abandoned is a call that no live telemarketer took within 2 s; of which calls the share is meant was not read",
            },
        }
    }
}
