/**
 * The catalogue: one row per cause of failure. Remediation lives here and nowhere else. A row marked `documented` says what
 * LLMGrid's common-errors page says, in our words; the others are ours and say so.
 */

/** The triage of a cause: what kind of trouble it is, whatever status carried it. */
export type Category = 'request' | 'throttle' | 'transient' | 'connection';
/** Who refused or broke the call, where the cause alone tells. */
export type Origin = 'gateway' | 'provider' | 'edge' | 'client' | 'platform' | 'unknown';
/** Whether trying again helps. */
export type RetryVerdict = 'never' | 'backoff' | 'long-backoff' | 'after-reset' | 'if-idempotent';

export interface Cause {
  readonly id: string;
  readonly category: Category;
  /** Statuses it is documented or seen under; empty where it has none. */
  readonly statuses: readonly number[];
  readonly title: string;
  readonly meaning: string;
  readonly commonCauses: readonly string[];
  /** What to do, in order; full sentences. */
  readonly remediation: readonly string[];
  /** What makes it worse, if anything. */
  readonly doNot: string | null;
  readonly retry: RetryVerdict;
  readonly origin: Origin;
  readonly documented: boolean;
  readonly docUrl: string;
}
export type CauseId = string;
