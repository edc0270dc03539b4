// Times and spans in words. The daemon's own time is what "today" means: in a demonstration it is another day.

const HOURS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** Milliseconds since the epoch, of a time as the daemon writes it. */
export function ms(text) {
  return Date.parse(text);
}

function dated(format, at, now) {
  const clock = format.format(at);
  return new Date(at).toDateString() === new Date(now).toDateString() ? clock : `${DAY.format(at)}, ${clock}`;
}

/** A time of day, with its date when it is not today's. */
export function clock(at, now) {
  return dated(HOURS, at, now);
}

/** The start of the day of a time, or of a day so many before it, on the clock of this browser. */
export function startOfDay(at, daysBefore) {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - daysBefore).getTime();
}

const WEEKDAY = new Intl.DateTimeFormat("en", { weekday: "long" });

/** The name of a weekday. */
export function weekday(at) {
  return WEEKDAY.format(at);
}

/** The name of the zone by which times are shown. */
export function zone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The same to the second. */
export function clockToSecond(at, now) {
  return dated(SECONDS, at, now);
}

/** A sentence of the daemon with its times as people here read them. */
export function local(text, now) {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) => clock(ms(time), now));
}

/** A daemon's fragment as a sentence. */
export function sentence(text, now) {
  const begun = local(text.charAt(0).toUpperCase() + text.slice(1), now);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** A span in one or two units: `45 s`, `3 min`, `2 h 5 min`, `3 d 4 h`. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const two = (big, unit, small, smaller) => (small ? `${big} ${unit} ${small} ${smaller}` : `${big} ${unit}`);
  if (hours < 48) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}
