/**
 * One written date and time at a known place of a text. Every reader looks at a fixed number of characters, so none can be
 * made slow by a hostile line.
 */

const DAY_MS = 86_400_000;
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
  const year = digits(text, at, 4);
  if (year < 0) return slashStampAt(text, at);
  const dash = text[at + 4];
  if ((dash !== '-' && dash !== '/') || text[at + 7] !== dash) return null;
  const clock = clockStart(text, at + 10);
  return clock < 0 ? null : moment(text, { year, month: digits(text, at + 5, 2), day: digits(text, at + 8, 2), clock });
}

/** Apache and nginx: `22/Nov/2026:14:23:01 +0000`. */
export function accessStampAt(text: string, at: number): number | null {
  if (text[at + 2] !== '/' || text[at + 6] !== '/' || text[at + 11] !== ':') return null;
  const month = monthAt(text, at + 3);
  return moment(text, { year: digits(text, at + 7, 4), month, day: digits(text, at, 2), clock: at + 12 });
}

/** Syslog's `Nov 22 14:23:01` and vLLM's `11-22 14:23:01`, in the year that puts them closest to `nearMs`. */
export function yearlessStampAt(text: string, at: number, nearMs: number): number | null {
  const found = yearlessDate(text, text[at] === '<' ? text.indexOf('>', at) + 1 : at);
  if (!found || text[found.clock + 2] !== ':') return null;
  const year = new Date(nearMs).getUTCFullYear();
  let best: number | null = null;
  for (const candidate of [year - 1, year, year + 1]) {
    const ms = moment(text, { ...found, year: candidate });
    if (ms !== null && (best === null || Math.abs(ms - nearMs) < Math.abs(best - nearMs))) best = ms;
  }
  return best;
}

function yearlessDate(text: string, at: number): { month: number; day: number; clock: number } | null {
  const month = monthAt(text, at);
  if (month > 0) {
    const day = text[at + 4] === ' ' ? digits(text, at + 5, 1) : digits(text, at + 4, 2);
    return text[at + 6] === ' ' ? { month, day, clock: at + 7 } : null;
  }
  if (text[at + 2] !== '-' || text[at + 5] !== ' ') return null;
  return { month: digits(text, at, 2), day: digits(text, at + 3, 2), clock: at + 6 };
}

/** Month first, as Python's `%m/%d/%Y` prints it, unless the first number can only be a day. */
function slashStampAt(text: string, at: number): number | null {
  if (text[at + 2] !== '/' || text[at + 5] !== '/') return null;
  const year = digits(text, at + 6, 4);
  const clock = clockStart(text, at + 10);
  if (year < 0 || clock < 0) return null;
  const [first, second] = [digits(text, at, 2), digits(text, at + 3, 2)];
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
  if (month < 1 || month > 12 || day < 1 || day > 31 || year < 0) return null;
  if (day > 28 && new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return null;
  const hour = digits(text, clock, 2);
  const minute = digits(text, clock + 3, 2);
  if (text[clock + 2] !== ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59) return null;
  const second = text[clock + 5] === ':' ? digits(text, clock + 6, 2) : -1;
  if (second > 60) return null;
  const { ms, end } = second < 0 ? { ms: 0, end: clock + 5 } : fraction(text, clock + 8);
  const seconds = hour * 3600 + minute * 60 + (second < 0 ? 0 : second);
  return plausible(dayNumber(year, month, day) * DAY_MS + seconds * 1000 + ms - zoneMs(text, end));
}

/** Days since 1970-01-01, in whole numbers: Date.UTC is the slowest step of reading a log line. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const sinceMarch = ((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0;
  return y * 365 + ((y / 4) | 0) - ((y / 100) | 0) + ((y / 400) | 0) + sinceMarch + day - 719_469;
}

const PLACES = [0, 100, 10, 1] as const;

/** `.598`, `,598`, `.598000123`: the first three digits count. */
function fraction(text: string, at: number): { ms: number; end: number } {
  const mark = text.charCodeAt(at);
  if (mark !== 46 && mark !== 44) return { ms: 0, end: at };
  let ms = 0;
  let end = at + 1;
  for (; end < at + 13; end++) {
    const digit = text.charCodeAt(end) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    if (end <= at + 3) ms += digit * (PLACES[end - at] ?? 0);
  }
  return { ms, end };
}

/** Offset from UTC: `Z`, `+01:00`, `+0100`, `+01`, also after one space; none is UTC. */
function zoneMs(text: string, at: number): number {
  const spaced = text.charCodeAt(at) === 32;
  const sign = spaced ? at + 1 : at;
  const code = text.charCodeAt(sign);
  if (code !== 43 && code !== 45) return 0;
  const hours = digits(text, sign + 1, 2);
  const minutes = digits(text, text[sign + 3] === ':' ? sign + 4 : sign + 3, 2);
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

/** The number written in exactly `count` digits, or -1. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}
