/** What the query API answers, as schemas: documentation for its readers, and what its tests hold every answer to. */
import * as z from 'zod/mini';
import { ALERT_STATES, SILENCE_STATES } from './query.ts';
import { DIMENSIONS } from './summary.ts';

const time = z.iso.datetime();
const count = z.int().check(z.nonnegative());
const sums = z.record(z.string(), count);
const value = z.nullable(z.union([z.string(), z.number()]));
const key = z.partialRecord(z.enum(DIMENSIONS), value);
const counts = { calls: count, failures: count, recovered: count, attempts: count };
const freshness = z.nullable(time);

const summary = z.strictObject({
  ...{ from: time, to: time, granularity: z.enum(['minute', 'hour', 'day']), freshness, partial: z.boolean() },
  totals: z.strictObject(counts),
  ...{ by: z.array(z.enum(DIMENSIONS)), step: z.optional(z.string()) },
  rows: z.array(
    z.strictObject({
      ...{ key, failures: count, calls: z.optional(count), share: z.number(), first: time, last: time },
      trend: z.optional(z.array(count)),
    }),
  ),
  ...{ other: count, skipped: sums },
});

const series = z.strictObject({
  ...{ from: time, to: time, step: z.string(), by: z.array(z.enum(DIMENSIONS)), freshness },
  points: z.array(
    z.strictObject({
      ...{ at: time, partial: z.optional(z.literal(true)), ...counts, other: count },
      rows: z.array(z.strictObject({ key, failures: count, calls: z.optional(count) })),
    }),
  ),
});

/** Further fields say what is known of the incident: its history, its limit, who uses it up. */
const alert = z.looseObject({
  ...{ id: z.string(), group: z.string(), state: z.enum(ALERT_STATES), reason: z.string() },
  scope: z.object({ by: z.string(), value: z.string() }),
  ...{ since: time, until: z.nullable(time), fired: z.nullable(time), resolved: z.nullable(time) },
  ...{ evaluated: time, lastNotified: z.nullable(time), calls: count, failures: count, normalShare: z.number() },
  /** In one sentence; and the share of calls that fails, as far as the logs tell. */
  ...{ evidence: z.string(), share: z.number() },
  causes: z.array(z.object({ cause: z.string(), status: z.nullable(z.int()), failures: count })),
  blastRadius: z.array(z.looseObject({ failures: count, share: z.number() })),
});

const packet = z.strictObject({
  ...{
    alert: z.string(),
    group: z.string(),
    scope: z.object({ by: z.string(), value: z.string() }),
    where: z.string(),
  },
  ...{ from: time, to: time, freshness },
  causes: z.array(
    z.strictObject({ cause: z.string(), title: z.string(), status: z.nullable(z.int()), failures: count }),
  ),
  minutes: z.array(z.strictObject({ at: time, calls: count, failures: count })),
  names: z.array(z.strictObject({ by: z.enum(DIMENSIONS), name: z.string(), failures: count })),
});

const cause = z.strictObject({
  ...{ id: z.string(), category: z.string(), statuses: z.array(z.int()), title: z.string(), meaning: z.string() },
  ...{ commonCauses: z.array(z.string()), remediation: z.array(z.string()), doNot: z.nullable(z.string()) },
  ...{ retry: z.string(), origin: z.string(), documented: z.boolean(), docUrl: z.string() },
});

const silence = z.strictObject({
  ...{ id: z.string(), state: z.enum(SILENCE_STATES), filters: z.record(z.string(), z.string()), reason: z.string() },
  ...{ by: z.nullable(z.string()), from: time, until: time, created: time, ended: z.nullable(time) },
});

const list = { next: z.nullable(z.string()), freshness, unreadable: count };

const health = z.strictObject({
  ...{ status: z.enum(['ok', 'no-data', 'behind', 'law-broken']), from: time, to: time, freshness },
  law: z.strictObject({
    ...{ received: count, counted: count, notCall: count, malformed: count, tooLate: count, holds: z.boolean() },
  }),
  skipped: sums,
  coverage: z.looseObject({ classified: count, unknown: count, share: z.nullable(z.number()) }),
  lag: z.strictObject({
    ...{ evaluatedTo: z.nullable(time), newest: z.nullable(time) },
    ...{ behindSeconds: z.nullable(z.number()), sinceNewestSeconds: z.nullable(z.number()) },
  }),
  ...{ dirtyWindows: count, version: z.string() },
});

/** By operation (`open-api.ts`). */
export const ANSWERS = {
  getSummary: summary,
  getSeries: series,
  getAlerts: z.strictObject({ alerts: z.array(alert), ...list }),
  getAlertsId: z.extend(alert, { freshness }),
  getAlertsIdPacket: packet,
  getCauses: z.strictObject({ causes: z.array(cause) }),
  getCausesId: cause,
  getSilences: z.strictObject({ silences: z.array(silence), ...list }),
  postSilences: silence,
  deleteSilencesId: silence,
  getHealth: health,
  getOpenapiJson: z.looseObject({ openapi: z.literal('3.1.0') }),
} as const;
export type OperationId = keyof typeof ANSWERS;

export const problemAnswer = z.looseObject({
  ...{ type: z.string(), title: z.string(), status: z.int(), detail: z.string() },
  errors: z.optional(z.array(z.looseObject({ parameter: z.string(), detail: z.string() }))),
});
