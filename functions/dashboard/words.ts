/** Figures, times and names as a person reads them. Names come from logs and may be anything; texts are only ever text. Pure. */
import type { Alert } from '../../shared/alert/state.ts';
import type { Category, Origin, RetryVerdict } from '../../shared/causes.ts';
import type { Dimension, Value } from '../../shared/summary.ts';

const NUMBER = new Intl.NumberFormat('en-GB');
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (n: number): string => NUMBER.format(n);
/** For a tile or an axis: 12.3K from ten thousand on. */
export const brief = (n: number): string => (Math.abs(n) < 10_000 ? NUMBER.format(n) : COMPACT.format(n));

/** 0–1 as per cent; what is not quite nothing or not quite all does not read as it. */
export function percent(share: number | null): string {
  if (share === null || Number.isNaN(share)) return '–';
  if (share <= 0) return '0 %';
  if (share < 0.001) return '< 0.1 %';
  if (share > 0.999 && share < 1) return '> 99.9 %';
  const digits = share < 0.0995 || (share > 0.9 && share < 1) ? 1 : 0;
  return `${Number((100 * share).toFixed(digits))} %`;
}

/** All times are UTC, as in the messages. */
export const clock = (time: string | number, withSeconds = false): string =>
  new Date(time).toISOString().slice(11, withSeconds ? 19 : 16);
export const day = (time: string | number): string => new Date(time).toISOString().slice(0, 10);
export const moment = (time: string | number, besideMs?: number): string =>
  besideMs !== undefined && day(time) === day(besideMs) ? clock(time) : `${day(time)} ${clock(time)}`;

/** `2 h 5 min`: two units at most. */
export function lasted(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'min'],
  ] as const;
  const first = parts.findIndex(([n]) => n > 0);
  const said = parts.slice(first, first + 2).filter(([n]) => n > 0);
  return said.map(([n, unit]) => `${n} ${unit}`).join(' ');
}

const UNSAID = 'not in the logs';
const LONGEST = 128;

/** A name out of a log: no control, format or direction characters, and not longer than can be read. */
export function shown(value: Value | undefined, longest = LONGEST): string {
  if (value === null || value === undefined || value === '') return UNSAID;
  const clean = String(value)
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
  const points = [...clean.slice(0, 4 * longest)];
  if (points.length === 0) return '(no name)';
  return points.length <= longest ? points.join('') : `${points.slice(0, longest - 1).join('')}…`;
}

export const DIMENSION_WORDS: Readonly<Record<Dimension, readonly [one: string, many: string]>> = {
  cause: ['cause', 'Causes'],
  status: ['status', 'Statuses'],
  category: ['category', 'Categories'],
  model: ['model', 'Models'],
  provider: ['provider', 'Providers'],
  tenant: ['tenant', 'Tenants'],
  project: ['project', 'Projects'],
  key: ['key', 'Keys'],
  logGroup: ['log group', 'Log groups'],
};

/** In the order of the words above, of which the type demands every one; `shared/` would bring the whole catalogue along. */
export const DIMENSIONS = Object.keys(DIMENSION_WORDS) as Dimension[];

export const CATEGORY_WORDS: Readonly<Record<Category, readonly [name: string, meaning: string]>> = {
  throttle: ['Throttled', 'rate limits, budgets and quotas'],
  transient: ['Service failing', '5xx: overload, maintenance, internal errors'],
  connection: ['No answer', 'time-outs, cut streams, network'],
  request: ['Refused request', '4xx: the call itself must change'],
};

export const ORIGIN_WORDS: Readonly<Record<Origin, string>> = {
  gateway: 'the gateway',
  provider: 'the provider',
  edge: 'the network edge',
  client: 'the client',
  platform: 'the platform it runs on',
  unknown: 'not told by the cause alone',
};

/** What a retry verdict means, short enough for a badge, and in full. */
export const RETRY_WORDS: Readonly<Record<RetryVerdict, readonly [badge: string, sentence: string]>> = {
  never: ['Do not retry', 'Retrying does not help: the same call will fail again.'],
  backoff: ['Retry with back-off', 'Retry with exponential back-off and jitter.'],
  'long-backoff': ['Retry, but wait long', 'Retry, but wait clearly longer than after a 500.'],
  'after-reset': ['Retry after the reset', 'Retry only once the limit has been raised or has reset.'],
  'if-idempotent': ['Retry if harmless twice', 'Retry only if sending the call twice does no harm.'],
};

/** A value of a dimension; a cause is called by its title where the catalogue is known. */
export function valueWords(
  dimension: Dimension,
  value: Value | undefined,
  titles?: ReadonlyMap<string, string>,
): string {
  if (value === null || value === undefined || value === '') return dimension === 'status' ? 'no status' : UNSAID;
  if (dimension === 'category')
    return Object.entries(CATEGORY_WORDS).find(([id]) => id === value)?.[1][0] ?? shown(value);
  if (dimension === 'cause') return titles?.get(String(value)) ?? shown(String(value).replaceAll('_', ' '));
  return shown(value);
}

const GROUP_WORDS: Readonly<Record<Alert['group'], string>> = {
  e429: 'Calls throttled',
  e5xx: 'Service failing',
  auth: 'Calls refused',
};

export function scopeWords({ by, value }: Alert['scope']): string {
  return by === 'all' ? 'all calls' : `${DIMENSION_WORDS[by][0]} ${shown(value)}`;
}

export function alertTitle({ causes, group }: Pick<Alert, 'causes' | 'group'>, titles: ReadonlyMap<string, string>) {
  const lead = causes[0]?.cause;
  return (lead !== undefined && lead !== 'unknown' && titles.get(lead)) || GROUP_WORDS[group];
}

const REASON_WORDS: ReadonlyMap<string, string> = new Map([
  ['unconfirmed', 'seen once, not confirmed yet'],
  ['reopened', 'back again within the hour'],
  ['wider', 'has spread to a wider scope'],
  ['ten-times-as-many', 'ten times as many failures as when last told'],
  ['no-traffic', 'nobody calls at the moment, so nothing shows that it is over'],
  ['recovered', 'calls are back to normal'],
  ['silence', 'closed after an hour without calls'],
  ['found-late', 'it was over before its log data came'],
  ['blip', 'over before it was confirmed'],
]);
/** Reasons are closed names of ours; one that is new is shown as it is. */
export const reasonWords = (reason: string): string => REASON_WORDS.get(reason) ?? shown(reason.replaceAll('-', ' '));
