//! The form of Slack's incoming webhooks: `text` for notifications, and blocks.
//!
//! Headline and lines are rich text, whose text elements are shown as they are: in `mrkdwn` an asterisk of a name or a reason would end or
//! begin bold letters. What `text` and the footer hold is `mrkdwn`: there `&`, `<` and `>` are written as entities, since what is between
//! `<` and `>` would be a link or a mention of everybody, and `verbatim` keeps it from making links of names. A text of a block is kept
//! below 3,000 characters. Slack answers 200, and 429 with `Retry-After` where messages come faster than about one a second.

use serde_json::{Value, json};

use super::words::Story;

/// The most characters of a text of a block.
const LONGEST_TEXT: usize = 3_000;

/// The body of a message.
pub(super) fn body(story: &Story) -> Value {
    let headline = escaped(&story.headline);
    let mut lines = String::new();
    let mut left = LONGEST_TEXT.saturating_sub(story.headline.chars().count());
    for line in &story.lines {
        let Some(after) = left.checked_sub(line.chars().count().saturating_add(1)) else {
            break;
        };
        left = after;
        lines.push('\n');
        lines.push_str(line);
    }
    let mut elements =
        vec![json!({"type": "text", "text": story.headline, "style": {"bold": true}})];
    if !lines.is_empty() {
        elements.push(json!({"type": "text", "text": lines}));
    }
    let footer = escaped(&story.footer);
    json!({
        "text": headline,
        "blocks": [
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": elements}],
            },
            {"type": "context", "elements": [{"type": "mrkdwn", "text": footer, "verbatim": true}]},
        ],
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::entry;
    use super::*;

    #[test]
    fn a_pause_is_a_section_with_its_context() {
        let paused = json!({
            "campaignId": "cmp-1", "campaignName": "R&D <!channel> *A*", "cause": "threshold",
            "availableAgents": 1, "pauseThreshold": 5, "decisionId": "3-41",
        });
        let story = Story::new(&entry("campaign.paused", &paused), &paused, None);
        let headline = "R&D <!channel> *A* paused: 1 agent available, pause below 5";
        let footer = "campaign.paused · cmp-1 · decision 3-41 · 2024-05-20 14:32:00 UTC";
        let expected = json!({
            "text": "R&amp;D &lt;!channel&gt; *A* paused: 1 agent available, pause below 5",
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [{
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": headline, "style": {"bold": true}}],
                    }],
                },
                {
                    "type": "context",
                    "elements": [{"type": "mrkdwn", "text": footer, "verbatim": true}],
                },
            ],
        });
        assert_eq!(body(&story), expected);
    }

    #[test]
    fn lines_follow_the_headline_and_are_no_longer_than_slack_takes() {
        let changes = vec!["&".repeat(250); 10];
        let reloaded = json!({"status": "RELOADED", "changes": changes});
        let mut story = Story::new(&entry("configuration.reloaded", &reloaded), &reloaded, None);
        let said = |body: &Value, place: usize| {
            let elements = &body["blocks"][0]["elements"][0]["elements"];
            elements[place]["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let whole = said(&body(&story), 1);
        assert!(whole.starts_with(&format!("\n{}", story.lines[0])));
        story.lines = vec!["x".repeat(900); 9];
        let cut = body(&story);
        let sent = said(&cut, 0).chars().count() + said(&cut, 1).chars().count();
        assert!((2_000..=LONGEST_TEXT).contains(&sent), "{sent}");
    }
}
