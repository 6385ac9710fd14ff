/** Is every log event accounted for, how much of what failed has a name, and how far behind is evaluation? */
import { coverageOf } from './coverage.ts';
import { iso, type Range } from './range.ts';
import { newestMinuteOf } from './summary.ts';
import { addTotals, lawHolds, MINUTE_MS, NO_TOTALS, type RollUp, sumByName } from './window.ts';

/** Evaluation waits a little for late events; this far behind the newest data it is not waiting but stuck. */
const BEHIND_MS = 10 * MINUTE_MS;

export interface Moment extends Range {
  /** Every minute before this has been judged; null before the first. */
  readonly judgedMs: number | null;
  readonly nowMs: number;
}

export function healthOf(rollUps: readonly RollUp[], { fromMs, toMs, judgedMs, nowMs }: Moment) {
  const law = rollUps.map(({ totals }) => totals).reduce(addTotals, NO_TOTALS);
  const holds = rollUps.every(({ totals }) => lawHolds(totals));
  const newestMs = newestMinuteOf(rollUps);
  const behindMs = newestMs === null ? 0 : Math.max(0, newestMs - (judgedMs ?? 0));
  const status = !holds ? 'law-broken' : newestMs === null ? 'no-data' : behindMs > BEHIND_MS ? 'behind' : 'ok';
  return {
    status,
    ...{ from: iso(fromMs), to: iso(toMs) },
    law: { ...law, holds },
    skipped: sumByName(rollUps.map(({ skipped }) => skipped)),
    coverage: coverageOf(rollUps),
    lag: {
      evaluatedTo: judgedMs === null ? null : iso(judgedMs),
      newest: newestMs === null ? null : iso(newestMs),
      behindSeconds: judgedMs === null ? null : behindMs / 1000,
      sinceNewestSeconds: newestMs === null ? null : Math.max(0, Math.round((nowMs - newestMs) / 1000)),
    },
  };
}
