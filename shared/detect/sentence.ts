/** A verdict in one sentence that a person can check, and how its figures are written. */
import type { FailureGroup } from './scope.ts';

const FAILED_WITH: Record<FailureGroup, string> = { e429: '429', e5xx: '5xx or no answer', auth: '401 or 403' };

export interface Figures {
  readonly group: FailureGroup;
  readonly sinceMs: number | null;
  readonly calls: number;
  readonly failures: number;
  readonly normalShare: number;
  readonly atMs?: number;
}

/** 0.4 %, 37 %, over 99 %: never rounded to "none" or "all". */
export function percent(share: number): string {
  if (share <= 0) return '0 %';
  if (share < 0.001) return 'under 0.1 %';
  if (share < 0.0995) return `${Number((100 * share).toFixed(1))} %`;
  return share > 0.99 && share < 1 ? 'over 99 %' : `${Math.round(100 * share)} %`;
}

export const count = (n: number): string => n.toLocaleString('en-US');

/** `14:02 UTC`, with the date in front when it is another day than `otherMs`. */
export function clock(ms: number, otherMs: number = ms): string {
  const time = new Date(ms).toISOString();
  const isSameDay = time.slice(0, 10) === new Date(otherMs).toISOString().slice(0, 10);
  return `${isSameDay ? '' : `${time.slice(0, 10)} `}${time.slice(11, 16)} UTC`;
}

/** `failedWith`: the status, if the group has one in common. */
export function sentence(evidence: Figures, failedWith: string = FAILED_WITH[evidence.group]): string {
  const { sinceMs, calls, failures, normalShare, atMs } = evidence;
  const since = sinceMs === null ? '' : `Since ${clock(sinceMs, atMs)}, `;
  const share = calls === 0 ? '' : ` (${percent(failures / calls)})`;
  return `${since}${count(failures)} of ${count(calls)} calls${share} failed with ${failedWith}; normal is ${percent(normalShare)}.`;
}
