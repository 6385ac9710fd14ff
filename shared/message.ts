/**
 * Notification -> the texts that are sent. Built from closed fields only: no log text ever. The names of models, keys,
 * tenants … do come from logs, so they pass `printable` first. The parts stand in `message/`; here is the machine form.
 */
import type { Notification } from './alert.ts';
import { causeById } from './causes.ts';
import type { Scope } from './detect.ts';
import { firstStep } from './message/first-step.ts';
import { type Lead, leadOf, shareOf } from './message/lead.ts';
import { subjectOf } from './message/subject.ts';
import { evidenceWithLateness, ourStep, textOf } from './message/text.ts';
import { capital, printable, RETRY_WORDS } from './words.ts';

export interface Message {
  readonly notificationId: string;
  readonly alertId: string;
  /** At most 99 printable characters, no line break: the limit of an SNS subject. */
  readonly subject: string;
  /** Plain text for e-mail and the terminal, at most 72 columns, no column alignment. */
  readonly text: string;
  /** The machine form, for queues and functions. */
  readonly json: Readonly<Record<string, unknown>>;
}

const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString());
const plainScope = ({ by, value }: Scope) => ({ by, value: by === 'all' ? '' : printable(value) });

function jsonOf(notification: Notification, lead: Lead, summaryUrl: string | null): Message['json'] {
  const { alert, reason, atMs, id } = notification;
  const total = alert.causes.reduce((sum, c) => sum + c.failures, 0);
  return {
    schema: 'gridwatch.alert/1',
    notificationId: id,
    reason,
    at: iso(atMs),
    subject: subjectOf(notification, lead),
    alert: {
      id: alert.id,
      group: alert.group,
      state: alert.state,
      reason: alert.reason,
      scope: plainScope(alert.scope),
      since: iso(alert.sinceMs),
      until: iso(alert.untilMs),
      fired: iso(alert.firedMs),
      resolved: iso(alert.resolvedMs),
      calls: alert.calls,
      failures: alert.failures,
      share: shareOf(alert),
      normalShare: alert.normalShare,
      causes: alert.causes.map(({ cause, status, failures }) => {
        const row = causeById(cause) ?? causeById('unknown');
        return { cause: row?.id, title: row?.title, status, failures, share: failures / total };
      }),
      blastRadius: alert.blastRadius.map((hit) => ({
        ...plainScope(hit.scope),
        failures: hit.failures,
        share: hit.share,
      })),
      findings: (alert.findings ?? []).map(({ kind, says }) => ({ kind, says })),
    },
    evidence: evidenceWithLateness(notification, lead),
    title: lead.title,
    first: reason === 'resolved' ? null : capital(firstStep(alert, lead)),
    remediation: (lead.cause?.remediation ?? []).map(ourStep),
    retry: lead.retry,
    retryAdvice: RETRY_WORDS[lead.retry],
    doNot: lead.cause?.doNot ?? null,
    docUrl: lead.cause?.docUrl ?? null,
    summaryUrl,
  };
}

/** `{alert}` in `summaryUrl` stands for the alert's id, so that a link leads to its own page. */
export function render(notification: Notification, settings: { readonly summaryUrl: string | null }): Message {
  const lead = leadOf(notification.alert);
  const summaryUrl = settings.summaryUrl?.replaceAll('{alert}', notification.alert.id) ?? null;
  return {
    notificationId: notification.id,
    alertId: notification.alert.id,
    subject: subjectOf(notification, lead),
    text: textOf(notification, lead, summaryUrl),
    json: jsonOf(notification, lead, summaryUrl),
  };
}
