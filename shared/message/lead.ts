/** What leads a message: the cause, its words, and the share of calls that fails as far as the logs can tell. */
import type { Notification } from '../alert.ts';
import { type Cause, causeById, type RetryVerdict } from '../causes.ts';
import { type FailureGroup, sentence } from '../detect.ts';
import type { Finding } from '../findings/scene.ts';
import { scopeWords } from '../words.ts';

export type Told = Notification['alert'];

const GROUP_WORDS: Record<FailureGroup, { readonly title: string; readonly failedWith: string }> = {
  e429: { title: 'Calls throttled', failedWith: '429' },
  e5xx: { title: 'Service failing', failedWith: '5xx or no answer' },
  auth: { title: 'Calls refused', failedWith: '401 or 403' },
};

export interface Lead {
  readonly cause: Cause | undefined;
  readonly title: string;
  /** The status most failures have in common, or the words for the group. */
  readonly failedWith: string;
  readonly retry: RetryVerdict;
}

export function leadOf({ causes, group }: Told): Lead {
  const total = causes.reduce((sum, c) => sum + c.failures, 0);
  const first = causes[0];
  const cause = first && first.cause !== 'unknown' ? causeById(first.cause) : undefined;
  const alike = causes.filter((c) => c.status === first?.status).reduce((sum, c) => sum + c.failures, 0);
  const isCommon = first !== undefined && alike >= 0.9 * total;
  return {
    cause: cause ?? causeById('unknown'),
    title: cause?.title ?? GROUP_WORDS[group].title,
    failedWith: !isCommon ? GROUP_WORDS[group].failedWith : first.status === null ? 'no answer' : String(first.status),
    retry: cause?.retry ?? (group === 'auth' ? 'never' : 'backoff'),
  };
}

export const findingOf = ({ findings = [] }: Told, kind: Finding['kind']): Finding | undefined =>
  findings.find((finding) => finding.kind === kind);

/** Calls and failures for the share: where successes do not name the scope, those of what holds all its failures. */
export function shown(alert: Told): { readonly calls: number; readonly failures: number } {
  const share = findingOf(alert, 'share')?.figures;
  return share === undefined ? alert : { calls: Number(share['calls']), failures: Number(share['failures']) };
}
export function shareOf(alert: Told): number {
  const { calls, failures } = shown(alert);
  return calls === 0 ? 0 : failures / calls;
}

export const endOf = (alert: Told): number => alert.untilMs ?? alert.resolvedMs ?? alert.evaluatedMs;

/** It was over before anybody could be told: this message is the only one. */
export const isFoundLate = ({ reason }: Told): boolean => reason === 'found-late';

/** The evidence in one sentence that a person can check. */
export function evidenceOf(alert: Told, atMs: number, lead: Lead): string {
  if (findingOf(alert, 'share') === undefined) return sentence({ ...alert, atMs }, lead.failedWith);
  const whole = sentence({ ...alert, calls: 0, atMs }, lead.failedWith);
  return whole
    .replace(/ of 0 calls /, ` calls that name ${scopeWords(alert.scope)} `)
    .replace(/; normal is [^;]*$/, '.');
}
