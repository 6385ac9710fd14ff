/** Verdicts -> alerts (grouping, inhibition, hysteresis) -> notifications with a reason. Pure. */
import type { FailureGroup, Scope } from './detect.ts';

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

export interface Alert {
  /** Function of group, scope and start: the same incident always has the same id. */
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
  /** Leading cause first. */
  readonly causes: readonly CauseShare[];
  readonly blastRadius: readonly Hit[];
  readonly lastNotifiedMs: number | null;
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
