// The daemon's API: requests with the token where one is needed, and the events by `fetch`, because an `EventSource` cannot
// send a header.

const KEPT_AS = "campaign-autopilot-token";

/** The daemon sends something each 15 s; a connection that is silent for longer is dead. */
const LONGEST_SILENCE_MS = 40_000;

/** Between two tries to connect, the shortest and the longest. */
const AGAIN_MS = [500, 8_000];

/** Where every place among the followers is taken, the status is asked for this often. */
const BETWEEN_LOOKS_MS = 5_000;

/** An answer that is no success, with the daemon's own words. */
export class Refused extends Error {
  constructor(status, kind, faults) {
    super(faults.join("\n"));
    this.status = status;
    this.kind = kind;
    this.faults = faults;
  }
}

/** The operators' token, as long as this tab is open. */
export const token = {
  get: () => sessionStorage.getItem(KEPT_AS),
  set: (text) => sessionStorage.setItem(KEPT_AS, text),
  forget: () => sessionStorage.removeItem(KEPT_AS),
};

// Cookies go along: a proxy before the daemon may know people by them. The daemon itself has none.
async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  const known = token.get();
  if (known) headers.set("Authorization", `Bearer ${known}`);
  const response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "same-origin" });
  if (response.ok) return response;
  const fault = await response.json().catch(() => ({ error: "answer", faults: [`the daemon answered ${response.status}`] }));
  throw new Refused(response.status, fault.error, fault.faults ?? []);
}

/** A document. */
export async function get(path, signal) {
  return (await send(path, { signal })).json();
}

/** A change; `body` goes as JSON. */
export async function change(method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  return (await send(path, { method, headers, body: body && JSON.stringify(body) })).json();
}

/** The address of a campaign, and of what belongs to it. */
export function campaign(id, ...rest) {
  return ["api/v1/campaigns", encodeURIComponent(id), ...rest].join("/");
}

/** Takes whole events out of a stream of bytes and gives their data. */
async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  let searched = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      waiting += value;
      for (;;) {
        const end = waiting.indexOf("\n\n", searched);
        if (end < 0) {
          searched = Math.max(0, waiting.length - 1);
          break;
        }
        const lines = waiting.slice(0, end).split("\n");
        waiting = waiting.slice(end + 2);
        searched = 0;
        const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
        if (data.length > 0) yield data.join("\n");
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function pause(millis) {
  return new Promise((go) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      go();
    };
    const timer = setTimeout(over, millis);
    addEventListener("online", over);
  });
}

/**
 * Follows the daemon for as long as it may. Tells each status, and how the connection is: `live`, `lost`, or `token` when the
 * daemon wants one (then it has ended, and is to be called again with one).
 */
export async function follow({ onStatus, onConnection }) {
  let failed = 0;
  for (;;) {
    const abort = new AbortController();
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), LONGEST_SILENCE_MS);
    };
    try {
      heard();
      const response = await send("api/v1/events", { signal: abort.signal });
      for await (const data of events(response.body, heard)) {
        failed = 0;
        onConnection("live");
        onStatus(JSON.parse(data));
      }
      // The daemon ends each stream after some minutes. A first try anew shows whether it is still there.
      if (failed === 0) {
        failed = 1;
        continue;
      }
    } catch (fault) {
      if (fault instanceof Refused && fault.status === 401) {
        onConnection("token", fault.message);
        return;
      }
      if (fault instanceof Refused && fault.kind === "busy") {
        try {
          onStatus(await get("api/v1/status"));
          onConnection("live");
          failed = 0;
          await pause(BETWEEN_LOOKS_MS);
          continue;
        } catch {
          // It has gone since.
        }
      }
      onConnection("lost", fault instanceof Refused ? fault.message : "the daemon cannot be reached");
    } finally {
      clearTimeout(silence);
      abort.abort();
    }
    const [shortest, longest] = AGAIN_MS;
    await pause(Math.min(longest, shortest * 2 ** failed) * (0.75 + Math.random() / 2));
    failed += 1;
  }
}
