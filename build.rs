//! Tells the program which revision and compiler made it, and gives it the description of its API and the documents that its page serves.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// The description of the admin API.
const DESCRIPTION: &str = "src/serve/openapi.json";

/// Guides that the page serves beside the runbooks, each with what its place in the page's navigation is called.
const GUIDES: [(&str, &str); 4] = [
    ("docs/guide/page.md", "This page"),
    ("docs/guide/on-call.md", "On call"),
    ("docs/guide/troubleshooting.md", "Troubleshooting"),
    ("docs/reference/glossary.md", "Terms"),
];

/// A page for each alert.
const RUNBOOKS: &str = "alerts/runbooks";

/// Where documents are served, below the page's own address.
const SERVED: &str = "page/docs";

fn main() {
    println!(
        "cargo::rustc-env=AUTOPILOT_REVISION={}",
        first_line("git", &["rev-parse", "--short=12", "HEAD"])
    );
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    println!(
        "cargo::rustc-env=AUTOPILOT_RUSTC={}",
        first_line(&rustc, &["--version"])
    );
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(wrong) = without_indentation(DESCRIPTION, &out.join("openapi.json")) {
        println!("cargo::error={DESCRIPTION}: {wrong}");
    }
    if let Err(wrong) = render_documents(&out) {
        println!("cargo::error=the documents of the page: {wrong}");
    }
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
}

/// Copies a JSON file for the program, which needs none of the white space that people read it by.
fn without_indentation(from: &str, to: &Path) -> io::Result<()> {
    let text = std::fs::read_to_string(from)?;
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    std::fs::write(to, lines.join("\n"))
}

/// The first line that a command prints, or `unknown`: a source archive has no git.
fn first_line(command: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    Command::new(command)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .and_then(|text| text.lines().next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Renders guides and runbooks as HTML, and writes `documents.rs`: a list of their paths and contents.
fn render_documents(out: &Path) -> io::Result<()> {
    let mut served = BTreeMap::new();
    for (source, _) in GUIDES {
        served.insert(PathBuf::from(source), served_as(SERVED, Path::new(source)));
    }
    println!("cargo::rerun-if-changed={RUNBOOKS}");
    for entry in std::fs::read_dir(RUNBOOKS)? {
        let source = entry?.path();
        if source.file_name().is_some_and(|name| name != "README.md") {
            let path = served_as(&format!("{SERVED}/runbooks"), &source);
            served.insert(source, path);
        }
    }
    let directory = out.join("documents");
    std::fs::create_dir_all(&directory)?;
    let mut list = Vec::new();
    for (source, path) in &served {
        println!("cargo::rerun-if-changed={}", source.display());
        let text = std::fs::read_to_string(source)?;
        let name = path.replace('/', "_");
        std::fs::write(directory.join(&name), render(&text, source, path, &served))?;
        list.push(format!(
            "(\"/{path}\", include_bytes!(\"documents/{name}\")),\n"
        ));
    }
    std::fs::write(out.join("documents.rs"), format!("&[\n{}]", list.concat()))
}

fn served_as(directory: &str, source: &Path) -> String {
    let name = source.file_name().unwrap_or_default();
    format!("{directory}/{}", name.display())
}

/// One document as a page in the style of the page that serves it.
fn render(text: &str, source: &Path, path: &str, served: &BTreeMap<PathBuf, String>) -> String {
    let up = "../".repeat(path.split('/').count() - 1);
    let events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    let title = escaped(&first_heading(&events));
    let mut body = String::new();
    html::push_html(&mut body, adapted(events, source, &up, served).into_iter());
    let ways: String = GUIDES
        .iter()
        .map(|(guide, words)| {
            let to = served_as(SERVED, Path::new(guide));
            let here = if to == path {
                " aria-current=\"page\""
            } else {
                ""
            };
            format!("<a href=\"{up}{to}\"{here}>{words}</a>\n")
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>{title} – Campaign autopilot</title>
<link rel=\"icon\" type=\"image/svg+xml\" href=\"{up}page/icon.svg\">
<link rel=\"stylesheet\" href=\"{up}page/page.css\">
<link rel=\"stylesheet\" href=\"{up}page/document.css\">
</head>
<body>
<header class=\"top\">
<a class=\"brand\" href=\"{up}\"><img src=\"{up}page/icon.svg\" alt=\"\" width=\"36\" height=\"36\">Campaign autopilot</a>
<nav class=\"ways\" aria-label=\"Documents\">
{ways}</nav>
</header>
<main>
<article class=\"document\">
{body}</article>
</main>
</body>
</html>
"
    )
}

/// The text of the first heading.
fn first_heading(events: &[Event<'_>]) -> String {
    let inside = events
        .iter()
        .skip_while(|event| !matches!(event, Event::Start(Tag::Heading { .. })));
    words_of(inside)
}

/// The text up to the end of the heading.
fn words_of<'e, 't: 'e>(events: impl Iterator<Item = &'e Event<'t>>) -> String {
    events
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
        .filter_map(|event| {
            if let Event::Text(text) | Event::Code(text) = event {
                Some(text.as_ref())
            } else {
                None
            }
        })
        .collect()
}

/// Gives headings their anchors and links their places on the page; what is not served is named by its file. Markup in the text stays text.
fn adapted<'t>(
    events: Vec<Event<'t>>,
    source: &Path,
    up: &str,
    served: &BTreeMap<PathBuf, String>,
) -> Vec<Event<'t>> {
    let anchors: Vec<String> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| matches!(event, Event::Start(Tag::Heading { .. })))
        .map(|(at, _)| anchor(&words_of(events.iter().skip(at))))
        .collect();
    let mut anchors = anchors.into_iter();
    let mut adapted = Vec::new();
    // Of each link that is open, what follows its words where there is nothing to lead to.
    let mut unserved: Vec<Option<String>> = Vec::new();
    let mut images = 0_usize;
    for event in events {
        match event {
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images -= 1,
            _ if images > 0 => {}
            Event::Start(Tag::Heading {
                level,
                classes,
                attrs,
                ..
            }) => {
                let id = anchors.next().map(CowStr::from);
                adapted.push(Event::Start(Tag::Heading {
                    level,
                    id,
                    classes,
                    attrs,
                }));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => match target(&dest_url, source, up, served) {
                Ok(to) => {
                    let dest_url = to.into();
                    adapted.push(Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        id,
                    }));
                    unserved.push(None);
                }
                Err(file) => unserved.push(Some(file)),
            },
            Event::End(TagEnd::Link) => match unserved.pop().flatten() {
                None => adapted.push(Event::End(TagEnd::Link)),
                Some(file) => {
                    adapted.push(Event::Text(" (".into()));
                    adapted.push(Event::Code(file.into()));
                    adapted.push(Event::Text(")".into()));
                }
            },
            Event::Html(markup) | Event::InlineHtml(markup) => adapted.push(Event::Text(markup)),
            // Whatever is wider than a phone is scrolled, also by keyboard.
            Event::Start(Tag::CodeBlock(_)) => {
                adapted.push(Event::Html("<pre tabindex=\"0\"><code>".into()));
            }
            Event::End(TagEnd::CodeBlock) => {
                adapted.push(Event::Html("</code></pre>\n".into()));
            }
            Event::Start(Tag::Table(columns)) => {
                adapted.push(Event::Html(
                    "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">"
                        .into(),
                ));
                adapted.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                adapted.push(Event::End(TagEnd::Table));
                adapted.push(Event::Html("</div>\n".into()));
            }
            as_it_is @ (Event::Start(_)
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_)) => adapted.push(as_it_is),
        }
    }
    adapted
}

/// Where a link leads on the page, or the file that it names where that is not served.
fn target(
    link: &str,
    source: &Path,
    up: &str,
    served: &BTreeMap<PathBuf, String>,
) -> Result<String, String> {
    if link.contains("://") || link.starts_with('#') {
        return Ok(link.to_owned());
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let mut named = PathBuf::new();
    let around = source.parent().unwrap_or(Path::new(""));
    for part in around.join(file).components() {
        match part {
            Component::ParentDir => {
                named.pop();
            }
            Component::Normal(name) => named.push(name),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    let path = served.get(&named);
    let path = path.ok_or_else(|| named.display().to_string())?;
    let anchor = if anchor.is_empty() {
        String::new()
    } else {
        format!("#{anchor}")
    };
    Ok(format!("{up}{path}{anchor}"))
}

/// The anchor of a heading, as the documents on the web have it.
fn anchor(heading: &str) -> String {
    let letters = heading.to_lowercase();
    let kept = letters
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    let kept: String = kept.collect();
    kept.split_whitespace().collect::<Vec<_>>().join("-")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
