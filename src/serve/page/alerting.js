// What the page says to somebody who looks elsewhere: the tab's title and icon, and by choice a browser notice and a sound.

import { mark } from "./dom.js";
import { old } from "./freshness.js";
import { belongs } from "./standing.js";

const NAME = "Campaign autopilot";

const KEPT_AS = "campaign-autopilot-alerting";

/** Shapes of the icon, so that it does not speak by colour alone. */
const SHAPES = {
  bad: { colour: "#b01f2c", path: "M14 6h4v13h-4zm0 16h4v4h-4z" },
  pause: { colour: "#8a4a00", path: "M9 8h5v16H9zm9 0h5v16h-5z" },
  ok: { colour: "#0b6a45", path: "M11 7v18l14-9z" },
  off: { colour: "#4a5663", path: "M9 14h14v4H9z" },
};

function picture(tone) {
  const { colour, path } = SHAPES[tone];
  const ground = `<rect width='32' height='32' rx='8' fill='${colour}'/>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>${ground}<path fill='#fff' d='${path}'/></svg>`)}`;
}

/** What the tab says of a view: the worst that there is. */
function stateOf(view) {
  const { status, connection } = view;
  if (connection === "token") return ["off", "Token wanted"];
  if (connection === "lost") return ["bad", "Connection lost"];
  if (!status) return ["off", null];
  if (status.ended) return ["off", "Ended"];
  if (!status.alive) return ["bad", "The loop is silent"];
  if (old(view)) return ["bad", "Old data"];
  if (!status.ready) return ["bad", "Not ready"];
  const many = (group) => status.campaigns.filter((campaign) => belongs(campaign, group)).length;
  const failing = many("failing");
  if (failing > 0) return ["bad", `${failing} not known or not read`];
  const [running, all] = [many("running"), status.campaigns.length];
  if (running < all) return ["pause", `${all - running} of ${all} do not dial`];
  return ["ok", all === 1 ? "Running" : `All ${all} running`];
}

/** Shows it in the tab's title and icon. */
export function showState(view) {
  const [tone, words] = stateOf(view);
  const title = words ? `${words} – ${NAME}` : NAME;
  if (document.title !== title) document.title = title;
  mark(document.querySelector('link[rel="icon"]'), "href", picture(tone));
}

/** Two tones, the second lower. */
function beep() {
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.gain.value = 0.15;
  volume.connect(audio.destination);
  [880, 660].forEach((frequency, n) => {
    const tone = audio.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(volume);
    tone.start(audio.currentTime + n * 0.2);
    tone.stop(audio.currentTime + n * 0.2 + 0.18);
    if (n === 1) tone.onended = () => audio.close();
  });
}

/** Notices of the browser and a sound, each only after somebody has asked for it in this browser. */
export class Alerting {
  constructor({ notices, sound }) {
    this.wanted = { notices: false, sound: false, ...JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") };
    const allowed = () => "Notification" in window && Notification.permission === "granted";
    const keep = () => localStorage.setItem(KEPT_AS, JSON.stringify(this.wanted));
    this.wanted.notices &&= allowed();
    notices.checked = this.wanted.notices;
    notices.disabled = !("Notification" in window);
    sound.checked = this.wanted.sound;
    notices.addEventListener("change", async () => {
      if (notices.checked && !allowed()) await Notification.requestPermission();
      this.wanted.notices = notices.checked && allowed();
      notices.checked = this.wanted.notices;
      keep();
    });
    sound.addEventListener("change", () => {
      this.wanted.sound = sound.checked;
      keep();
      if (sound.checked) beep();
    });
  }

  /** Tells what has happened to those who asked for it; a notice only where the page is not looked at. */
  tell(words) {
    if (this.wanted.sound) beep();
    if (this.wanted.notices && document.hidden) new Notification(NAME, { body: words, tag: NAME });
  }
}
