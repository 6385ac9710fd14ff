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
import { gate, mightBeCall } from '../../shared/parse/gate.ts';
import { statusOf } from '../../shared/parse/record-of.ts';
import { shapeOf } from '../../shared/parse/shape.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { CallRecord, LogBatch } from '../../shared/record.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { FAILURES, type Failure, failure, SUCCESS } from '../fixtures/failures.ts';
import { NEIGHBOURS, NOISE } from '../fixtures/noise.ts';
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

const ANCHORLESS =
  'the notices name no LLM API, so only the last line is a call, and tenacity keeps just the class there';

/** Fixtures that are not told as their row says. May only shrink: one that begins to pass fails below. */
const EXCEPTIONS: readonly { shape: string; row: string; reason: string }[] = [
  { shape: 'tenacity-retry', row: 'nothing at this path', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'maintenance page', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'edge page', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'edge page 504', reason: ANCHORLESS },
  { shape: 'tenacity-retry', row: 'Cloudflare challenge', reason: ANCHORLESS },
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
  // `[log_…] post … succeeded with status 200`: the status is only known behind "failed with status".
  const deaf = 'openai-node-sdk-lines';
  const endings = (calls: readonly Placed[]): string =>
    calls.map(({ outcome }) => (outcome.failed ? 'failure' : 'success')).join();
  const isKnown = telling.filter(([name]) => name !== deaf);

  test.each(isKnown)('%s tells a success as one success', (_, shape) => {
    expect(endings(callsOf(shape.render(succeeded)))).toBe('success');
  });
  test(`${deaf} tells a success as one success`, () => {
    expect(endings(callsOf(SHAPES[deaf]?.render(succeeded) ?? []))).toBe('success');
  });

  const saved = (shape: Shape) => FAILURES.filter((f) => retryable(f) && (f.status !== null || shape.withoutStatus));
  const lost = (shape: Shape, withAttempts: boolean): string[] =>
    saved(shape).flatMap((row) => {
      const calls = callsOf(shape.render({ ...succeeded, after: row }));
      const isSaved = endings(calls) === 'success' && (!withAttempts || calls[0]?.attempts === 2);
      return isSaved ? [] : [`${row.name} -> ${calls.map(verdict).join(', ')}, ${calls[0]?.attempts} attempts`];
    });
  const tellAttempts = ['httpx-with-retries', 'llmgrid-trace', 'llmgrid-call-log', 'lambda-json-double-encoded'];

  test.each(isKnown)('%s tells a success after a failure as one success', (name, shape) => {
    expect(lost(shape, tellAttempts.includes(name))).toEqual([]);
  });
  test(`${deaf} tells a success after a failure as one success`, () => {
    expect(lost(SHAPES[deaf] as Shape, true)).toEqual([]);
  });
});

describe('noise', () => {
  test.each([...NOISE, ...NEIGHBOURS])('is no call: %s', (line) => {
    expect(recordsOf([line])).toEqual([]);
    expect(recordsOf([line], ANY_HOST)).toEqual([]);
  });

  test('is no call in one stream either', () => {
    const all = [...NOISE, ...NEIGHBOURS];
    expect(recordsOf(all, ANY_HOST)).toEqual([]);
    expect(recordsOf([...all].reverse(), ANY_HOST)).toEqual([]);
  });

  const between = (lines: readonly string[]): string[] => {
    const call = SHAPES['pino']?.render(failed(failure('budget of a key'))) ?? [];
    const next = call.map((text) => text.replaceAll('req-', 'req-2'));
    return lines.filter((line) => callsOf([...call, line, ...next]).length !== 2);
  };
  test('between two calls changes neither', () => {
    expect(between(NOISE)).toEqual([]);
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
    ['a prompt in the data beside an error', { data: { input: CANARY, text: CANARY, error: 'Error code: 429' } }],
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
    return gate(evidence, shapeOf(evidence).name, statusOf(evidence).status, { hosts: 'any' }) === 'call';
  };
  const isRefused = (message: string): boolean => !mightBeCall(message) && passesGate(message);

  test('refuses no fixture that is a call', () => {
    const blocks = shapes.flatMap(([name, shape]) => {
      const calls = [...renderable(shape).map(failed), succeeded].map((call) => shape.render(call));
      return name === 'openai-node-inspect-lines' ? calls.map((lines) => lines.join('\n')) : calls.flat();
    });
    expect(blocks.filter(isRefused)).toEqual([]);
  });

  /** Rows whose text alone passes the gate and is lost before it. May only shrink. */
  test('refuses no failure text that is a call by itself', () => {
    const refused = FAILURES.filter(({ message, status }) => [message, `ERROR ${status} ${message}`].some(isRefused));
    expect(refused.map(({ name }) => name)).toEqual([]);
  });

  // One sentence per anchor of the vocabulary that shares no word with the others.
  test.each([
    'ERROR 400 This violates LiteLLM Proxy Rules',
    'ERROR 401 Authentication Error, Key is blocked. Update via `/key/unblock` if you are an admin.',
    'ERROR 503 There are no healthy deployments for this',
    'ERROR 429 No deployments available, try again in 60 seconds',
    'TransientAiException: 503',
    'java.lang.RuntimeException at org.springframework.ai.retry failed with status 503',
    'error, status code: 429, message: too fast',
    'XAIException - 429 too fast',
    'Fireworks_aiException: 503 Service Unavailable, model',
    'openai.APIConnectionError: Connection error.',
    'APIConnectionError: Connection error.',
    'APITimeoutError: timed out',
    'APIStatusError: 503 busy',
  ])('refuses no anchor: %s', (line) => {
    expect(passesGate(line)).toBe(true);
    expect(isRefused(line)).toBe(false);
  });

  test.each([
    ['plain', '{"error": {"message": "busy"}}'],
    ['as text in JSON', JSON.stringify({ body: JSON.stringify({ error: { message: 'busy' } }, null, 2) })],
    ['as text in text in JSON', JSON.stringify({ body: JSON.stringify(JSON.stringify({ error: { code: 1 } })) })],
    ['a dict of Python', "{'error': {'message': 'busy'}}"],
    ['in colours', '\u001b[34m"error"\u001b[0m: \u001b[33m{'],
    ['in colours, escaped', JSON.stringify({ log: '"error"\u001b[0m: {' })],
    ['on lines of its own', '"error":\n  {'],
  ])('sees the body of an error: %s', (_, message) => {
    expect(mightBeCall(message)).toBe(true);
  });

  test('an error that is a mere text is no such body', () => {
    expect(mightBeCall('{"level":"error","error":"upstream busy","stack":{}}')).toBe(false);
  });

  test.each([
    'api.x.ai/v1/chat',
    'api.perplexity.ai/search',
    'api.cerebras.ai/v1',
    'api.fireworks.ai/inference',
    'api.together.xyz/v1',
    'integrate.api.nvidia.com/v1',
  ])('sees the host: %s', (address) => {
    expect(isRefused(`AxiosError: failed with status 503 POST https://${address}`)).toBe(false);
  });
});
