/**
 * The first line of a message: what the person who is woken does now. The catalogue's first step holds for everyone; where
 * the alert knows the key, the model, the reset or a safe rate, the step names it. One row per cause that can name more.
 */
import type { CauseId } from '../causes.ts';
import { clock, count } from '../detect.ts';
import type { Finding } from '../findings/scene.ts';
import { keyDigits, lower, scopeWords } from '../words.ts';
import { findingOf, type Lead, type Told } from './lead.ts';

type Step = (alert: Told) => string | null;

const SENDERS = ['key', 'project', 'logGroup', 'tenant', 'model'] as const;

/** "cap key checkout-prod at about 64 calls a minute", if one sender is enough. */
const cap: Step = (alert) => {
  const { figures } = findingOf(alert, 'noisiest') ?? {};
  const by = SENDERS.find((kind) => figures !== undefined && kind in figures);
  const safe = Number(figures?.['safe'] ?? 0);
  if (figures === undefined || by === undefined || safe < 1) return null;
  const unit = figures['unit'] === 'tokens' ? 'tokens' : 'calls';
  return `cap ${scopeWords({ by, value: String(figures[by]) })} at about ${count(safe)} ${unit} a minute; it sends most.`;
};
const slowDown: Step = (alert) => {
  const best = Number(findingOf(alert, 'limit')?.figures['best'] ?? 0);
  const burst = findingOf(alert, 'burst');
  return burst === undefined || best < 1
    ? null
    : `slow down ${callers(alert)}; about ${count(Number(burst.figures['least']))} calls a minute get through.`;
};
const throttled: Step = (alert) => cap(alert) ?? slowDown(alert);

const callers = ({ scope }: Told): string =>
  scope.by === 'all' ? 'all callers' : `the callers of ${scopeWords(scope)}`;
const isOwner = ({ scope }: Told): boolean => ['key', 'project', 'tenant'].includes(scope.by);
const until = (finding: Finding | undefined, atMs: number): string => {
  const ms = finding?.figures['resetsAtMs'];
  return typeof ms === 'number' ? ` until it resets at ${clock(ms, atMs)}` : '';
};

const FALLBACK = 'switch to a fallback model or another provider if you have one, and let retries wait longer.';

const STEPS: Partial<Record<CauseId, Step>> = {
  rate_limit_requests: throttled,
  rate_limit_tokens: throttled,
  concurrency_limit: throttled,
  rate_limit_unspecified: throttled,
  budget_exceeded: (alert) =>
    isOwner(alert)
      ? `have the budget of ${scopeWords(alert.scope)} raised in LLMGrid, or hold its calls back${until(findingOf(alert, 'budget'), alert.evaluatedMs)}.`
      : null,
  quota_exceeded: (alert) =>
    alert.scope.by === 'provider' || alert.scope.by === 'model'
      ? `have the quota or the credit for ${scopeWords(alert.scope)} topped up by whoever pays for it; use another provider until then.`
      : null,
  provider_overloaded: () => FALLBACK,
  service_unavailable_unspecified: () => FALLBACK,
  maintenance: () => 'find out how long the maintenance lasts, and hold back what can wait.',
  network_error: ({ scope }) =>
    scope.by === 'all'
      ? 'check from one of your hosts whether api.llmgrid.ai resolves and answers: network or gateway?'
      : null,
  expired_or_revoked_key: ({ scope }) =>
    scope.by === 'logGroup' || keyDigits(scope) !== null
      ? `give ${scope.by === 'logGroup' ? `the application of ${scopeWords(scope)}` : 'this application'} a valid virtual key, or roll back its last deploy.`
      : `renew ${scopeWords(scope)} in LLMGrid and deploy it.`,
  model_not_found: ({ scope }) =>
    scope.by === 'model' ? `move the calls to a model that exists, or have ${scopeWords(scope)} enabled again.` : null,
  client_timeout: (alert) =>
    findingOf(alert, 'larger-calls') === undefined
      ? null
      : 'shorten the prompts, which have grown, or raise the client time-out.',
};

export const plainStep = (step: string): string => step.replace(/^Ours: /, '');

export function firstStep(alert: Told, { cause }: Lead): string {
  const own = cause === undefined ? null : (STEPS[cause.id as CauseId]?.(alert) ?? null);
  return own ?? lower(plainStep(cause?.remediation[0] ?? 'Look at the summary.'));
}
