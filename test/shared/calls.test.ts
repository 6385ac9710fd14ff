/** Lines -> calls: tries, notices, ends and echoes of one call are one; a storm of equal lines is a storm. */
import fc from 'fast-check';
import { joinCalls, type Placed } from '../../shared/calls.ts';
import { classify, type Outcome } from '../../shared/classify.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { CallRecord, RecordKind } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';

const SEED = 20261117;
const AT_MS = Date.UTC(2026, 10, 17, 9, 0);

const NOTHING: CallRecord = {
  eventId: '',
  atMs: AT_MS,
  logGroup: '/app',
  logStream: 's',
  shape: 'text',
  kind: 'final',
  status: null,
  statusSource: null,
  errorType: null,
  errorClass: null,
  message: null,
  writer: null,
  provider: null,
  model: null,
  route: null,
  endpoint: null,
  tenant: null,
  project: null,
  keyAlias: null,
  keyHash: null,
  limit: null,
  retryAfterMs: null,
  traceId: null,
  requestId: null,
  invocationId: null,
  latencyMs: null,
  retryCount: null,
  stream: null,
  tokens: null,
  service: null,
};

type Line = Partial<CallRecord> & { readonly afterMs?: number };
/** Outcomes of lines, 10 ms apart unless a line says otherwise. */
function outcomes(lines: readonly Line[]): Outcome[] {
  let atMs = AT_MS;
  return lines.map(({ afterMs = 10, ...record }, i) => {
    atMs += afterMs;
    return classify({ ...NOTHING, eventId: String(i), atMs, ...record });
  });
}
const heads = (placed: readonly Placed[]): Placed[] => placed.filter(({ rank }) => rank !== 'part');
const join = (...lines: readonly Line[]): Placed[] => heads(joinCalls(outcomes(lines)));
/** A call per word: how it ended and after how many tries. */
const told = (...lines: readonly Line[]): string =>
  join(...lines)
    .map(({ outcome, attempts }) => `${outcome.failed ? (outcome.cause ?? '') : 'success'}×${attempts}`)
    .join(' ');

const attempt = (status: number, more: Line = {}): Line => ({ kind: 'attempt', shape: 'httpx-line', status, ...more });
const notice = (more: Line = {}): Line => ({ kind: 'retry-notice', shape: 'sdk-retry-line', ...more });
const final = (status: number | null, more: Line = {}): Line => ({
  kind: 'final',
  shape: 'python-traceback',
  status,
  ...more,
});
/** Text of a line that says who wrote it. */
const said = (writer: string, message: string): Line => ({
  writer,
  message: `2026-11-17 09:00:00 ${writer}: ${message}`,
});
const success = (more: Line = {}): Line => ({ kind: 'success', shape: 'httpx-line', status: 200, ...more });
const LIMIT = 'Rate limit reached on tokens per min (TPM)';
const BUDGET = 'Budget has been exceeded!';

describe('one call', () => {
  test.each<[string, string, Line[]]>([
    [
      'three tries, two notices, the end and its echo',
      'rate_limit_tokens×3',
      [
        attempt(429),
        notice(),
        attempt(429, { afterMs: 500 }),
        notice(),
        attempt(429, { afterMs: 900 }),
        final(429, { message: LIMIT }),
        final(429, { shape: 'openai-python', message: LIMIT }),
      ],
    ],
    [
      'two tries that three loggers tell each, the second went well',
      'success×2',
      [
        attempt(429, { shape: 'transport-line' }),
        attempt(429),
        attempt(429, { shape: 'sdk-answer-line' }),
        notice(),
        success({ shape: 'transport-line', afterMs: 500 }),
        success(),
        success({ shape: 'sdk-answer-line' }),
      ],
    ],
    [
      'two calls at once that two loggers tell',
      'rate_limit_unspecified×1 rate_limit_unspecified×1',
      [
        attempt(429, { shape: 'transport-line' }),
        attempt(429, { shape: 'transport-line' }),
        attempt(429),
        attempt(429),
      ],
    ],
    ['a try and its end', 'rate_limit_unspecified×1', [attempt(429), final(429)]],
    [
      'a failure and its echo of another shape',
      'budget_exceeded×1',
      [final(429, { message: BUDGET }), final(429, { shape: 'text' })],
    ],
    ['an echo that knows the cause', 'budget_exceeded×1', [final(429), final(429, { shape: 'json', message: BUDGET })]],
    ['a try that a retry saved', 'success×2', [attempt(503), notice(), success({ afterMs: 500 })]],
    ['two tries that a retry saved', 'success×3', [attempt(503), notice(), attempt(429), notice(), success()]],
    ['a success and its echo', 'success×1', [success(), success({ shape: 'json', afterMs: 9000 })]],
    ['notices of a framework and a success', 'success×2', [notice({ shape: 'tenacity' }), success({ shape: 'json' })]],
    ['a try whose end is not logged', 'service_unavailable_unspecified×1', [attempt(503)]],
    ['a notice whose end is not logged', 'unknown×1', [notice()]],
    [
      'a number of tries that the text states',
      'rate_limit_unspecified×3',
      [final(429, { shape: 'ai-sdk', retryCount: 2 })],
    ],
    [
      'what two loggers of one program tell at once in the same words',
      'budget_exceeded×1',
      [final(429, said('ERROR app.service', BUDGET)), final(429, said('ERROR app.routes', BUDGET))],
    ],
    [
      'the same at two levels, then one that knows no more than that it failed',
      'budget_exceeded×1',
      [
        final(429, said('WARNING app', BUDGET)),
        final(429, said('ERROR app', BUDGET)),
        final(null, said('ERROR app.main', 'no answer of the model')),
      ],
    ],
    [
      'a failure that the application tries again, and then well',
      'success×2',
      [final(429, said('ERROR app.llm', LIMIT)), notice(said('WARNING app.retry', LIMIT)), success({ afterMs: 900 })],
    ],
    ['tries a minute apart', 'rate_limit_unspecified×2', [attempt(429), notice(), attempt(429, { afterMs: 60_000 })]],
  ])('%s', (_, expected, lines) => {
    expect(told(...lines)).toBe(expected);
  });

  // A notice tells of a failed try and announces another: the end after it is one more.
  test('two notices of a framework and the end are three tries', () => {
    const lines = [notice({ shape: 'tenacity', message: LIMIT }), notice({ shape: 'tenacity' }), final(null)];
    expect(told(...lines)).toBe('rate_limit_tokens×3');
  });
  test('two time-outs with notices and the end are three tries', () => {
    expect(told(notice(), notice({ afterMs: 30_000 }), final(null, { afterMs: 30_000 }))).toMatch(/×3$/);
  });

  test('the head inherits what only the other lines know', () => {
    const [call] = join(
      attempt(429, { model: 'gpt-4o', endpoint: '/chat/completions' }),
      final(null, { message: BUDGET, tenant: 'acme' }),
    );
    expect(call?.outcome).toMatchObject({
      cause: 'budget_exceeded',
      record: { status: 429, model: 'gpt-4o', tenant: 'acme', endpoint: '/chat/completions', kind: 'final' },
    });
  });

  test('a recovered call keeps the names of its success, not the failed status', () => {
    const [call] = join(attempt(503, { model: 'a' }), notice(), success({ model: null, tenant: 'acme' }));
    expect(call?.outcome.record).toMatchObject({ status: 200, tenant: 'acme', model: null });
  });

  const real = (lines: readonly string[]): string => {
    const events = lines.map((message, i) => ({ id: String(i), timestamp: AT_MS + i, message }));
    const blocks = [...parseBatch({ owner: '', logGroup: 'g', logStream: 's', events }, DEFAULT_SETTINGS)];
    return heads(joinCalls(blocks.flatMap((block) => ('record' in block ? [classify(block.record)] : []))))
      .map(({ outcome, attempts }) => `${outcome.failed ? outcome.cause : 'success'}×${attempts}`)
      .join(' ');
  };
  // As applications log: the layer that caught, and the one above it.
  const BODY = "Error code: 401 - {'error': {'message': 'Incorrect API key provided', 'code': 'invalid_api_key'}}";
  test.each([
    ['basicConfig', [`ERROR:app.llm:Answer failed: ${BODY}`, `ERROR:app.routes:LLM error: ${BODY}`]],
    [
      'names before levels',
      [
        `2026-11-17 09:00:00,001 - app_llm - ERROR - Answer failed: ${BODY}`,
        `2026-11-17 09:00:00,002 - app_routes - ERROR - LLM error: ${BODY}`,
      ],
    ],
    [
      'names in brackets',
      [
        '2026-11-17 09:00:00,289 ERROR [clips.providers.gemini] GEMINI QUOTA EXHAUSTED',
        '2026-11-17 09:00:00,290 ERROR [clips.scout.trending] GEMINI QUOTA EXHAUSTED',
      ],
    ],
    [
      'levels alone',
      [`[09:00:00: WARNING/MainProcess] answer failed: ${BODY}`, `[09:00:00: ERROR/MainProcess] gave up: ${BODY}`],
    ],
    [
      'JSON',
      ['app.llm', 'app.routes'].map((logger) =>
        JSON.stringify({ level: 'error', logger, message: 'LLM call failed', error: { message: BODY } }),
      ),
    ],
    [
      'JSON of a Python logger',
      ['app.llm', 'app.routes'].map((name) =>
        JSON.stringify({ levelname: 'ERROR', name, message: `${name} failed to call the LLM: ${BODY}` }),
      ),
    ],
  ])('what two layers log is one call: %s', (_, lines) => {
    expect(real(lines)).toMatch(/^\w+×1$/);
    expect(real([lines[0] as string, lines[0] as string])).toMatch(/^(\w+×1 ?){2}$/);
  });

  const CHAT = 'https://api.llmgrid.ai/v1/chat/completions';
  const sdk = (id: string, of: string, rest: string): string =>
    `[${id}${of === '' ? '' : `, retryOf: ${of}`}, x-request-id: "req_${id}"] post ${CHAT} ${rest}`;
  test('lines of openai-node are one call', () => {
    expect(
      real([
        sdk('log_aaaaaa', '', 'failed with status 429 in 5ms - retrying, 2 attempts remaining'),
        sdk('log_bbbbbb', 'log_aaaaaa', 'failed with status 429 in 5ms - retrying, 1 attempts remaining'),
        sdk('log_cccccc', 'log_aaaaaa', 'failed with status 429 in 4ms - error; no more retries left'),
      ]),
    ).toBe('rate_limit_unspecified×3');
  });
  // The chain names the call, whatever stands between its lines.
  test('interleaved lines of openai-node are two calls', () => {
    expect(
      real([
        sdk('log_aaaaaa', '', 'failed with status 429 in 5ms - retrying, 1 attempts remaining'),
        sdk('log_dddddd', '', 'failed with status 503 in 5ms - retrying, 1 attempts remaining'),
        sdk('log_bbbbbb', 'log_aaaaaa', 'failed with status 429 in 5ms - error; no more retries left'),
        sdk('log_eeeeee', 'log_dddddd', 'failed with status 503 in 4ms - error; no more retries left'),
      ]),
    ).toBe('rate_limit_unspecified×2 service_unavailable_unspecified×2');
  });
});

describe('calls of their own', () => {
  test.each<[string, Line[]]>([
    ['one logger tells twice', [final(429, said('ERROR app', BUDGET)), final(429, said('ERROR app', BUDGET))]],
    [
      'two loggers tell in other words',
      [final(429, said('ERROR app.a', `${BUDGET} 10.2 spent`)), final(429, said('ERROR app.b', `${BUDGET} 7.1 used`))],
    ],
    [
      'two loggers tell in the same words, a moment later',
      [final(429, said('ERROR app.a', BUDGET)), final(429, { ...said('ERROR app.b', BUDGET), afterMs: 300 })],
    ],
    [
      'a logger without a name tells in the same words',
      [final(429, said('ERROR app.a', BUDGET)), final(429, { message: BUDGET })],
    ],
    // An SDK announces a try of its own call, whoever failed before it.
    [
      'an SDK announces a try after the end of another call',
      [final(429, said('ERROR app.a', BUDGET)), notice({ writer: 'INFO openai._base_client' }), final(429)],
    ],
  ])('%s: two calls', (_, lines) => {
    expect(join(...lines)).toHaveLength(2);
  });
  test('a storm that two loggers tell is as many calls as one of them tells', () => {
    const both = (n: number) => [
      final(429, { ...said('ERROR app.a', `${BUDGET} ${n}`), afterMs: 0 }),
      final(429, { ...said('ERROR app.b', `${BUDGET} ${n}`), afterMs: 1 }),
    ];
    expect(join(...Array.from({ length: 100 }, (_, n) => both(n)).flat())).toHaveLength(100);
    expect(join(...Array.from({ length: 100 }, () => both(0)).flat())).toHaveLength(100);
  });
  test('a storm of 100 equal final lines is 100 calls', () => {
    expect(join(...Array.from({ length: 100 }, () => final(429, { message: BUDGET, afterMs: 0 })))).toHaveLength(100);
  });
  test('a storm of 100 equal tries is 100 calls', () => {
    expect(join(...Array.from({ length: 100 }, () => attempt(429, { afterMs: 0 })))).toHaveLength(100);
  });
  test('a storm of 100 failures with an echo each is 100 calls', () => {
    const lines = Array.from({ length: 100 }, () => [final(429), final(429, { shape: 'text' })]).flat();
    expect(join(...lines)).toHaveLength(100);
  });
  test('100 failures and then their 100 echoes are 100 calls', () => {
    const lines = (shape: string) => Array.from({ length: 100 }, () => final(429, { shape, afterMs: 1 }));
    expect(join(...lines('json'), ...lines('text'))).toHaveLength(100);
  });

  test.each<[string, number, Line[]]>([
    ['an echo within three seconds', 1, [final(429), final(429, { shape: 'text', afterMs: 3000 })]],
    ['an echo after more than three seconds', 2, [final(429), final(429, { shape: 'text', afterMs: 3001 })]],
    ['an echo of the same shape', 2, [final(429), final(429)]],
    ['an echo of another status', 2, [final(429), final(503, { shape: 'text' })]],
    ['an echo of another cause', 2, [final(429, { message: BUDGET }), final(429, { shape: 'text', message: LIMIT })]],
    ['an echo of another model', 2, [final(429, { model: 'a' }), final(429, { shape: 'text', model: 'b' })]],
    ['an echo of another tenant', 2, [final(429, { tenant: 'a' }), final(429, { shape: 'text', tenant: 'b' })]],
    ['a failure after a success', 2, [success(), final(429)]],
    ['a success after a failure', 2, [final(429), success()]],
    ['two successes', 2, [success(), success()]],
    ['a try more than 90 s after the notice', 2, [attempt(429), notice(), attempt(429, { afterMs: 90_001 })]],
  ])('%s makes %i', (_, calls, lines) => {
    expect(join(...lines)).toHaveLength(calls);
  });

  // A notice names nothing: every line of the call is compared.
  test.each<[string, Line]>([
    ['a try', attempt(503, { model: 'b' })],
    ['a success', success({ model: 'b' })],
  ])('%s of another model after a notice is a call of its own', (_, next) => {
    expect(join(attempt(503, { model: 'a' }), notice(), next)).toHaveLength(2);
  });

  // Both lines name their call, and not the same one.
  test('an echo with another request id is a call of its own', () => {
    expect(join(final(429, { requestId: 'req_a' }), final(429, { shape: 'text', requestId: 'req_b' }))).toHaveLength(2);
  });
});

describe('names of a call', () => {
  test('a request id joins lines of one shape', () => {
    expect(told(final(429, { requestId: 'req_a' }), final(429, { requestId: 'req_a' }))).toBe(
      'rate_limit_unspecified×1',
    );
  });
  test('a trace id joins across a minute', () => {
    const [call, ...others] = join(attempt(429, { traceId: 't' }), final(429, { traceId: 't', afterMs: 60_000 }));
    expect(others).toEqual([]);
    expect(call?.call).toEqual({ key: 'trace:t' });
  });
  test('a request id joins interleaved calls', () => {
    const lines = [
      attempt(429, { requestId: 'a' }),
      attempt(503, { requestId: 'b' }),
      final(429, { requestId: 'a' }),
      final(503, { requestId: 'b' }),
    ];
    expect(told(...lines)).toBe('rate_limit_unspecified×1 service_unavailable_unspecified×1');
  });
  test('a call without a name is named by the event that ended it', () => {
    expect(join(attempt(429), notice(), final(429))[0]?.call).toEqual({ eventId: '2' });
  });
  test('every event of a call names the same call', () => {
    const placed = joinCalls(outcomes([attempt(429), notice(), final(429, { requestId: 'a' })]));
    expect(new Set(placed.map(({ call }) => JSON.stringify(call))).size).toBe(1);
  });
});

describe('invocations', () => {
  const a = { invocationId: 'a' };
  const b = { invocationId: 'b' };
  test('different invocations are not joined', () => {
    expect(join(final(429, a), final(429, { ...b, shape: 'text' }))).toHaveLength(2);
    expect(join({ ...attempt(429), ...a }, { ...notice(), ...a }, { ...success(), ...b })).toHaveLength(2);
  });
  test('interleaved calls of two invocations stay apart', () => {
    const lines = [attempt(429, a), attempt(503, b), notice(a), notice(b), attempt(429, a), success(b), final(429, a)];
    expect(told(...lines)).toBe('rate_limit_unspecified×2 success×2');
  });
  test('a request id joins across invocations', () => {
    expect(join(final(429, { ...a, requestId: 'r' }), final(429, { requestId: 'r', shape: 'text' }))).toHaveLength(1);
  });
});

describe('properties', () => {
  const line = fc.record({
    kind: fc.constantFrom<RecordKind>('final', 'attempt', 'retry-notice', 'success'),
    shape: fc.constantFrom('httpx-line', 'text', 'json'),
    status: fc.constantFrom(null, 200, 401, 429, 503),
    model: fc.constantFrom(null, 'a', 'b'),
    requestId: fc.constantFrom(null, null, null, 'r1', 'r2'),
    invocationId: fc.constantFrom(null, 'i1', 'i2'),
    retryCount: fc.constantFrom(null, 0, 2),
    afterMs: fc.constantFrom(0, 10, 1000, 3001, 20_000, 100_000),
  });
  const stream = fc.array(line, { maxLength: 40 });
  const check = (holds: (lines: readonly Line[]) => void): void =>
    fc.assert(fc.property(stream, holds), { seed: SEED, numRuns: 500 });

  test('every line is placed once', () => {
    check((lines) => {
      const ids = joinCalls(outcomes(lines)).map(({ outcome }) => outcome.record.eventId);
      expect(ids.sort()).toEqual(lines.map((_, i) => String(i)).sort());
    });
  });
  test('there are no more calls than lines, and each has one head', () => {
    check((lines) => {
      const placed = joinCalls(outcomes(lines));
      expect(heads(placed).length).toBeLessThanOrEqual(lines.length);
      expect(heads(placed).length).toBeGreaterThanOrEqual(Math.min(1, lines.length));
    });
  });
  test('every part names a call that has a head', () => {
    check((lines) => {
      const placed = joinCalls(outcomes(lines));
      const named = new Set(heads(placed).map(({ call }) => JSON.stringify(call)));
      expect(placed.filter(({ call }) => !named.has(JSON.stringify(call)))).toEqual([]);
    });
  });
  test('a call has at least one try and no more than its lines or its text state', () => {
    check((lines) => {
      for (const { attempts } of joinCalls(outcomes(lines))) {
        expect(attempts).toBeGreaterThanOrEqual(1);
        expect(attempts).toBeLessThanOrEqual(Math.max(lines.length + 1, 3));
      }
    });
  });
  test('final lines of one shape without names are never joined', () => {
    check((lines) => {
      const finals = lines.map((one) => ({ ...one, kind: 'final' as const, shape: 'json', requestId: null }));
      expect(join(...finals)).toHaveLength(lines.length);
    });
  });
  test('a lane of its own does not see other lanes', () => {
    check((lines) => {
      const plain = lines.map((one) => ({ ...one, invocationId: null, requestId: null }));
      const alone = join(...plain).length;
      const mixed = plain.flatMap((one) => [
        { ...one, invocationId: 'x' },
        { ...one, invocationId: 'y', afterMs: 0 },
      ]);
      expect(join(...mixed)).toHaveLength(2 * alone);
    });
  });
});
