/**
 * Counting exactly once. Every delivered batch becomes immutable contributions, one per minute it touches. A contribution
 * names the log events it counted; the fold is a union over those names, so repeats, re-cut batches and backfills change
 * nothing. All stored figures are results of a fold (`fold.ts`), written with SET, never with ADD.
 */
import { hash } from 'node:crypto';
import type { CauseId } from './causes.ts';
import type { Stated } from './stated.ts';

export const MINUTE_MS = 60_000;

/** What is counted together: one combination of these values. `null` where the logs do not say. */
export interface Cell {
  readonly kind: 'success' | 'failure';
  readonly status: number | null;
  readonly cause: CauseId | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly tenant: string | null;
  readonly project: string | null;
  /** Alias of the virtual key, or `key:` and its salted hash. */
  readonly key: string | null;
  readonly logGroup: string | null;
}

/**
 * What one log event says about one call, smallest first: it belongs to a call that another event ends (`part`), it is a
 * try or retry notice whose end is unknown (`attempt`), it ends the call badly (`final`) or well (`success`).
 * In a union the greater rank of an event wins, except that `part` wins over `attempt` and `final`: a batch that saw more
 * of the stream knew better.
 */
export type Rank = 'part' | 'attempt' | 'final' | 'success';

export interface Entry {
  /** 16 hexadecimal digits naming the log event: a function of its content only. */
  readonly event: string;
  /** 16 hexadecimal digits naming the call; equal to `event` when nothing joins it to other events. */
  readonly call: string;
  readonly rank: Rank;
  /** Index into the contribution's `cells`. */
  readonly cell: number;
  /** Tries this event attests for its call, at least 1. */
  readonly attempts: number;
  /** Prompt and answer together, where a success says so. */
  readonly tokens?: number;
}

/** A cell of a contribution, with what its refusals state of a limit. */
export interface StatedCell extends Cell {
  readonly stated?: readonly Stated[];
}

/** The law of every batch: received = counted + notCall + malformed + tooLate (log events, not calls). */
export interface Totals {
  readonly received: number;
  readonly counted: number;
  readonly notCall: number;
  readonly malformed: number;
  readonly tooLate: number;
}

/** The immutable counts of one delivered batch for one minute. */
export interface Contribution {
  /** Start of the minute, milliseconds since the epoch. */
  readonly windowMs: number;
  /** Named by content: 26 digits to base 32 for the minute, the stream and the events delivered. The same delivery always has the same key. */
  readonly key: string;
  /** 16 hexadecimal digits naming the log stream: tells where it came from without saying it. */
  readonly source: string;
  /** SHA-256 of the content below. The same key with another digest is a fault, never an overwrite. */
  readonly digest: string;
  /** Version of the classifier that made it. */
  readonly classifier: number;
  readonly totals: Totals;
  /** Skipped events by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Log events that nobody could name or read, by signature (`signature.ts`). */
  readonly signatures?: Readonly<Record<string, number>>;
  readonly cells: readonly StatedCell[];
  readonly entries: readonly Entry[];
}

export type Granularity = 'minute' | 'hour' | 'day';

/** A cell with its true counts. */
export interface CountedCell extends StatedCell {
  readonly calls: number;
  readonly attempts: number;
  /** Successful calls that needed more than one try. */
  readonly recovered: number;
  /** Tokens of successful calls, as far as the logs say. */
  readonly tokens?: number;
  /** First and last minute in which the cell was counted. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The stored result of folding all contributions of a window. */
export interface RollUp {
  readonly granularity: Granularity;
  readonly windowMs: number;
  /** Contributions folded in. Only grows, so a stale fold can be refused. */
  readonly contributions: number;
  readonly totals: Totals;
  readonly skipped: Readonly<Record<string, number>>;
  readonly signatures?: Readonly<Record<string, number>>;
  readonly cells: readonly CountedCell[];
}

export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const SPAN_MS: Readonly<Record<Granularity, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };
export const windowOf = (atMs: number, granularity: Granularity = 'minute'): number =>
  Math.floor(atMs / SPAN_MS[granularity]) * SPAN_MS[granularity];

export const NO_TOTALS: Totals = { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 };

export const addTotals = (a: Totals, b: Totals): Totals => ({
  received: a.received + b.received,
  counted: a.counted + b.counted,
  notCall: a.notCall + b.notCall,
  malformed: a.malformed + b.malformed,
  tooLate: a.tooLate + b.tooLate,
});

/**
 * The name under which rare values are summed once a window has more combinations than it may keep. No value that passes
 * the door (`redact.ts`) begins with a bracket, so a model called `other` is not mistaken for it.
 */
export const OTHER = '(other)';

/** The law of §5: nothing that was received is lost or counted in two places. */
export const lawHolds = (t: Totals): boolean => t.received === t.counted + t.notCall + t.malformed + t.tooLate;

/** 16 hexadecimal digits naming a log event or a call by what it is, never by when it arrived. */
export const nameOf = (...parts: readonly string[]): string => sha256(parts.join('\u0000')).slice(0, 16);

export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** Sums figures that carry the same name, ordered by name; names come from logs and may be anything. */
export function sumByName(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const part of parts) for (const [name, n] of Object.entries(part)) sums.set(name, (sums.get(name) ?? 0) + n);
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
