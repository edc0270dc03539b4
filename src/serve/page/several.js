// One stop for many: holds or releases the campaigns that are shown, all, a team's or a tenant's, with their number and a confirmation.

import { change } from "./api.js";
import { dialog, field, spans, until } from "./dialogs.js";
import { el, say } from "./dom.js";
import { manyInWords } from "./standing.js";

const WAYS = [
  ["paused", "Keep them paused"],
  ["as-is", "Leave them as they are"],
  ["release", "End their holds"],
];

/**
 * The groups that there are, each with what the daemon is asked, its words and its campaigns; those that the page shows come first where a
 * search or a filter narrows them, by their ids.
 */
function groups({ campaigns }, shown) {
  const found = [];
  if (shown) {
    const words = shown.length === 1 ? "the campaign shown" : `the ${shown.length} campaigns shown`;
    found.push({ asked: { campaigns: shown.map(({ id }) => id) }, option: words, words, members: shown });
  }
  const all = manyInWords(campaigns.length);
  found.push({ asked: { all: true }, option: `all campaigns (${all})`, words: `all ${all}`, members: campaigns });
  for (const key of ["tenant", "team"]) {
    const names = [...new Set(campaigns.map((campaign) => campaign[key]).filter(Boolean))].sort();
    for (const name of names) {
      const members = campaigns.filter((campaign) => campaign[key] === name);
      const words = `${key} ${name} (${manyInWords(members.length)})`;
      found.push({ asked: { [key]: name }, option: words, words, members });
    }
  }
  return found;
}

/** The group that the page looks at: a whole team or tenant by its name, so that the daemon says who belongs to it. */
function lookedAt(known, { tenant, team, others }) {
  const asked = others || (tenant && team) ? null : tenant ? { tenant } : team ? { team } : { all: true };
  const at = asked ? known.findIndex((group) => JSON.stringify(group.asked) === JSON.stringify(asked)) : 0;
  return Math.max(0, at);
}

const first = (words) => words[0].toUpperCase() + words.slice(1);

/** The query of a release: ids are named one by one. */
function released({ campaigns = [], ...asked }, why) {
  return new URLSearchParams([...Object.entries({ ...asked, ...why }), ...campaigns.map((id) => ["campaign", id])]);
}

/** Asks for a hold or a release of many. */
function ask(status, narrowed, done) {
  const known = groups(status, narrowed.members);
  const chosen = lookedAt(known, narrowed);
  const which = el("select", {}, known.map(({ option }, at) => el("option", { value: String(at), selected: at === chosen }, option)));
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
      const many = manyInWords(group().members.length);
      return { paused: `Hold ${many} paused`, "as-is": `Hold ${many} as they are`, release: `Release ${many}` }[way.value];
    },
    foretell: () => {
      const { words, members } = group();
      lasts.disabled = way.value === "release";
      say(meant, members.length === 1 ? "Yes, this campaign is meant" : `Yes, all ${members.length} are meant`);
      const running = members.filter(({ state }) => state === "running").length;
      const end = `until ${until(lasts.value, status)}`;
      return {
        paused: `${first(words)}: those that dial are paused at once (${running} of ${members.length} run), and none is resumed ${end}.`,
        "as-is": `${first(words)}: from the next poll on none is commanded, ${end}.`,
        release: `${first(words)}: their holds end; from the next poll on their rules decide again. Those that are not held stay as they are.`,
      }[way.value];
    },
    lacking: () => (sure.checked ? [] : [`Say that ${manyInWords(group().members.length)} are meant.`]),
    ask: ({ reason, author }) => {
      const { asked } = group();
      if (way.value !== "release") return change("PUT", "api/v1/holds", { ...asked, kind: way.value, for: lasts.value, reason, author });
      return change("DELETE", `api/v1/holds?${released(asked, { reason, author })}`);
    },
    done,
  });
}

/** Has a button ask for it, where changes are allowed and there is more than one campaign; `narrowed` tells what the page shows of them. */
export function offer(button, status, narrowed, done) {
  button.hidden = !status.actions || status.campaigns.length < 2;
  button.onclick = () => ask(status, narrowed(), done);
}
