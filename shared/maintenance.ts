/**
 * What a person may ask not to be told about, and the hours of the week in which that is so: maintenance windows. A window
 * is said in local time; it follows its time zone through summer time, so an hour that a clock skips or repeats is skipped
 * or repeated too.
 */
import type { Read } from './setting-values.ts';

/** What can be silenced. All that are given must fit; a value is compared as it is shown. */
export const FILTERS = [
  ...(['cause', 'status', 'category', 'group'] as const),
  ...(['model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const),
] as const;
export type Filters = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>;

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Day = (typeof DAYS)[number];
const NAMES: readonly string[] = DAYS;

/** A recurring silence. One that ends at or before its beginning ends on the next day. */
export interface Maintenance {
  readonly days: readonly Day[];
  /** `HH:MM`; `to` is the first minute after it, and may be `24:00`. */
  readonly from: string;
  readonly to: string;
  /** An IANA name; UTC without it. */
  readonly timeZone?: string | undefined;
  /** What is silenced; `{}` is everything. */
  readonly filters: Filters;
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Weekday and minute of the day in a time zone. */
function localTime(atMs: number, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', weekday: 'short', hour: '2-digit', minute: '2-digit' },
  }).formatToParts(atMs);
  const part = (type: string): string => parts.find((it) => it.type === type)?.value ?? '';
  return {
    day: NAMES.indexOf(part('weekday').toLowerCase()),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

/** Whether a window is open; the hours after midnight belong to the day it began on. */
export function isOpen({ days, from, to, timeZone = 'UTC' }: Maintenance, atMs: number): boolean {
  const { day, minute } = localTime(atMs, timeZone);
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const isOn = (nth: number): boolean => days.some((name) => name === DAYS[(nth + 7) % 7]);
  if (begin < end) return isOn(day) && minute >= begin && minute < end;
  return (isOn(day) && minute >= begin) || (isOn(day - 1) && minute < end);
}

/** `maintenance sat 22:00-02:00 Europe/Berlin`: what an alert that it silences shows. */
export const nameOf = ({ days, from, to, timeZone = 'UTC' }: Maintenance): string =>
  `maintenance ${days.join(' ')} ${from}-${to} ${timeZone}`;

// Reading what a person wrote.

const MOST_WINDOWS = 20;
const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const EXAMPLE = '{"days": ["sat"], "from": "22:00", "to": "02:00", "filters": {"provider": "openai"}}';

const isDay = (day: unknown): day is Day => typeof day === 'string' && NAMES.includes(day);
const isClock = (time: unknown): time is string => typeof time === 'string' && CLOCK.test(time);
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 128;
const fieldsOf = (input: unknown): Readonly<Record<string, unknown>> | null =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input } : null;

function isTimeZone(name: unknown): boolean {
  try {
    return typeof name === 'string' && new Intl.DateTimeFormat('en-US', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** What is wrong with one window. */
function problemsOf(input: unknown): string[] {
  const window = fieldsOf(input);
  if (window === null) return [`must be like ${EXAMPLE}`];
  const { days, from, to, timeZone = 'UTC', filters, ...rest } = window;
  const given = fieldsOf(filters);
  const checks: [boolean, string][] = [
    [Array.isArray(days) && days.length > 0 && days.every(isDay), `days must be a list out of ${DAYS.join(' ')}`],
    [isClock(from), 'from must be a time like "22:00"'],
    [isClock(to) || to === '24:00', 'to must be a time like "02:00", or "24:00"'],
    [from !== to, 'from and to are the same; a whole day is from "00:00" to "24:00"'],
    [isTimeZone(timeZone), 'timeZone must be a name like "Europe/Berlin"; without it UTC is meant'],
    [given !== null, 'filters must say what is silenced, like {"provider": "openai"}; {} is everything'],
    ...Object.entries(given ?? {}).map(([name, value]): [boolean, string] =>
      FILTERS.some((filter) => filter === name)
        ? [isText(value), `filters.${name} must be a text`]
        : [false, `filters.${name.slice(0, 40)} is not known; known are ${FILTERS.join(' ')}`],
    ),
    ...Object.keys(rest).map((name): [boolean, string] => [false, `${name.slice(0, 40)} is not known`]),
  ];
  return checks.flatMap(([isGood, problem]) => (isGood ? [] : [problem]));
}

const isWindow = (input: unknown): input is Maintenance => problemsOf(input).length === 0;

/** The setting `maintenance`: a list of windows, from the command line as JSON. */
export function maintenance(input: unknown): Read<readonly Maintenance[]> {
  const list = typeof input === 'string' ? parsed(input) : input;
  if (!Array.isArray(list)) return { problems: [`must be a list of windows like [${EXAMPLE}]`] };
  if (list.length > MOST_WINDOWS) return { problems: [`has ${list.length} windows; at most ${MOST_WINDOWS} fit`] };
  const [first, ...rest] = list.flatMap((window, nth) =>
    problemsOf(window).map((problem) => `window ${nth + 1}: ${problem}`),
  );
  return first === undefined ? { value: list.filter(isWindow) } : { problems: [first, ...rest] };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
