/**
 * How values and verdicts are worded, in one place for messages, findings, channels and the command line. Names of models,
 * keys, tenants … come from logs, so they pass `printable` first; a mail program must not make a link of one.
 */
import type { RetryVerdict } from './causes.ts';
import type { Scope } from './detect.ts';
import { MINUTE_MS } from './window.ts';

const VALUE_LENGTH = 128;

/** A value from a log, made fit to be shown: no control, format or lone surrogate characters, 128 code points at most. */
export function printable(value: string): string {
  const clean = value
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
  const points = [...clean];
  if (points.length === 0) return '(no name)';
  return points.length <= VALUE_LENGTH ? clean : `${points.slice(0, VALUE_LENGTH - 1).join('')}…`;
}

const inert = (value: string): string => printable(value).replace(/:\/\//g, ': //');

/** `logGroup` as "log group", as it stands in a sentence. */
export const kindWords = (by: string): string =>
  by === 'all' ? 'all calls' : by.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** The digits of a key that the logs name by no alias, or null. */
export const keyDigits = ({ by, value }: { readonly by: string; readonly value: string }): string | null =>
  by === 'key' ? (/^key:([0-9a-f]{8})$/.exec(value)?.[1] ?? null) : null;

/** "log group /app/a", "a key without an alias (#1a2b3c4d)", "all calls". */
export function scopeWords(scope: { readonly by: Scope['by'] | (string & {}); readonly value: string }): string {
  if (scope.by === 'all') return kindWords(scope.by);
  const digits = keyDigits(scope);
  return digits === null ? `${kindWords(scope.by)} ${inert(scope.value)}` : `a key without an alias (#${digits})`;
}

/** The same after its kind: "checkout-prod", "#1a2b3c4d (no alias)". */
export function nameWords(scope: { readonly by: string; readonly value: string }): string {
  const digits = keyDigits(scope);
  return digits === null ? inert(scope.value) : `#${digits} (no alias)`;
}

export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** As it stands within a sentence; an abbreviation keeps its capitals. */
export const lower = (text: string): string =>
  /^[A-Z]{2}/.test(text) ? text : text.slice(0, 1).toLowerCase() + text.slice(1);

/** Answers "Retry:". */
export const RETRY_WORDS: Readonly<Record<RetryVerdict, string>> = {
  never: 'no, the same call fails again',
  backoff: 'yes, with exponential back-off and jitter',
  'long-backoff': 'yes, but wait clearly longer than after a 500',
  'after-reset': 'only once the limit has been raised or has reset',
  'if-idempotent': 'only if sending the call twice does no harm',
};

/** "1 day 2 hours", "5 minutes"; at least a minute. */
export function lasted(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / MINUTE_MS));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const part = (n: number, unit: string) => (n === 0 ? [] : [`${n} ${unit}${n === 1 ? '' : 's'}`]);
  return [...part(days, 'day'), ...part(hours, 'hour'), ...(days > 0 ? [] : part(rest, 'minute'))].join(' ');
}

/** To three digits, for what is an estimate anyway. */
export const estimate = (n: number): string =>
  quantity(Number(n.toPrecision(n < 1000 ? 4 : 3)) < 1000 ? Math.round(n) : Number(n.toPrecision(3)));

/** A quantity with thousands marked, and two decimals where it has any. */
export function quantity(n: number): string {
  const [whole = '0', rest] = String(Number(n.toFixed(2))).split('.');
  const marked = Number(whole).toLocaleString('en-US');
  return rest === undefined ? marked : `${marked}.${rest.padEnd(2, '0')}`;
}
