/** Which series a call counts in: one per scope it names, and in each the group of its failure. */
import { causeById } from '../causes.ts';
import { type Cell, OTHER, type RollUp } from '../window.ts';

/** What a series is counted by. `all` has the empty value. */
export interface Scope {
  readonly by: 'all' | 'logGroup' | 'provider' | 'model' | 'tenant' | 'project' | 'key';
  readonly value: string;
}

/** One minute of one scope: calls and failed calls by group. A failed call is in exactly one of the five. */
export interface Bucket {
  readonly windowMs: number;
  readonly calls: number;
  readonly e429: number;
  readonly e5xx: number;
  readonly timeout: number;
  readonly auth: number;
  readonly e4xx: number;
}

/** What can page: throttling (429 and limits under any status), unavailability (5xx and time-outs), refusal (401, 403). */
export type FailureGroup = 'e429' | 'e5xx' | 'auth';

export const ALL: Scope = { by: 'all', value: '' };
const DIMENSIONS = ['logGroup', 'provider', 'model', 'tenant', 'project', 'key'] as const;
export const GROUPS: readonly FailureGroup[] = ['e429', 'e5xx', 'auth'];

type FailureField = 'e429' | 'e5xx' | 'timeout' | 'auth' | 'e4xx';
export type ScopedBuckets = Map<string, { readonly scope: Scope; readonly buckets: Bucket[] }>;

/** The field of a bucket a failed cell counts in. The cause decides; the status only where the cause does not say. */
export function failureField({ status, cause }: Pick<Cell, 'status' | 'cause'>): FailureField {
  const category = cause === null ? null : (causeById(cause)?.category ?? null);
  if (category === 'throttle' || status === 429) return 'e429';
  if (category === 'connection') return 'timeout';
  if (category === 'transient' || (status !== null && status >= 500)) return 'e5xx';
  // A model that is gone refuses every call of it, as a wrong key does; other 4xx are of single requests.
  return status === 401 || status === 403 || cause === 'model_not_found' ? 'auth' : 'e4xx';
}

/** The group a failed cell can page in, or null for the other 4xx. */
export function groupOf(cell: Pick<Cell, 'status' | 'cause'>): FailureGroup | null {
  const field = failureField(cell);
  return field === 'e4xx' ? null : field === 'timeout' ? 'e5xx' : field;
}

export const failuresOf = (bucket: Bucket, group: FailureGroup): number =>
  group === 'e5xx' ? bucket.e5xx + bucket.timeout : bucket[group];

/** Every scope a cell counts for. What the logs do not say, and what was summed under `other`, has none. */
export function scopesOf(cell: Cell): Scope[] {
  const named = DIMENSIONS.map((by) => ({ by, value: cell[by] }));
  return [ALL, ...named.filter((s): s is Scope & typeof s => s.value !== null && s.value !== OTHER)];
}

export const scopeKey = (scope: Scope) => `${scope.by}:${scope.value}`;

/** One bucket per scope and minute roll-up. A Map, because a value may be `__proto__`. */
export function bucketsByScope(rollUps: readonly RollUp[]): ScopedBuckets {
  const byScope: ScopedBuckets = new Map();
  for (const { windowMs, cells } of rollUps) {
    const minute = new Map<string, { -readonly [K in keyof Bucket]: Bucket[K] }>();
    for (const cell of cells) {
      const field = cell.kind === 'failure' ? failureField(cell) : null;
      for (const scope of scopesOf(cell)) {
        const key = scopeKey(scope);
        const bucket = minute.get(key) ?? { windowMs, calls: 0, e429: 0, e5xx: 0, timeout: 0, auth: 0, e4xx: 0 };
        bucket.calls += cell.calls;
        if (field !== null) bucket[field] += cell.calls;
        if (minute.has(key)) continue;
        minute.set(key, bucket);
        const series = byScope.get(key) ?? { scope, buckets: [] };
        series.buckets.push(bucket);
        byScope.set(key, series);
      }
    }
  }
  return byScope;
}
