// One stop for many: holds or releases all campaigns, a team's or a tenant's, with their number and a confirmation.

import { change } from "./api.js";
import { dialog, field, spans, until } from "./dialogs.js";
import { el, say } from "./dom.js";

const WAYS = [
  ["paused", "Keep them paused"],
  ["as-is", "Leave them as they are"],
  ["release", "End their holds"],
];

/** The groups that there are, each with what the daemon is asked, its words and its campaigns. */
function groups({ campaigns }) {
  const found = [{ asked: { all: true }, words: "all campaigns", members: campaigns }];
  for (const [key, words] of [["tenant", "tenant"], ["team", "team"]]) {
    const names = [...new Set(campaigns.map((campaign) => campaign[key]).filter(Boolean))].sort();
    for (const name of names) {
      found.push({ asked: { [key]: name }, words: `${words} ${name}`, members: campaigns.filter((campaign) => campaign[key] === name) });
    }
  }
  return found;
}

function counted(members) {
  return members.length === 1 ? "1 campaign" : `${members.length} campaigns`;
}

/** Asks for a hold or a release of many. */
function ask(status, done) {
  const known = groups(status);
  const which = el("select", {}, known.map(({ words, members }, at) => el("option", { value: String(at) }, `${words} (${counted(members)})`)));
  const way = el("select", {}, WAYS.map(([value, words]) => el("option", { value }, words)));
  const lasts = spans("1h");
  const sure = el("input", { type: "checkbox" });
  const meant = el("span", {});
  const group = () => known[Number(which.value)];
  // Another number is another question.
  for (const input of [which, way]) input.addEventListener("change", () => { sure.checked = false; });
  dialog({
    title: "Hold several campaigns",
    about: "Holds beat every rule until they end by themselves or are released. None of this overrides a campaign that a person has paused.",
    parts: [
      field("Which campaigns", which),
      field("What the autopilot is to do", way),
      field("For how long", lasts),
      el("label", { class: "choice" }, sure, meant),
    ],
    tone: "bad",
    verb: () => {
      const many = counted(group().members);
      return { paused: `Hold ${many} paused`, "as-is": `Hold ${many} as they are`, release: `Release ${many}` }[way.value];
    },
    foretell: () => {
      const { words, members } = group();
      lasts.disabled = way.value === "release";
      say(meant, members.length === 1 ? "Yes, this campaign is meant" : `Yes, all ${members.length} are meant`);
      const running = members.filter(({ state }) => state === "running").length;
      const end = `until ${until(lasts.value, status)}`;
      return {
        paused: `Those that dial are paused at once (${running} of ${members.length} run), and none of ${words} is resumed ${end}.`,
        "as-is": `From the next poll on none of ${words} is commanded, ${end}.`,
        release: `The holds of ${words} end; from the next poll on their rules decide again. Those that are not held stay as they are.`,
      }[way.value];
    },
    lacking: () => (sure.checked ? [] : [`Say that ${counted(group().members)} are meant.`]),
    ask: ({ reason, author }) => {
      const { asked } = group();
      if (way.value !== "release") return change("PUT", "api/v1/holds", { ...asked, kind: way.value, for: lasts.value, reason, author });
      return change("DELETE", `api/v1/holds?${new URLSearchParams({ ...asked, reason, author })}`);
    },
    done,
  });
}

/** Has a button ask for it, where changes are allowed and there is more than one campaign. */
export function offer(button, status, done) {
  button.hidden = !status.actions || status.campaigns.length < 2;
  button.onclick = () => ask(status, done);
}
