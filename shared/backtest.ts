/** What two settings would have told of the same input: which alerts both tell, and which only one of them. Pure. */
import type { Alert } from './alert.ts';
import { causeById } from './causes.ts';
import type { FailureGroup } from './detect.ts';
import type { PageClass, PageEvent } from './watch.ts';
import { MINUTE_MS } from './window.ts';
import { scopeWords } from './words.ts';

/** An alert that would have been sent. */
export interface Told {
  readonly what: string;
  /** Its scope in words, or the name of the series. */
  readonly where: string;
  readonly group: FailureGroup;
  readonly sinceMs: number;
  readonly firedMs: number;
  /** Null while it lasted at the end of the input. */
  readonly overMs: number | null;
  readonly calls: number;
  readonly failures: number;
  readonly normalShare: number;
  /** Messages about it: first, escalated, repeated, resolved. */
  readonly messages: number;
}

export interface Pair {
  readonly with: Told | null;
  readonly against: Told | null;
}

/** What begins this soon after the end of another is the same story. */
const APART_MS = 5 * MINUTE_MS;

const isSameTime = (a: Told, b: Told): boolean =>
  a.sinceMs <= (b.overMs ?? Number.POSITIVE_INFINITY) + APART_MS &&
  b.sinceMs <= (a.overMs ?? Number.POSITIVE_INFINITY) + APART_MS;

/** Pairs alerts of the same group and time, of the same place where there is one; the rest is told by one side only. */
export function difference(ours: readonly Told[], others: readonly Told[]): Pair[] {
  const left = [...others];
  const taken = new Map<Told, Told>();
  for (const isSamePlace of [true, false])
    for (const told of ours) {
      if (taken.has(told)) continue;
      const at = left.findIndex(
        (other) =>
          other.group === told.group && isSameTime(told, other) && (!isSamePlace || other.where === told.where),
      );
      const [other] = at < 0 ? [] : left.splice(at, 1);
      if (other !== undefined) taken.set(told, other);
    }
  const pairs: Pair[] = [
    ...ours.map((told) => ({ with: told, against: taken.get(told) ?? null })),
    ...left.map((told) => ({ with: null, against: told })),
  ];
  return pairs.sort((a, b) => firedOf(a) - firedOf(b));
}

const firedOf = (pair: Pair): number => pair.with?.firedMs ?? pair.against?.firedMs ?? 0;

export function toldOfAlert(alert: Alert, messages: number): Told | null {
  const { group, sinceMs, firedMs, resolvedMs, calls, failures, normalShare } = alert;
  if (firedMs === null) return null;
  const [lead] = alert.causes;
  const what = lead === undefined ? WHAT[group] : (causeById(lead.cause)?.title ?? lead.cause);
  const figures = { calls, failures, normalShare, messages };
  return { what, where: scopeWords(alert.scope), group, sinceMs, firedMs, overMs: resolvedMs, ...figures };
}

const WHAT: Readonly<Record<PageClass, string>> = {
  e429: 'Calls throttled',
  e5xx: 'Service failing',
  timeout: 'No answer',
  auth: 'Calls refused',
};

/** The pages of series, from their opening and closing. */
export function toldOfPages(events: readonly PageEvent[]): Told[] {
  const told: Told[] = [];
  const open = new Map<string, number>();
  for (const event of events) {
    const { series, calls, failures, normalShare, atMs } = event;
    const at = open.get(series);
    const before = at === undefined ? undefined : told[at];
    if (event.type === 'open') {
      const group = event.class === 'timeout' ? 'e5xx' : event.class;
      const figures = { calls, failures, normalShare, messages: 1 };
      open.set(series, told.length);
      told.push({
        what: WHAT[event.class],
        where: series,
        group,
        sinceMs: event.sinceMs ?? atMs,
        firedMs: atMs,
        overMs: null,
        ...figures,
      });
    } else if (at !== undefined && before !== undefined) {
      told[at] = { ...before, overMs: atMs, calls, failures, messages: 2 };
      open.delete(series);
    }
  }
  return told;
}
