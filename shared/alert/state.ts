/** What is kept of an alert, and what is told about it. */
import { createHash } from 'node:crypto';
import type { FailureGroup, Scope } from '../detect.ts';
import type { Finding } from '../findings/scene.ts';

export interface CauseShare {
  readonly cause: string;
  readonly status: number | null;
  readonly failures: number;
}

/** Another scope that is hit by the same incident, with its share of the incident's failures (0–1). */
export interface Hit {
  readonly scope: Scope;
  readonly failures: number;
  readonly share: number;
}

/** What is known of an incident like this one: the same scope, group and leading cause. Absent until it has fired. */
export interface History {
  readonly firstSeenMs: number;
  /** How often it has fired, this time included. 1: it is new. */
  readonly times: number;
  /** From the end of the time before until this one began; null when it is new. */
  readonly backAfterMs: number | null;
}

export interface Alert {
  /** Function of group, scope and start: the same incident always has the same id, also when it widens or comes back. */
  readonly id: string;
  readonly group: FailureGroup;
  readonly scope: Scope;
  readonly state: 'pending' | 'firing' | 'resolved';
  /** Why it is in this state. */
  readonly reason: string;
  readonly sinceMs: number;
  readonly firedMs: number | null;
  readonly resolvedMs: number | null;
  /** Last minute it was evaluated at; evaluating that minute again changes nothing. */
  readonly evaluatedMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly normalShare: number;
  /** Leading cause first; of the minutes evaluated last in which it was failing. */
  readonly causes: readonly CauseShare[];
  readonly blastRadius: readonly Hit[];
  readonly lastNotifiedMs: number | null;
  /** End of the last failing minute. */
  readonly untilMs?: number;
  /** Found through log data that came late: when they came. */
  readonly lateMs?: number;
  /** Failures a minute when last notified: ten times as many escalate. */
  readonly notifiedRate?: number;
  /** The wider scope that names the whole incident, where only a part of it still fails. */
  readonly widest?: Scope | null;
  /** Id of the silence, or name of the maintenance window, that keeps it quiet now. */
  readonly silencedBy?: string | null;
  readonly history?: History;
  /** What the minutes around it showed when it was last told. */
  readonly findings?: readonly Finding[];
  /** Notifications decided and not yet known to be sent. */
  readonly outbox: readonly Notification[];
}

export type NotificationReason = 'first' | 'escalated' | 'repeat' | 'resolved' | 'delayed';

/** The decision to tell; rendered by `message.ts`. Carries a snapshot of the alert, without its outbox. */
export interface Notification {
  /** Function of the alert id, the reason and the minute. */
  readonly id: string;
  readonly reason: NotificationReason;
  readonly atMs: number;
  readonly alert: Omit<Alert, 'outbox'>;
}

/** First 12 hexadecimal digits of a hash: enough for ids, which are functions of what they name. */
export const idOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
