//! The form of a Workflows webhook of Microsoft Teams: a message with one adaptive card.
//!
//! Text runs are used, and no text blocks: those would read names as Markdown. A card has to stay below 28 KB, and is far from that by the
//! bounds of a story. The webhook answers 202 when the workflow has begun; whether it posts the card is seen in the workflow's history.

use serde_json::{Value, json};

use super::words::Story;

/// The body of a message.
pub(super) fn body(story: &Story) -> Value {
    let mut blocks = vec![block(
        &json!({"type": "TextRun", "text": story.headline, "weight": "Bolder", "size": "Medium"}),
    )];
    let lines = story.lines.iter();
    blocks.extend(lines.map(|line| block(&json!({"type": "TextRun", "text": line}))));
    blocks.push(block(
        &json!({"type": "TextRun", "text": story.footer, "isSubtle": true, "size": "Small"}),
    ));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                // The first version with text runs, which every client of Teams shows.
                "version": "1.2",
                "body": blocks,
            },
        }],
    })
}

fn block(run: &Value) -> Value {
    json!({"type": "RichTextBlock", "inlines": [run]})
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::entry;
    use super::*;

    #[test]
    fn a_hold_is_a_card_that_reads_no_name_as_markdown() {
        let held = json!({
            "campaignId": "cmp-1", "campaignName": "*Spring* [renewals]", "hold": "as-is",
            "until": "2024-05-20T15:02:00.000Z", "wasUntil": "2024-05-20T14:40:00.000Z",
            "author": "anna", "reason": "wrong list", "decisionId": "3-41",
        });
        let story = Story::new(&entry("campaign.held", &held), &held, None);
        let run = |run: Value| json!({"type": "RichTextBlock", "inlines": [run]});
        let expected = json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": [
                        run(json!({
                            "type": "TextRun", "weight": "Bolder", "size": "Medium",
                            "text": "*Spring* [renewals] is held as it is until 2024-05-20 15:02 UTC, by anna: wrong list",
                        })),
                        run(json!({
                            "type": "TextRun",
                            "text": "It was held until 2024-05-20 14:40 UTC before.",
                        })),
                        run(json!({
                            "type": "TextRun", "isSubtle": true, "size": "Small",
                            "text": "campaign.held · cmp-1 · decision 3-41 · 2024-05-20 14:32:00 UTC",
                        })),
                    ],
                },
            }],
        });
        assert_eq!(body(&story), expected);
    }

    #[test]
    fn the_largest_card_is_below_the_limit() {
        let changes = vec!["\u{1F600}".repeat(400); 40];
        let reloaded = json!({"status": "RELOADED", "changes": changes});
        let story = Story::new(&entry("configuration.reloaded", &reloaded), &reloaded, None);
        assert!(body(&story).to_string().len() < 28 << 10);
    }
}
