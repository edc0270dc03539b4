// Times and spans in words, on the clock of the zone that the daemon names: everybody who looks at it reads the same times. The daemon's own
// time is what "today" means: in a demonstration it is another day.

let shown = formats();
let name = shown.hours.resolvedOptions().timeZone;

function formats(timeZone) {
  const format = (fields) => new Intl.DateTimeFormat(undefined, { ...fields, timeZone });
  return {
    hours: format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    seconds: format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    day: format({ day: "numeric", month: "short" }),
    weekday: new Intl.DateTimeFormat("en", { weekday: "long", timeZone }),
    parts: new Intl.DateTimeFormat("en", {
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23", timeZone,
    }),
  };
}

/** From here on times are those of this zone; a name that this browser does not know leaves them on its own clock. */
export function showIn(zoneName) {
  if (!zoneName || zoneName === name) return;
  try {
    shown = formats(zoneName);
    // As the daemon says it: a browser may know the zone by an older name.
    name = zoneName;
  } catch {
    // `zone` goes on to tell which clock is shown.
  }
}

/** What the clock of the zone shows at a time, as milliseconds of a clock that shows universal time. */
function onClock(at) {
  const part = Object.fromEntries(shown.parts.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
}

/** A time at which the clock of the zone shows this. */
function whenShown(wanted) {
  const off = (at) => onClock(at) - Math.floor(at / 1000) * 1000;
  const near = wanted - off(wanted);
  return wanted - off(near);
}

/** Milliseconds since the epoch, of a time as the daemon writes it. */
export function ms(text) {
  return Date.parse(text);
}

function dated(format, at, now) {
  const clock = format.format(at);
  const day = shown.day.format(at);
  return day === shown.day.format(now) ? clock : `${day}, ${clock}`;
}

/** A time of day, with its date when it is not today's. */
export function clock(at, now) {
  return dated(shown.hours, at, now);
}

/** The start of the day of a time, or of a day so many before it. */
export function startOfDay(at, daysBefore) {
  const day = new Date(onClock(at));
  return whenShown(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() - daysBefore));
}

/** The name of a weekday. */
export function weekday(at) {
  return shown.weekday.format(at);
}

/** The name of the zone by which times are shown. */
export function zone() {
  return name;
}

/** The same to the second. */
export function clockToSecond(at, now) {
  return dated(shown.seconds, at, now);
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
