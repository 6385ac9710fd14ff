/**
 * What every function says of every invocation: one structured line with counts, and one EMF document with its metrics.
 * The line holds closed facts only (numbers, codes, names of our own). No event, log text or key can reach it, because
 * nothing here is given one. Namespace, service and level come from the environment (POWERTOOLS_*).
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import type { CauseId } from '../../shared/causes.ts';

/** The names the alarms of `infra/` know, and those people may put on a dashboard. */
export type MetricName =
  | 'Failures'
  | `Failures${'Request' | 'Throttle' | 'Transient' | 'Connection'}`
  | 'FailuresByCause'
  | 'AlertsOpen'
  | 'MessagesSent'
  | 'ChatRefused'
  | 'EvaluationLagSeconds'
  | 'NewestEventAgeSeconds'
  | 'LawBroken'
  | 'UnconfirmedSubscriptions'
  | 'Received'
  | 'Counted'
  | 'Unreadable'
  | 'Utf8Repaired'
  | 'DuplicateBatches'
  | 'Mismatches'
  | 'Quarantined'
  | 'LoopGuard'
  | 'Redriven'
  | 'RedriveLeft'
  | 'SlackPosted'
  | 'SlackLater'
  | 'SlackRefused'
  | 'QueryErrors';

type Fact = string | number | boolean | null | Readonly<Record<string, number>>;
export type Facts = Readonly<Record<string, Fact>>;

/** Where a handler puts what its one line says. */
export interface Account {
  note(facts: Facts): void;
  /** `cause`: of the catalogue, so there are few; a dimension beside the name of the deployment. */
  measure(name: MetricName, value: number, cause?: CauseId): void;
}

export type Handler<Event, Answer> = (event: Event, context: Context) => Promise<Answer>;

const logger = new Logger();
const metrics = new Metrics();
let isCold = true;

/** Runs `handle`, and says how it went; what it throws is thrown on, for the platform to deliver again. */
export function invoked<Event, Answer>(
  handle: (event: Event, account: Account, context: Context) => Promise<Answer>,
): Handler<Event, Answer> {
  return async (event, context) => {
    const startMs = performance.now();
    const facts: Record<string, Fact> = { coldStart: isCold, requestId: context.awsRequestId };
    isCold = false;
    const measured = new Map<MetricName, number>();
    const ofCauses: { readonly name: MetricName; readonly value: number; readonly cause: CauseId }[] = [];
    const account: Account = {
      note: (more) => {
        Object.assign(facts, more);
      },
      measure: (name, value, cause) => {
        if (cause !== undefined) ofCauses.push({ name, value, cause });
        else measured.set(name, (measured.get(name) ?? 0) + value);
      },
    };
    const finish = (say: 'info' | 'error', outcome: string, more: Facts): void => {
      logger[say](outcome, { ...facts, ...more, durationMs: Math.round(performance.now() - startMs) });
      for (const [name, value] of measured) {
        metrics.addMetric(name, name.endsWith('Seconds') ? MetricUnit.Seconds : MetricUnit.Count, value);
      }
      if (measured.size > 0) metrics.publishStoredMetrics();
      // Published at once, one document each.
      for (const { name, value, cause } of ofCauses)
        metrics.singleMetric().addDimension('cause', cause).addMetric(name, MetricUnit.Count, value);
    };
    try {
      const answer = await handle(event, account, context);
      finish('info', 'done', {});
      return answer;
    } catch (error) {
      finish('error', 'failed', errorFacts(error));
      throw error;
    }
  };
}

/** Names and codes of an error; its sentence only where it is ours (it has a code then), since others may quote their input. */
export function errorFacts(error: unknown): Facts {
  const { name, code, message, cause } = Object(error);
  return {
    error: String(name),
    ...(typeof code === 'string' && { code, says: String(message) }),
    ...(cause instanceof Error && { cause: cause.name }),
  };
}
