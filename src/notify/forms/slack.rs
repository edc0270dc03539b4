//! The form of Slack's incoming webhooks: `text` for notifications, and blocks.
//!
//! `&`, `<` and `>` are written as entities, which is all that Slack asks for: what is between `<` and `>` would be a link or a mention of
//! everybody. `verbatim` keeps it from making links of names. A text of a block has at most 3,000 characters. Slack answers 200, and 429
//! with `Retry-After` where messages come faster than about one a second.

use serde_json::{Value, json};

use super::words::Story;

/// The most characters of a text of a block.
const LONGEST_TEXT: usize = 3_000;

/// The body of a message.
pub(super) fn body(story: &Story) -> Value {
    let headline = escaped(&story.headline);
    let mut text = format!("*{headline}*");
    for line in &story.lines {
        let line = format!("\n{}", escaped(line));
        if text.chars().count().saturating_add(line.chars().count()) > LONGEST_TEXT {
            break;
        }
        text.push_str(&line);
    }
    let footer = escaped(&story.footer);
    json!({
        "text": headline,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}},
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
            "campaignId": "cmp-1", "campaignName": "R&D <!channel>", "cause": "threshold",
            "availableAgents": 1, "pauseThreshold": 5, "decisionId": "3-41",
        });
        let story = Story::new(&entry("campaign.paused", &paused), &paused, None);
        let text = "R&amp;D &lt;!channel&gt; paused: 1 agent available, pause below 5";
        let footer = "campaign.paused · cmp-1 · decision 3-41 · 2024-05-20 14:32:00 UTC";
        let expected = json!({
            "text": text,
            "blocks": [
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": format!("*{text}*"), "verbatim": true},
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
    fn a_text_is_no_longer_than_slack_takes() {
        let changes = vec!["&".repeat(250); 10];
        let reloaded = json!({"status": "RELOADED", "changes": changes});
        let story = Story::new(&entry("configuration.reloaded", &reloaded), &reloaded, None);
        let body = body(&story);
        let text = body["blocks"][0]["text"]["text"].as_str().unwrap();
        assert!((1_000..=LONGEST_TEXT).contains(&text.chars().count()));
    }
}
