/** Reads the figures by which gridwatch is watched, and says them as metrics. Nothing here decides or changes anything. */
import type { Evaluated } from '../../shared/pipeline.ts';
import type { Store } from '../../shared/ports.ts';
import { PULSE_MS, pulse } from '../../shared/pulse.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import type { Account } from './invocation.ts';
import type { Topic } from './topic.ts';

/** Subscriptions are asked for at these minutes only: SNS answers few such calls a second, for the whole account. */
const SUBSCRIPTIONS_EVERY_MS = 5 * MINUTE_MS;

export async function takePulse(
  { store, alerts }: { readonly store: Store; readonly alerts: Topic },
  { evaluatedMs, firing }: Evaluated,
  nowMs: number,
  { note, measure }: Account,
): Promise<void> {
  const { failures, causes, lawBroken, newestAgeMs } = pulse(
    await store.rollUps('minute', nowMs - PULSE_MS, nowMs + 1),
    nowMs,
  );
  // Before the first log event there is nothing to evaluate, and nothing is late.
  const lagSeconds = evaluatedMs === null ? 0 : Math.max(0, (nowMs - evaluatedMs) / 1000);
  note({ failures: { ...failures }, alertsOpen: firing, lagSeconds });
  measure('Failures', failures.request + failures.throttle + failures.transient + failures.connection);
  measure('FailuresRequest', failures.request);
  measure('FailuresThrottle', failures.throttle);
  measure('FailuresTransient', failures.transient);
  measure('FailuresConnection', failures.connection);
  for (const [cause, calls] of causes) measure('FailuresByCause', calls, cause);
  measure('AlertsOpen', firing);
  measure('EvaluationLagSeconds', lagSeconds);
  measure('LawBroken', lawBroken);
  if (newestAgeMs !== null) measure('NewestEventAgeSeconds', newestAgeMs / 1000);
  if (Math.floor(nowMs / MINUTE_MS) % (SUBSCRIPTIONS_EVERY_MS / MINUTE_MS) !== 0) return;
  measure('UnconfirmedSubscriptions', await alerts.unconfirmed());
}
