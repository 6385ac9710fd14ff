/** What the findings look at: the minutes of an alert's scope, before it began and since, in sums. */
import { type FailureGroup, groupOf, type Scope } from '../detect.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from '../window.ts';

/** One statement about an alert that a person can check, with the figures it is made of. */
export interface Finding {
  readonly kind:
    | 'share'
    | 'budget'
    | 'burst'
    | 'stuck'
    | 'limit'
    | 'noisiest'
    | 'retries'
    | 'larger-calls'
    | 'first-seen'
    | 'new-cause';
  readonly figures: Readonly<Record<string, number | string>>;
  readonly says: string;
}

/** What the findings need to know of an alert. */
export interface Told {
  readonly group: FailureGroup;
  readonly scope: Scope;
  readonly sinceMs: number;
  readonly causes: readonly { readonly cause: string }[];
}

export interface Minute {
  readonly windowMs: number;
  /** Of the scope only. */
  readonly cells: readonly CountedCell[];
}

export interface Scene {
  readonly told: Told;
  readonly lead: string;
  readonly atMs: number;
  /** Minutes of the history before it began, whether or not the scope was in use. */
  readonly before: readonly Minute[];
  readonly during: readonly Minute[];
  /** Of all scopes, since it began. */
  readonly beside: readonly CountedCell[];
  /** Of all scopes, before it began: what else the logs name. */
  readonly elsewhere: readonly CountedCell[];
}

export interface Sum {
  readonly calls: number;
  readonly attempts: number;
  /** Calls that succeeded, and their tokens as far as the logs say. */
  readonly passed: number;
  readonly tokens: number;
  /** Calls that said their tokens. */
  readonly counted: number;
  /** Calls that failed in the way the alert is about. */
  readonly refused: number;
}

export const isIn = (cell: CountedCell, { by, value }: Scope): boolean => by === 'all' || cell[by] === value;
export const isRefused = (cell: CountedCell, group: FailureGroup): boolean =>
  cell.kind === 'failure' && groupOf(cell) === group;

export function sumOf(cells: readonly CountedCell[], group: FailureGroup): Sum {
  const sum = { calls: 0, attempts: 0, passed: 0, tokens: 0, counted: 0, refused: 0 };
  for (const cell of cells) {
    sum.calls += cell.calls;
    sum.attempts += cell.attempts;
    if (cell.kind === 'success') sum.passed += cell.calls;
    sum.tokens += cell.tokens ?? 0;
    if (cell.tokens !== undefined) sum.counted += cell.calls;
    if (isRefused(cell, group)) sum.refused += cell.calls;
  }
  return sum;
}

export const cellsOf = (minutes: readonly Minute[]): CountedCell[] => minutes.flatMap(({ cells }) => cells);

export function sceneOf(told: Told, rollUps: readonly RollUp[], atMs: number): Scene {
  const minutes = rollUps
    .filter(({ windowMs }) => windowMs < atMs)
    .sort((a, b) => a.windowMs - b.windowMs)
    .map(({ windowMs, cells }) => ({ windowMs, cells: cells.filter((cell) => isIn(cell, told.scope)) }));
  const of = (is: (windowMs: number) => boolean) =>
    rollUps.filter(({ windowMs }) => windowMs < atMs && is(windowMs)).flatMap(({ cells }) => cells);
  return {
    told,
    lead: told.causes[0]?.cause ?? 'unknown',
    atMs,
    before: minutes.filter(({ windowMs }) => windowMs < told.sinceMs),
    during: minutes.filter(({ windowMs }) => windowMs >= told.sinceMs),
    beside: of((windowMs) => windowMs >= told.sinceMs),
    elsewhere: of((windowMs) => windowMs < told.sinceMs),
  };
}

/** The minutes that failed, without the first of them, in which it had not failed from the start. */
export function failingMinutes({ during, told }: Scene): Minute[] {
  const failing = during.filter(({ cells }) => cells.some((cell) => isRefused(cell, told.group)));
  return failing.length > 2 ? failing.slice(1) : failing;
}

/** Successes of the scope show in the logs: only then does their absence mean anything. Not every line names its key. */
export const showsSuccess = ({ before, during, told: { scope } }: Scene): boolean =>
  scope.by === 'all' ||
  scope.by === 'logGroup' ||
  cellsOf([...before, ...during]).some((cell) => cell.kind === 'success');

export const perMinute = (n: number, minutes: readonly Minute[]): number => n / Math.max(1, minutes.length);

/** Length of the history before it began. */
export const historyMs = ({ before, told }: Scene): number =>
  before[0] === undefined ? 0 : Math.floor((told.sinceMs - before[0].windowMs) / MINUTE_MS) * MINUTE_MS;
