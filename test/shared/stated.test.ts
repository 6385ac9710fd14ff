/** What refusals state of a limit, from log lines to roll-ups: numbers of closed fields, whatever the order and the cut. */
import fc from 'fast-check';
import { contributionsOf } from '../../shared/contribution.ts';
import { combine, fold } from '../../shared/fold.ts';
import type { LogEvent } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { statedOf } from '../../shared/stated.ts';
import { type Contribution, MINUTE_MS, type RollUp } from '../../shared/window.ts';

const SEED = 20261117;
const AT_MS = Date.UTC(2026, 10, 17, 9, 0);

const ask = (fields: object): string =>
  JSON.stringify({ url: 'https://api.llmgrid.ai/v1/chat/completions', model: 'gpt-4o', ...fields });
const refused = (used: number, seconds: number): string =>
  ask({
    status: 429,
    error: {
      message: `OpenAIException - Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used ${used}, Requested 900. Please try again in ${seconds}s.`,
      type: 'tokens',
    },
  });
const budget = ask({
  status: 429,
  error: { message: 'Budget has been exceeded! Key=batch (sk-...0001) Current cost: 250.03, Max budget: 250.0' },
  reset_at: '2026-11-18T00:00:00Z',
});
const answered = (tokens: number): string =>
  ask({ status: 200, usage: { prompt_tokens: tokens, completion_tokens: 10 } });

const stream = (messages: readonly string[]): LogEvent[] =>
  messages.map((message, i) => ({ id: String(i), timestamp: AT_MS + i, message }));
const deliver = (events: readonly LogEvent[]): Contribution[] =>
  contributionsOf({ owner: 'o', logGroup: '/app', logStream: 's', events }, DEFAULT_SETTINGS, { nowMs: AT_MS });
const folded = (contributions: readonly Contribution[], maxCells = 500): RollUp => fold(contributions, AT_MS, maxCells);
/** What is said of each cause. */
const said = ({ cells }: RollUp): object =>
  Object.fromEntries(cells.map(({ cause, stated, tokens }) => [cause ?? 'success', stated ?? tokens]));

test('a roll-up tells the limit, the most used, the reset and the waits', () => {
  const events = stream([refused(29_450, 2), refused(29_990, 0.5), budget, answered(90), answered(190)]);
  expect(said(folded(deliver(events)))).toEqual({
    rate_limit_tokens: [
      {
        dimension: 'tokens',
        owner: 'provider',
        limit: 30_000,
        used: 29_990,
        resetsAtMs: null,
        minRetryAfterMs: 500,
        maxRetryAfterMs: 2_000,
      },
    ],
    budget_exceeded: [
      {
        dimension: 'budget',
        owner: 'key',
        limit: 250,
        used: 250.03,
        resetsAtMs: Date.UTC(2026, 10, 18),
        minRetryAfterMs: null,
        maxRetryAfterMs: null,
      },
    ],
    success: 300,
  });
});

test('order, repetition and the cut into batches do not matter', () => {
  const line = fc.oneof(
    fc.tuple(fc.nat(30_000), fc.nat(60)).map(([used, seconds]) => refused(used, seconds)),
    fc.nat(5000).map(answered),
    fc.constant(budget),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.nat(30), fc.boolean(), (lines, at, isTurned) => {
      const events = stream(lines);
      const parts = [events.slice(0, at), events.slice(at), events.slice(Math.floor(at / 2))]
        .filter((part) => part.length > 0)
        .flatMap(deliver);
      const again = isTurned ? [...parts].reverse() : [...parts, ...parts.slice(0, 1)];
      expect(folded(again).cells).toStrictEqual(folded(deliver(events)).cells);
    }),
    { seed: SEED, numRuns: 100 },
  );
});

test('hours tell the largest of their minutes and the sum of tokens', () => {
  const minutes = [29_000, 29_500].map((used) => folded(deliver(stream([refused(used, 1), answered(90)]))));
  const hour = combine(minutes, 'hour', AT_MS, 500);
  expect(hour.cells.find(({ kind }) => kind === 'success')?.tokens).toBe(200);
  expect(hour.cells.find(({ kind }) => kind === 'failure')?.stated?.[0]?.used).toBe(29_500);
});

test('what is summed under other keeps its tokens, not a limit without an owner', () => {
  const { cells } = folded(deliver(stream([budget, refused(1, 1), answered(90)])), 0);
  expect(cells.map(({ tokens }) => tokens ?? 0).reduce((a, b) => a + b)).toBe(100);
  expect(cells.flatMap(({ stated = [] }) => stated)).toEqual([]);
});

test('a word that no gateway uses for an owner is left out', () => {
  const limit = { scope: 'my_secret_word', dimension: 'requests', limit: 6, used: null, resetsAtMs: null } as const;
  expect(statedOf({ limit, retryAfterMs: null })).toMatchObject({ owner: null, limit: 6 });
});

test('a minute without statements carries no field for them', () => {
  const [contribution] = deliver(stream([ask({ status: 503, error: { message: 'overloaded' } })]));
  expect(contribution?.cells[0]).not.toHaveProperty('stated');
  expect(folded(contribution ? [contribution] : []).cells[0]).not.toHaveProperty('stated');
  expect(contribution?.windowMs).toBe(Math.floor(AT_MS / MINUTE_MS) * MINUTE_MS);
});
