// Changes that people make: each says what will happen, asks for a reason, and shows the daemon's own words when it refuses.

import { campaign as address, change } from "./api.js";
import { el, icon, say } from "./dom.js";
import { called, holdInWords } from "./standing.js";
import { clock, ms, span } from "./time.js";

const NAME_KEPT_AS = "campaign-autopilot-name";

/** How long a change may last: what the daemon takes, and what people read. */
const SPANS = [
  ["15m", "15 minutes", 900],
  ["30m", "30 minutes", 1800],
  ["1h", "1 hour", 3600],
  ["2h", "2 hours", 7200],
  ["4h", "4 hours", 14400],
  ["8h", "8 hours", 28800],
  ["1day", "1 day", 86400],
  ["7days", "7 days", 604800],
];

const KINDS = [
  ["paused", "Keep it paused", "pause"],
  ["running", "Keep it running", "play"],
  ["as-is", "Leave it as it is", "lock"],
];

let fields = 0;

/** A labelled field; `hint` is read with it. */
export function field(label, input, hint) {
  fields += 1;
  input.id = `field-${fields}`;
  const told = hint && el("p", { class: "hint", id: `${input.id}-hint` }, hint);
  if (told) input.setAttribute("aria-describedby", told.id);
  return el("div", { class: "field" }, el("label", { for: input.id }, label), input, told);
}

export function spans(chosen) {
  return el("select", {}, SPANS.map(([value, word]) => el("option", { value, selected: value === chosen }, word)));
}

/** A dialog that asks for a change. `ask` gives what the daemon is asked; it answers, or says why not. `lacking` tells what has to be said before. */
export function dialog({ title, about, parts, verb, tone, foretell, lacking = () => [], ask, done }) {
  const name = el("input", { type: "text", autocomplete: "name", required: true, maxLength: 100, value: localStorage.getItem(NAME_KEPT_AS) ?? "" });
  const reason = el("input", { type: "text", autocomplete: "off", required: true, maxLength: 500 });
  const told = el("p", { class: "foretold", id: "foretold" });
  const faults = el("div", { class: "faults", role: "alert" });
  const make = el("button", { type: "submit", class: `make ${tone ?? ""}` }, verb());
  const cancel = el("button", { type: "button", class: "quiet", click: () => box.close() }, "Cancel");
  const form = el("form", { method: "dialog", noValidate: true },
    el("h2", { id: "dialog-title" }, title),
    about && el("p", { class: "about" }, about),
    parts,
    field("Why", reason, "For everybody who looks at it later; it goes into the audit."),
    field("Your name", name),
    el("div", { class: "what" }, icon("info"), told),
    faults,
    el("div", { class: "buttons" }, cancel, make));
  const box = el("dialog", { "aria-labelledby": "dialog-title", "aria-describedby": "foretold" }, form);
  const refresh = () => {
    say(told, foretell());
    say(make, verb());
  };
  const show = (lines) => {
    faults.replaceChildren(...lines.map((line) => el("p", {}, icon("warning"), line)));
  };
  form.addEventListener("input", refresh);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const missing = lacking();
    if (!reason.value.trim()) missing.push("Say why, in a few words.");
    if (!name.value.trim()) missing.push("Say who you are.");
    reason.setAttribute("aria-invalid", String(!reason.value.trim()));
    name.setAttribute("aria-invalid", String(!name.value.trim()));
    if (missing.length) {
      show(missing);
      if (!reason.value.trim()) reason.focus();
      else if (!name.value.trim()) name.focus();
      return;
    }
    localStorage.setItem(NAME_KEPT_AS, name.value.trim());
    make.disabled = true;
    show([]);
    try {
      await ask({ reason: reason.value.trim(), author: name.value.trim() });
      const outcome = foretell();
      box.close();
      done(outcome);
    } catch (wrong) {
      show(wrong.faults?.length ? wrong.faults : [`The daemon did not answer: ${wrong.message}.`]);
      make.disabled = false;
    }
  });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  refresh();
  box.showModal();
}

function removal(path, { reason, author }) {
  return change("DELETE", `${path}?${new URLSearchParams({ reason, author })}`);
}

function poll(status) {
  return `At the next poll, within ${span(Math.max(1, status.poll_interval_s))},`;
}

export function until(value, status) {
  const [, , seconds] = SPANS.find(([known]) => known === value);
  return clock(ms(status.now) + seconds * 1000, ms(status.now));
}

/** What is chosen at first: never what would undo a person's doing, or one that may be a person's. */
function chosenFirst({ state, paused_by: by }) {
  if (state === "running") return "paused";
  return state === "paused" && by === "autopilot" ? "running" : "as-is";
}

/** Asks for a hold. */
export function hold(campaign, status, done) {
  const { id } = campaign;
  const first = chosenFirst(campaign);
  const kinds = KINDS.map(([value, word, picture]) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "kind", value, checked: value === first }), icon(picture), word));
  const lasts = spans("30m");
  const chosen = () => kinds.map((label) => label.firstElementChild).find((input) => input.checked).value;
  dialog({
    title: `Hold ${called(campaign)}`,
    about: "A hold beats every rule until it ends by itself or is released.",
    parts: [
      el("fieldset", {}, el("legend", {}, "What the autopilot is to do"), kinds),
      field("For how long", lasts),
    ],
    verb: () => ({ paused: "Hold it paused", running: "Hold it running", "as-is": "Hold it as it is" })[chosen()],
    foretell: () => {
      const end = `until ${until(lasts.value, status)}; then the rule decides again.`;
      return {
        paused: `${poll(status)} ${id} is paused if it dials, and ${holdInWords("paused")} however many agents are free, ${end}`,
        running: `${poll(status)} ${id} is resumed if it is paused, and ${holdInWords("running")} however few agents are free, ${end}`,
        "as-is": `From the next poll on ${id} is not commanded at all, ${end}`,
      }[chosen()];
    },
    ask: (said) => change("PUT", address(id, "hold"), { kind: chosen(), for: lasts.value, ...said }),
    done,
  });
}

/** Asks to end a hold. */
export function release(campaign, status, done) {
  const { id, hold: held } = campaign;
  dialog({
    title: `Release ${called(campaign)}`,
    about: `It is ${holdInWords(held.kind)} until ${clock(ms(held.until), ms(status.now))} by ${held.author}: ${held.reason}`,
    parts: [],
    verb: () => "Release it",
    foretell: () => `The hold ends. ${poll(status)} the rule decides again about ${id}: pause below ${campaign.pause_below ?? campaign.configured.pause_below}, resume at ${campaign.resume_at ?? campaign.configured.resume_at}.`,
    ask: (said) => removal(address(id, "hold"), said),
    done,
  });
}

/** Overrides a campaign's thresholds, or goes back to the configured ones. */
export function thresholds(campaign, status, done) {
  const { id, configured, set } = campaign;
  const now = set ?? configured;
  const number = (value) => el("input", { type: "text", inputMode: "numeric", autocomplete: "off", required: true, maxLength: 8, value });
  const low = number(now.pause_below);
  const high = number(now.resume_at);
  const lasts = spans("1h");
  const back = el("input", { type: "checkbox" });
  const restore = () => set && back.checked;
  const parts = [
    el("div", { class: "pair" }, field("Pause below", low, "Agents, or a share such as 12%."), field("Resume at", high, "Not below the pause threshold.")),
    field("For how long", lasts),
  ];
  if (set) parts.unshift(el("label", { class: "choice" }, back, `Back to ${configured.pause_below} and ${configured.resume_at} as configured`));
  back.addEventListener("change", () => {
    for (const input of [low, high, lasts]) input.disabled = back.checked;
  });
  dialog({
    title: `Override the thresholds of ${called(campaign)}`,
    about: set ? `${set.pause_below} and ${set.resume_at} are in force until ${clock(ms(set.until), ms(status.now))}, by ${set.author}: ${set.reason}` : null,
    parts,
    verb: () => (restore() ? "Go back to the configured thresholds" : "Set these thresholds"),
    foretell: () =>
      restore()
        ? `From the next poll on ${id} is paused below ${configured.pause_below} and resumed at ${configured.resume_at} available agents, as configured.`
        : `From the next poll on ${id} is paused below ${low.value || "…"} and resumed at ${high.value || "…"} available agents, until ${until(lasts.value, status)}; then the configured thresholds (${configured.pause_below} and ${configured.resume_at}) hold again.`,
    ask: (said) =>
      restore()
        ? removal(address(id, "thresholds"), said)
        : change("PUT", address(id, "thresholds"), { pause_below: low.value.trim(), resume_at: high.value.trim(), for: lasts.value, ...said }),
    done,
  });
}

/** Asks for the operators' token, in the page's place. */
export function login(place, why, entered) {
  const input = el("input", { type: "password", autocomplete: "current-password", required: true });
  const form = el("form", { class: "card login", noValidate: true },
    el("h2", {}, "The operators' token"),
    el("p", {}, "This daemon shows itself to those who have its token. It is kept in this tab until the tab is closed."),
    why && el("p", { class: "fault", role: "alert" }, icon("warning"), why),
    field("Token", input),
    el("div", { class: "buttons" }, el("button", { type: "submit", class: "make" }, "Go on")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) entered(input.value.trim());
  });
  place.replaceChildren(form);
  place.hidden = false;
  input.focus();
}
