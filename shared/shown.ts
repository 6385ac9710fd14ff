/** Stored documents as the query API shows them: times as ISO, and without what only sending needs. */
import * as z from 'zod/mini';
import type { Alert } from './alert.ts';
import { GROUPS } from './detect.ts';
import { evidenceOf, leadOf, shareOf } from './message/lead.ts';
import { ALERT_STATES, type SILENCE_STATES } from './query.ts';
import { iso } from './range.ts';
import { isInEffect, type Silence } from './silence.ts';

const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

const alertFields = z.looseObject({
  ...{ id: z.string(), state: z.enum(ALERT_STATES), sinceMs: z.number(), evaluatedMs: z.number() },
  ...{ firedMs: z.nullable(z.number()), resolvedMs: z.nullable(z.number()), lastNotifiedMs: z.nullable(z.number()) },
  ...{ untilMs: z.optional(z.number()), group: z.enum(GROUPS), scope: z.object({ by: z.string(), value: z.string() }) },
  ...{ calls: z.number(), failures: z.number(), normalShare: z.number() },
  causes: z.array(z.looseObject({ cause: z.string(), status: z.nullable(z.number()), failures: z.number() })),
  findings: z.optional(z.array(z.looseObject({ kind: z.string(), figures: z.record(z.string(), z.unknown()) }))),
});
const alertDocument = z.custom<Alert>((value) => alertFields.safeParse(value).success);
const silenceFields = z.looseObject({
  ...{ id: z.string(), filters: z.record(z.string(), z.string()), reason: z.string() },
  ...{ fromMs: z.number(), untilMs: z.number(), createdMs: z.number(), endedMs: z.nullable(z.number()) },
});
const silenceDocument = z.custom<Silence>((value) => silenceFields.safeParse(value).success);

/** Null where the document is none of ours. */
export const alertIn = (value: unknown): Alert | null => alertDocument.safeParse(value).data ?? null;
export const silenceIn = (value: unknown): Silence | null => silenceDocument.safeParse(value).data ?? null;

/** A message is read when it comes, a page on any day: no moment's own day, so every time has its date. */
const ANY_DAY_MS = 0;

/** Without what only judging and sending need. */
export function shownAlert({ outbox: _, notifiedRate: __, widest: ___, ...alert }: Alert) {
  const { sinceMs, untilMs = null, firedMs, resolvedMs, evaluatedMs, lastNotifiedMs, lateMs, history, ...rest } = alert;
  return {
    ...rest,
    ...{ since: iso(sinceMs), until: isoOrNull(untilMs), fired: isoOrNull(firedMs) },
    ...{ resolved: isoOrNull(resolvedMs), evaluated: iso(evaluatedMs), lastNotified: isoOrNull(lastNotifiedMs) },
    ...{ evidence: evidenceOf(alert, ANY_DAY_MS, leadOf(alert)), share: shareOf(alert) },
    ...(lateMs !== undefined && { late: iso(lateMs) }),
    ...(history && shownHistory(history)),
  };
}

function shownHistory({ firstSeenMs, times, backAfterMs }: NonNullable<Alert['history']>) {
  const backAfterSeconds = backAfterMs === null ? null : backAfterMs / 1000;
  return { firstSeen: iso(firstSeenMs), times, backAfterSeconds };
}
export type ShownAlert = ReturnType<typeof shownAlert>;

export function shownSilence(silence: Silence, nowMs: number) {
  const { fromMs, untilMs, createdMs, endedMs, ...rest } = silence;
  return {
    ...rest,
    state: silenceState(silence, nowMs),
    ...{ from: iso(fromMs), until: iso(untilMs), created: iso(createdMs), ended: isoOrNull(endedMs) },
  };
}
export type ShownSilence = ReturnType<typeof shownSilence>;

function silenceState(silence: Silence, nowMs: number): (typeof SILENCE_STATES)[number] {
  if (isInEffect(silence, nowMs)) return 'active';
  return silence.fromMs > nowMs && silence.endedMs === null ? 'scheduled' : 'over';
}
