// Times as Slack draws them; the people of the drill live in UTC.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December"];
const DAY_MS = 86_400_000;

const two = (number) => String(number).padStart(2, "0");
const minute = (date) => `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
const second = (date) => `${minute(date)}:${two(date.getUTCSeconds())}`;
const isoDay = (date) => date.toISOString().slice(0, 10);

/** The time of a message, from its `ts`. */
export const ofMessage = (ts) => new Date(Number(ts) * 1000);
export const clockMinute = minute;
export const clockSecond = second;
export const full = (date) => `${isoDay(date)} ${second(date)} UTC`;

/** A day as a divider between messages shows it. */
export function day(date, now) {
  return near(date, now) ?? long(date);
}

export const sameDay = (one, other) => isoDay(one) === isoDay(other);

/** Slack's date formats, such as `{date_short_pretty} {time_secs}`. */
export function formatted(format, date, now) {
  const pretty = (words) => near(date, now)?.toLowerCase() ?? words;
  const tokens = {
    date_num: isoDay(date),
    date: long(date),
    date_long: long(date),
    date_short: short(date),
    date_slash: isoDay(date).replaceAll("-", "/"),
    date_pretty: pretty(long(date)),
    date_long_pretty: pretty(long(date)),
    date_short_pretty: pretty(short(date)),
    time: minute(date),
    time_secs: second(date),
    ago: ago(now - date),
  };
  const known = (whole, name) => tokens[name] ?? whole;
  return format.replace(/\{([a-z_]+)\}/g, known);
}

function near(date, now) {
  if (sameDay(date, now)) return "Today";
  if (sameDay(date, new Date(now - DAY_MS))) return "Yesterday";
  if (sameDay(date, new Date(now.getTime() + DAY_MS))) return "Tomorrow";
  return null;
}

function long(date) {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

function short(date) {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()].slice(0, 3)} ${date.getUTCFullYear()}`;
}

function ago(ms) {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const words = minutes < 60 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return ms >= 0 ? `${words} ago` : `in ${words}`;
}
