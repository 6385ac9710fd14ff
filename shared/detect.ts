/** Bucket history of one scope -> verdicts with a reason. Pure; O(1) state per series. */

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

export interface Verdict {
  readonly scope: Scope;
  readonly group: FailureGroup;
  /** `quiet` nothing; `spike` far above normal and above the floor; `calm` a former spike is over; `no-data` nobody called. */
  readonly state: 'quiet' | 'spike' | 'calm' | 'no-data';
  /** Name of the rule that decided, such as `share-above-normal`. */
  readonly reason: string;
  readonly atMs: number;
  /** First minute of the spike, where there is one. */
  readonly sinceMs: number | null;
  /** Calls and failures of this group since `sinceMs`. */
  readonly calls: number;
  readonly failures: number;
  /** Share of failures that is normal for this series, 0–1. */
  readonly normalShare: number;
}
