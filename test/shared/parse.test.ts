/**
 * Every documented failure in every log shape that can print it: one call, failed, with its cause. And what must stay out:
 * noise, prompts, keys. Batches are read as the pipeline reads them: parse -> classify -> calls.
 */
import { joinCalls, type Placed } from '../../shared/calls.ts';
import { CAUSES } from '../../shared/causes.ts';
import { classify } from '../../shared/classify.ts';
import { contributionsOf } from '../../shared/contribution.ts';
import { clean } from '../../shared/parse/clean.ts';
import { readEvidence } from '../../shared/parse/evidence.ts';
import { gate, MIGHT_BE_CALL } from '../../shared/parse/gate.ts';
import { statusOf } from '../../shared/parse/record-of.ts';
import { shapeOf } from '../../shared/parse/shape.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { CallRecord, LogBatch } from '../../shared/record.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { FAILURES, type Failure, failure, SUCCESS } from '../fixtures/failures.ts';
import { NOISE } from '../fixtures/noise.ts';
import { CANARY, type Call, canRender, retryable, SECRET, SHAPES, type Shape } from '../fixtures/shapes.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9, 0);
const ANY_HOST: Settings = { ...DEFAULT_SETTINGS, hosts: 'any' };
const shapes = Object.entries(SHAPES);

const batchOf = (messages: readonly string[]): LogBatch => ({
  owner: 'local',
  logGroup: '/app/fixture',
  logStream: 'stream',
  events: messages.map((message, i) => ({ id: String(i), timestamp: AT_MS + i, message })),
});
const recordsOf = (messages: readonly string[], settings = DEFAULT_SETTINGS): CallRecord[] =>
  [...parseBatch(batchOf(messages), settings)].flatMap((block) => ('record' in block ? [block.record] : []));
const callsOf = (messages: readonly string[]): Placed[] =>
  joinCalls(recordsOf(messages).map(classify)).filter(({ rank }) => rank !== 'part');

const failed = (row: Failure): Call => ({
  failure: row,
  atMs: AT_MS,
  model: row.model ?? 'gpt-4o',
  requestId: 'req-fixture-1',
});
const succeeded: Call = { success: SUCCESS, atMs: AT_MS, model: 'gpt-4o', requestId: 'req-fixture-1' };
const renderable = (shape: Shape): Failure[] => FAILURES.filter((row) => canRender(shape, row));

/** One line per call: how it ended and why. */
const verdict = ({ outcome }: Placed): string =>
  outcome.failed ? `${outcome.cause} (${outcome.record.status})` : `success (${outcome.record.status})`;

/** Null when the fixture is told as its row says, else what came out. */
function surprise(shape: Shape, row: Failure): string | null {
  const calls = callsOf(shape.render(failed(row)));
  const [call] = calls;
  const told = calls.map(verdict).join(', ') || 'no call';
  if (call === undefined || calls.length !== 1 || !call.outcome.failed) return told;
  const accepted: readonly (string | null)[] = [row.cause, ...(row.orElse ?? [])];
  return shape.carries === 'status' || accepted.includes(call.outcome.cause) ? null : told;
}

const ANCHORLESS = 'the notices name no LLM API, so only the last line is a call, and tenacity keeps just the class there';
const FRAMES_FIRST = 'a traceback in a JSON field is cut to 700 characters of frames before its last line is read';
const BARE_FORBIDDEN = '"Forbidden" is only known as the whole text, not behind its status';

/** Fixtures that are not told as their row says. May only shrink: one that begins to pass fails below. */
const EXCEPTIONS: readonly { shape: string; row: string; reason: string }[] = [
  { shape: 'powertools-python', row: 'nothing at this path', reason: FRAMES_FIRST },
  { shape: 'powertools-python', row: 'maintenance page', reason: FRAMES_FIRST },
  { shape: 'powertools-python', row: 'Cloudflare 524', reason: FRAMES_FIRST },
  { shape: 'powertools-python', row: 'Cloudflare challenge', reason: FRAMES_FIRST },
  { shape: 'tenacity-retry', row: 'nothing at this path', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'maintenance page', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'edge page', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'edge page 504', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'Cloudflare challenge', reason: ANCHORLESS },
  { shape: 'powertools-ts', row: 'API gateway forbids', reason: BARE_FORBIDDEN },
  { shape: 'lambda-text-node', row: 'API gateway forbids', reason: BARE_FORBIDDEN },
];
const isException = (shape: string, row: Failure): boolean =>
  EXCEPTIONS.some((known) => known.shape === shape && known.row === row.name);

describe('failures', () => {
  test.each(shapes)('%s tells each failure as one call with its cause', (name, shape) => {
    const surprises = renderable(shape)
      .filter((row) => !isException(name, row))
      .flatMap((row) => {
        const told = surprise(shape, row);
        return told === null ? [] : [`${row.cause} "${row.name}" -> ${told}`];
      });
    expect(surprises).toEqual([]);
  });

  test.each(EXCEPTIONS)('still an exception: $row in $shape ($reason)', ({ shape, row }) => {
    expect(surprise(SHAPES[shape] as Shape, failure(row))).not.toBeNull();
  });

  test('the exceptions are fewer than one in 200', () => {
    const all = shapes.reduce((sum, [, shape]) => sum + renderable(shape).length, 0);
    expect(EXCEPTIONS.length / all).toBeLessThan(1 / 200);
  });

  const families = ['json', 'python', 'node', 'line'] as const;
  const documented = CAUSES.filter((cause) => cause.documented).map(({ id }) => id);
  test.each(families)('each documented cause is read from the %s family', (family) => {
    const carriers = shapes.filter(([, shape]) => shape.family === family && shape.carries === 'cause');
    const unread = documented.filter(
      (cause) =>
        !carriers.some(([, shape]) =>
          renderable(shape).some(
            (row) => row.cause === cause && callsOf(shape.render(failed(row)))[0]?.outcome.cause === cause,
          ),
        ),
    );
    expect(unread).toEqual([]);
  });

  test('no two causes print the same text', () => {
    for (const [, shape] of shapes.filter(([, { carries }]) => carries === 'cause')) {
      const causes = new Map<string, Set<string>>();
      for (const row of renderable(shape)) {
        const text = shape.render({ ...failed(row), model: 'gpt-4o' }).join('\n');
        causes.set(text, (causes.get(text) ?? new Set()).add(row.cause));
      }
      expect([...causes.values()].filter(({ size }) => size > 1)).toEqual([]);
    }
  });

  test('reading twice gives the same records', () => {
    for (const [, shape] of shapes) {
      const events = shape.render(failed(failure('tokens per minute, OpenAI')));
      expect(recordsOf(events)).toStrictEqual(recordsOf(events));
    }
  });
});

describe('successes', () => {
  const telling = shapes.filter(([, shape]) => shape.successes);

  test.each(telling)('%s tells a success as one success', (_, shape) => {
    expect(callsOf(shape.render(succeeded)).map(verdict)).toEqual(['success (200)']);
  });

  test.each(telling)('%s tells a success after a failure as one success', (name, shape) => {
    const tells = ['httpx-with-retries', 'openai-node-sdk-lines', 'llmgrid-trace', 'llmgrid-call-log'].includes(name);
    for (const row of FAILURES.filter((f) => retryable(f) && (f.status !== null || shape.withoutStatus))) {
      const calls = callsOf(shape.render({ ...succeeded, after: row }));
      expect([row.name, ...calls.map(verdict)]).toEqual([row.name, 'success (200)']);
      if (tells) expect([row.name, calls[0]?.attempts]).toEqual([row.name, 2]);
    }
  });
});

describe('noise', () => {
  test.each(NOISE)('is no call: %.80s', (line) => {
    expect(recordsOf([line])).toEqual([]);
    expect(recordsOf([line], ANY_HOST)).toEqual([]);
  });

  test('is no call in one stream either', () => {
    expect(recordsOf(NOISE, ANY_HOST)).toEqual([]);
    expect(recordsOf([...NOISE].reverse(), ANY_HOST)).toEqual([]);
  });

  test('between two calls changes neither', () => {
    const call = SHAPES['pino']?.render(failed(failure('budget of a key'))) ?? [];
    for (const line of NOISE)
      expect(callsOf([...call, line, ...call.map((text) => text.replaceAll('req-', 'req-2'))])).toHaveLength(2);
  });
});

describe('what must not leave the line', () => {
  const leaks = (text: string): string[] =>
    [SECRET, SECRET.slice(-10), 'CANARYPROMPT', CANARY.slice(13), 'fixture@example.com'].filter((word) =>
      text.includes(word),
    );
  const named: Partial<Call> = { tenant: 'acme', project: 'checkout', keyAlias: 'checkout-prod' };

  test.each(shapes)('no key, prompt or address leaves %s', (_, shape) => {
    const calls = [...renderable(shape).map(failed), succeeded].map((call) => ({ ...call, ...named }) as Call);
    for (const call of calls) {
      const events = shape.render(call);
      expect(leaks(JSON.stringify(recordsOf(events)))).toEqual([]);
      expect(leaks(JSON.stringify(contributionsOf(batchOf(events), DEFAULT_SETTINGS, { nowMs: AT_MS })))).toEqual([]);
    }
  });

  test.each([
    ['a key as alias', { key_alias: SECRET }],
    ['a key as tenant', { tenant_id: SECRET }],
    ['a key as model', { model: SECRET }],
    ['a prompt as project', { project_id: CANARY }],
    ['a prompt as message content', { messages: [{ role: 'user', content: CANARY }] }],
    ['a prompt beside the error', { prompt: CANARY, input: [CANARY], system: CANARY }],
    ['an authorization header', { headers: { Authorization: `Bearer ${SECRET}`, 'x-api-key': SECRET } }],
    ['a key in an address', { url: `https://api.llmgrid.ai/v1/chat/completions?key=${SECRET}` }],
  ])('%s stays in the line', (_, fields) => {
    const line = { level: 'error', model: 'gpt-4o', url: 'https://api.llmgrid.ai/v1/chat/completions', status: 429 };
    const events = [JSON.stringify({ ...line, error: { message: 'Rate limit exceeded', type: 'tokens' }, ...fields })];
    expect(recordsOf(events)).toHaveLength(1);
    expect(leaks(JSON.stringify(recordsOf(events)))).toEqual([]);
    expect(leaks(JSON.stringify(contributionsOf(batchOf(events), DEFAULT_SETTINGS, { nowMs: AT_MS })))).toEqual([]);
  });
});

describe('the first look', () => {
  const passesGate = (message: string): boolean => {
    const evidence = readEvidence(clean(message));
    return gate(evidence, shapeOf(evidence).name, statusOf(evidence).status, 'any') === 'call';
  };
  const isRefused = (message: string): boolean => !MIGHT_BE_CALL.test(message) && passesGate(message);

  test('refuses no fixture that is a call', () => {
    const calls = shapes.flatMap(([, shape]) => [...renderable(shape).map(failed), succeeded]);
    const events = shapes.flatMap(([, shape], i) => shape.render(calls[i] ?? succeeded));
    const all = shapes.flatMap(([, shape]) => renderable(shape).flatMap((row) => shape.render(failed(row))));
    expect([...events, ...all].filter(isRefused)).toEqual([]);
  });

  test('refuses no failure text that is a call by itself', () => {
    const texts = FAILURES.flatMap(({ message, status }) => [message, `ERROR ${status} ${message}`]);
    expect(texts.filter(isRefused)).toEqual([]);
  });

  // One sentence per anchor of the vocabulary that shares no word with the others.
  test.each([
    'ERROR 401 Authentication Error, Key is blocked. Update via `/key/unblock` if you are an admin.',
    'ERROR 503 There are no healthy deployments for this',
    'ERROR 429 No deployments available, try again in 60 seconds',
    'TransientAiException: 503',
    'java.lang.RuntimeException at org.springframework.ai.retry failed with status 503',
    'AxiosError: failed with status 503 https://api.x.ai/v1',
    'AxiosError: failed with status 503 POST https://api.perplexity.ai/search',
    'AxiosError: failed with status 429 POST https://api.cerebras.ai/v1',
    'AxiosError: failed with status 429 POST https://api.fireworks.ai/inference',
    'AxiosError: failed with status 429 POST https://api.together.xyz/v1',
    'AxiosError: failed with status 429 POST https://integrate.api.nvidia.com/v1',
    'ERROR 400 This violates LiteLLM Proxy Rules',
    'error, status code: 429, message: too fast',
    'XAIException - 429 too fast',
    'FireworksException 503 busy',
    'APIConnectionError: Connection error.',
    'APITimeoutError: timed out',
    'APIStatusError: 503 busy',
  ])('refuses no anchor: %s', (line) => {
    expect([line].filter(isRefused)).toEqual([]);
  });
});
