/**
 * One written date and time at a known place of a text. Every reader looks at a fixed number of characters, so none can be
 * made slow by a hostile line.
 */

const COLON = 58;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2101, 0);

/** A time outside 2000–2100 is a number that only looks like one. */
export function plausible(ms: number): number | null {
  return ms >= EARLIEST && ms < LATEST ? Math.floor(ms) : null;
}

/** A count since the epoch in s, ms, µs or ns; its size tells which, within the plausible years. */
export function epochTimestamp(count: number): number | null {
  if (count < 1e11) return plausible(count * 1000);
  if (count < 1e14) return plausible(count);
  return plausible(count < 1e17 ? count / 1e3 : count / 1e6);
}

/** `2026-11-22T14:23:01.598Z`, `2026-11-22 14:23:01,598+0000`, `2026/11/22 - 14:23:01`, `11/22/2026 14:23:01`. */
export function stampAt(text: string, at: number): number | null {
  const year = four(text, at);
  if (year < 0) return slashStampAt(text, at);
  const dash = text.charCodeAt(at + 4);
  if ((dash !== 45 && dash !== 47) || text.charCodeAt(at + 7) !== dash) return null;
  const clock = clockStart(text, at + 10);
  return clock < 0 ? null : moment(text, { year, month: two(text, at + 5), day: two(text, at + 8), clock });
}

/** Apache and nginx: `22/Nov/2026:14:23:01 +0000`. */
export function accessStampAt(text: string, at: number): number | null {
  if (text.charCodeAt(at + 2) !== 47 || text.charCodeAt(at + 6) !== 47 || text[at + 11] !== ':') return null;
  const month = monthAt(text, at + 3);
  return moment(text, { year: four(text, at + 7), month, day: two(text, at), clock: at + 12 });
}

const DAY_MS = 86_400_000;

/** Syslog's `Nov 22 14:23:01` and vLLM's `11-22 14:23:01`, in the latest year that does not put them more than two days after `nearMs`: logs tell of the past. */
export function yearlessStampAt(text: string, at: number, nearMs: number): number | null {
  const found = yearlessDate(text, text[at] === '<' ? text.indexOf('>', at) + 1 : at);
  if (!found || text[found.clock + 2] !== ':') return null;
  const latestMs = nearMs + 2 * DAY_MS;
  const year = new Date(latestMs).getUTCFullYear();
  const inYear = (candidate: number) => moment(text, { ...found, year: candidate });
  const ms = inYear(year);
  return ms !== null && ms > latestMs ? inYear(year - 1) : ms;
}

function yearlessDate(text: string, at: number): { month: number; day: number; clock: number } | null {
  const month = monthAt(text, at);
  if (month > 0) {
    const day = text[at + 4] === ' ' ? text.charCodeAt(at + 5) - 48 : two(text, at + 4);
    return text[at + 6] === ' ' ? { month, day, clock: at + 7 } : null;
  }
  if (text[at + 2] !== '-' || text[at + 5] !== ' ') return null;
  return { month: two(text, at), day: two(text, at + 3), clock: at + 6 };
}

/** Month first, as Python's `%m/%d/%Y` prints it, unless the first number can only be a day. */
function slashStampAt(text: string, at: number): number | null {
  if (text.charCodeAt(at + 2) !== 47 || text.charCodeAt(at + 5) !== 47) return null;
  const year = four(text, at + 6);
  const clock = clockStart(text, at + 10);
  if (year < 0 || clock < 0) return null;
  const [first, second] = [two(text, at), two(text, at + 3)];
  return moment(
    text,
    first > 12 ? { year, month: second, day: first, clock } : { year, month: first, day: second, clock },
  );
}

interface Written {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Where `14:23:01…` begins. */
  readonly clock: number;
}

function moment(text: string, { year, month, day, clock }: Written): number | null {
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  const hour = two(text, clock);
  const minute = two(text, clock + 3);
  if (text.charCodeAt(clock + 2) !== COLON || hour < 0 || hour > 23 || minute < 0 || minute > 59) return null;
  const second = text.charCodeAt(clock + 5) === COLON ? two(text, clock + 6) : -1;
  if (second > 60) return null;
  const seconds = dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60;
  if (second < 0) return plausible(seconds * 1000 - zoneMs(text, clock + 5));
  const end = fractionEnd(text, clock + 8);
  return plausible((seconds + second) * 1000 + fractionMs(text, clock + 9, end) - zoneMs(text, end));
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Days since 1970-01-01, in whole numbers: Date.UTC is the slowest step of reading a log line. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const sinceMarch = ((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0;
  return y * 365 + ((y / 4) | 0) - ((y / 100) | 0) + ((y / 400) | 0) + sinceMarch + day - 719_469;
}

/** Where `.598`, `,598` or `.598000123` ends; `at` itself when there is no fraction. */
function fractionEnd(text: string, at: number): number {
  const mark = text.charCodeAt(at);
  if (mark !== 46 && mark !== 44) return at;
  let end = at + 1;
  while (end < at + 13 && isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** The first three digits count. */
function fractionMs(text: string, from: number, end: number): number {
  let ms = 0;
  let worth = 100;
  for (let at = from; at < end && at < from + 3; at++, worth /= 10) ms += (text.charCodeAt(at) - 48) * worth;
  return ms;
}

/** Offset from UTC: `Z`, `+01:00`, `+0100`, `+01`, also after one space; none is UTC. */
function zoneMs(text: string, at: number): number {
  const spaced = text.charCodeAt(at) === 32;
  const sign = spaced ? at + 1 : at;
  const code = text.charCodeAt(sign);
  if (code !== 43 && code !== 45) return 0;
  const hours = two(text, sign + 1);
  const minutes = two(text, text[sign + 3] === ':' ? sign + 4 : sign + 3);
  if (hours < 0 || hours > 14 || minutes > 59 || (spaced && minutes < 0)) return 0;
  const ms = hours * 3_600_000 + Math.max(minutes, 0) * 60_000;
  return code === 45 ? -ms : ms;
}

/** Between date and time stand `T`, one or two blanks, `, ` or Gin's ` - `. */
function clockStart(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === 84 || code === 116 || code === 9) return at + 1;
  if (code === 44) return text.charCodeAt(at + 1) === 32 ? at + 2 : -1;
  if (code !== 32) return -1;
  if (text.startsWith('- ', at + 1)) return at + 3;
  return text.charCodeAt(at + 1) === 32 ? at + 2 : at + 1;
}

function monthAt(text: string, at: number): number {
  const code = text.charCodeAt(at) | 32;
  // j f m a s o n d: most lines fail here, before a string is made.
  if (code < 97 || code > 115) return 0;
  return MONTHS.indexOf(text.slice(at, at + 3).toLowerCase()) + 1;
}

/** The number written in exactly two digits, or -1. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at);
  const ones = text.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(ones) ? tens * 10 + ones - 528 : -1;
}

function four(text: string, at: number): number {
  const high = two(text, at);
  const low = two(text, at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

/** NaN, beyond the end of the text, is none. */
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
