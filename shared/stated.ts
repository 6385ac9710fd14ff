/**
 * What refusals state of the limit behind them: numbers and a closed vocabulary, never text. Kept per cell of a minute as
 * the largest and smallest values seen, so that order, repetition and the cut into batches do not matter; bounded, because
 * there are few dimensions and owners.
 */
import type { CallRecord, Limit } from './record.ts';

export interface Stated {
  /** Null where only a wait is stated. */
  readonly dimension: Limit['dimension'] | null;
  /** Whose limit it is, as the gateway names it; null for words that it is not known to use. */
  readonly owner: Owner | null;
  /** The largest of each; in the unit of the dimension, per minute for requests and tokens. */
  readonly limit: number | null;
  readonly used: number | null;
  readonly resetsAtMs: number | null;
  /** The wait that is asked for. A gateway may state its whole window here, which is no more than a hint. */
  readonly minRetryAfterMs: number | null;
  readonly maxRetryAfterMs: number | null;
}

const OWNERS = [
  'key',
  'team',
  'user',
  'end user',
  'organization',
  'project',
  'tag',
  'model',
  'model_per_key',
  'model_per_team',
  'model_per_project',
  'provider',
] as const;
export type Owner = (typeof OWNERS)[number];

type Of<T> = { -readonly [Field in keyof T]: T[Field] };
/** While it is summed. */
export type StatedSum = Of<Stated>[];

/** What one record states, or null. */
export function statedOf({ limit, retryAfterMs }: Pick<CallRecord, 'limit' | 'retryAfterMs'>): Stated | null {
  if (limit === null && retryAfterMs === null) return null;
  return {
    dimension: limit?.dimension ?? null,
    owner: OWNERS.find((owner) => owner === limit?.scope) ?? null,
    limit: limit?.limit ?? null,
    used: limit?.used ?? null,
    resetsAtMs: limit?.resetsAtMs ?? null,
    minRetryAfterMs: retryAfterMs,
    maxRetryAfterMs: retryAfterMs,
  };
}

const larger = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
const smaller = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

export function addStated(sum: StatedSum, said: Stated): void {
  const known = sum.find(({ dimension, owner }) => dimension === said.dimension && owner === said.owner);
  if (known === undefined) {
    sum.push({ ...said });
    return;
  }
  known.limit = larger(known.limit, said.limit);
  known.used = larger(known.used, said.used);
  known.resetsAtMs = larger(known.resetsAtMs, said.resetsAtMs);
  known.minRetryAfterMs = smaller(known.minRetryAfterMs, said.minRetryAfterMs);
  known.maxRetryAfterMs = larger(known.maxRetryAfterMs, said.maxRetryAfterMs);
}

const nameOf = ({ dimension, owner }: Stated): string => `${dimension ?? ''} ${owner ?? ''}`;

/** The sum in its one order, as a field to be spread; nothing where nothing was stated. */
export const statedField = (sum: StatedSum): { readonly stated?: readonly Stated[] } =>
  sum.length === 0 ? {} : { stated: [...sum].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) };
