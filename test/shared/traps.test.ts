/**
 * The 26 traps that real log lines set (docs of formats, §5.3): each line here looks like something it is not. A part that is
 * not yet read right stands as `test.failing` with its reason, and turns red on the day it is.
 */
import { joinCalls, type Placed } from '../../shared/calls.ts';
import { classify } from '../../shared/classify.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { CallRecord } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { triage } from '../../shared/triage.ts';
import { failure } from '../fixtures/failures.ts';
import { SHAPES } from '../fixtures/shapes.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9, 0);
const CHAT = 'https://api.llmgrid.ai/v1/chat/completions';
const INVOCATION = '8f0c8a4e-0000-4000-8000-00000000f1c7';

function callsOf(...messages: readonly string[]): Placed[] {
  const events = messages.map((message, i) => ({ id: String(i), timestamp: AT_MS + i, message }));
  const batch = { owner: 'local', logGroup: '/app', logStream: 's', events };
  const blocks = [...parseBatch(batch, DEFAULT_SETTINGS)];
  const outcomes = blocks.flatMap((block) => ('record' in block ? [classify(block.record)] : []));
  return joinCalls(outcomes).filter(({ rank }) => rank !== 'part');
}

/** Cause and status of the one call that the lines tell. */
function told(...messages: readonly string[]): string {
  return callsOf(...messages)
    .map(({ outcome: { failed, cause, record } }) =>
      failed ? `${cause} ${record.status}` : `success ${record.status}`,
    )
    .join(', ');
}

function recordOf(...messages: readonly string[]): CallRecord {
  const [call] = callsOf(...messages);
  if (call === undefined) throw new Error(`no call in ${messages[0]}`);
  return call.outcome.record;
}

const json = (fields: Record<string, unknown>): string => JSON.stringify(fields);
/** An application's own JSON line about a failed call. */
const line = (error: unknown, more: Record<string, unknown> = {}): string =>
  json({ level: 'error', msg: 'llm call failed', url: CHAT, model: 'gpt-4o', ...more, error });
/** A body as the gateway writes it. */
const body = (message: unknown, code: unknown, type: unknown = 'None') => ({ message, type, param: 'None', code });
const python = (status: number, repr: string): string => `ERROR:root:LLM call failed: Error code: ${status} - ${repr}`;

describe('bodies', () => {
  test.each([
    ['a string', '429', 'rate_limit_unspecified 429', null],
    ['a number', 429, 'rate_limit_unspecified 429', null],
    ['the word None', 'None', 'unknown null', null],
    ["the provider's", 'context_length_exceeded', 'context_length_exceeded null', 'context_length_exceeded'],
  ])('trap 1: error.code may be %s', (_, code, expected, type) => {
    expect(told(line(body('declined', code)))).toBe(expected);
    expect(recordOf(line(body('declined', code))).errorType).toBe(type);
  });

  test.each([
    ['an object', line(body({ error: 'Key=k1 over available TPM=0. Model TPM=0, Active keys=2' }, '429'))],
    [
      'a Python dict',
      python(429, `{'error': {'message': {'error': 'Key=k1 over available TPM=0.'}, 'type': 'None', 'code': '429'}}`),
    ],
    [
      'the repr of one',
      python(429, `{'error': {'message': "{'error': 'Key=k1 over available TPM=0.'}", 'type': 'None', 'code': '429'}}`),
    ],
  ])('trap 2: error.message may be %s', (_, text) => {
    expect(told(text)).toBe('rate_limit_tokens 429');
  });

  test('trap 3: of two "Error code" the outer is the status, the inner the cause', () => {
    const inner = `Error code: 429 - {'error': {'code': '429', 'message': 'Requests have exceeded token rate limit of your tier. Please retry after 30 seconds.'}}`;
    const outer = `{'error': {'message': "litellm.ServiceUnavailableError: AzureException - ${inner}", 'type': 'None', 'param': None, 'code': '503'}}`;
    expect(told(python(503, outer))).toBe('rate_limit_tokens 503');
  });

  test.each([
    ['a router text', (text: string) => line(body(text, '500'))],
    [
      'the same as a repr',
      (text: string) => python(500, `{'error': {'message': "${text}", 'type': 'None', 'code': '500'}}`),
    ],
  ])('trap 4: what a fallback said later is not the cause (%s)', (_, print) => {
    const first =
      'litellm.InternalServerError: InternalServerError: OpenAIException - The server had an error while processing your request.';
    const second =
      'Error doing the fallback: litellm.RateLimitError: AnthropicException - tokens per minute (TPM): Limit 10 No fallback model group found';
    expect(told(print(`${first} Received Model Group=chat. ${second}`))).toBe('provider_unstable 500');
  });

  test.each([
    [
      'BedrockException - {"message":"Too many tokens, please wait before trying again."}',
      '429',
      'rate_limit_tokens 429',
    ],
    ['CohereException - too many tokens: total is 9000', '400', 'context_length_exceeded 400'],
    [
      'CerebrasException - Tokens per minute limit exceeded - too many tokens processed.',
      '429',
      'rate_limit_tokens 429',
    ],
  ])('trap 5: too many tokens, of a minute or of a prompt: %s', (message, code, expected) => {
    expect(told(line(body(`litellm.APIError: ${message}`, code)))).toBe(expected);
  });

  test('trap 6: a 429 of Mistral of type invalid_request_error is capacity', () => {
    const inner = `{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error","param":null,"code":null}`;
    const text = `litellm.RateLimitError: MistralException - ${inner}`;
    expect(told(line(body(text, '429', 'invalid_request_error')))).toBe('provider_overloaded 429');
  });

  test('trap 7: a 413 of Groq is a request above the token limit', () => {
    const text =
      'Request too large for model `llama-3.1-8b-instant` in organization `org_f` on tokens per minute (TPM): Limit 6000, Requested 12328';
    expect(told(line(body(text, 'rate_limit_exceeded', 'tokens'), { status: 413 }))).toBe('request_exceeds_limit 413');
    const repr = `{'error': {'message': '${text}', 'type': 'tokens', 'code': 'rate_limit_exceeded'}}`;
    expect(told(python(413, repr))).toBe('request_exceeds_limit 413');
  });

  const vertex = (message: string): string =>
    line(
      body(
        `litellm.RateLimitError: VertexAIException - {"error":{"code":429,"message":"${message}","status":"RESOURCE_EXHAUSTED"}}`,
        '429',
        'throttling_error',
      ),
    );
  // Google sends both for its shared pool as well as for a project's own limit, and says so ("e.g."): which one it was, the
  // text does not tell. Both are waited out in the same way.
  test.each(['Resource has been exhausted (e.g. check quota).', 'Resource exhausted. Please try again later.'])(
    'trap 8: Vertex does not say whose limit it was: %s',
    (message) => {
      expect(told(vertex(message))).toBe('rate_limit_unspecified 429');
    },
  );
  test('trap 8: Vertex out of capacity is capacity, a quota metric is its quota', () => {
    expect(told(vertex('Unable to submit request because the service is temporarily out of capacity.'))).toBe(
      'provider_overloaded 429',
    );
    expect(told(vertex('Quota exceeded for metric: free_tier_requests, limit: 0, model: gemini-2.5-pro'))).toBe(
      'quota_exceeded 429',
    );
  });

  test('trap 9: the 86,400 seconds of Azure are no quota and no longer than a day', () => {
    const text =
      'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 86400 seconds.';
    expect(told(line(body(text, '429')))).toBe('rate_limit_tokens 429');
    expect(recordOf(line(body(text, '429'))).retryAfterMs).toBe(86_400_000);
    expect(recordOf(line(body(text.replace('86400', '999999'), '429'))).retryAfterMs).toBe(86_400_000);
  });

  test.each([
    ['20s', 20_000],
    ['9m38.016s', 578_016],
    ['1.984999999s', 1985],
    ['114h18m0s', 86_400_000],
    ['250ms', 250],
    ['60 seconds', 60_000],
  ])('trap 10: try again in %s', (hint, ms) => {
    const text = `Rate limit reached on tokens per min (TPM): Limit 3, Used 3. Please try again in ${hint}.`;
    expect(recordOf(line(body(text, '429'))).retryAfterMs).toBe(ms);
  });
  test('trap 10: a retry-after header counts in seconds', () => {
    const error = { ...body('slow down', '429'), headers: { 'retry-after': '60' } };
    expect(recordOf(line(error)).retryAfterMs).toBe(60_000);
  });
  test.each([['retry-after-ms'], ['retryAfterMs']])('trap 10: %s counts in milliseconds', (name) => {
    expect(recordOf(line({ ...body('slow down', '429'), headers: { [name]: '1500' } })).retryAfterMs).toBe(1500);
  });

  test.each([
    [401, 'auth_error'],
    [400, 'budget_exceeded'],
    [429, 'budget_exceeded'],
    [429, 'None'],
  ])('trap 11: a budget is a budget under %i %s', (status, type) => {
    const text = 'Budget has been exceeded! Current cost: 10.5, Max budget: 10.0';
    expect(told(line(body(text, String(status), type)))).toBe(`budget_exceeded ${status}`);
  });

  test("trap 12: a provider's 401 is not the caller's key", () => {
    const provider = 'litellm.AuthenticationError: OpenAIException - Incorrect API key provided: sk-fixture-****0001.';
    const gateway = 'Authentication Error, Invalid proxy server token passed. Received API Key = sk-...0001';
    expect(told(line(body(provider, '401', 'invalid_request_error')))).toBe('provider_credentials 401');
    expect(told(line(body(gateway, '401', 'token_not_found_in_db')))).toBe('expired_or_revoked_key 401');
  });
  test("trap 12: a provider's key is not taken for the virtual key", () => {
    const provider = 'litellm.AuthenticationError: OpenAIException - Incorrect API key provided: sk-fixture-****0001.';
    expect(recordOf(line(body(provider, '401', 'invalid_request_error'))).keyHash).toBeNull();
  });

  test('trap 24: an apostrophe switches the quotes of Python', () => {
    const single = `{'error': {'message': "This model's maximum context length is 128000 tokens", 'type': 'None', 'code': '400'}}`;
    const both = `{'error': {'message': 'He said "it\\'s over": Budget has been exceeded!', 'type': 'None', 'code': '429'}}`;
    expect(told(python(400, single))).toBe('context_length_exceeded 400');
    expect(told(python(429, both))).toBe('budget_exceeded 429');
  });

  test('trap 26: a reset time is a hint, taken as it stands', () => {
    const text =
      'Rate limit exceeded for api_key: k1. Limit type: requests. Current limit: 3, Remaining: 0. Limit resets at: 2026-11-17 03:00:00 UTC';
    const record = recordOf(line(body(text, '429')));
    expect(record.limit?.resetsAtMs).toBe(Date.UTC(2026, 10, 17, 3));
    expect([record.atMs, record.retryAfterMs]).toEqual([AT_MS, null]);
    expect(told(line(body(text.replace('03:00:00', '99:99:99'), '429')))).toBe('rate_limit_requests 429');
  });
});

describe('loggers', () => {
  test('trap 13: the type of a pino error is its class', () => {
    const err = {
      type: 'RateLimitError',
      message: '429 Max parallel request limit reached.',
      stack: 'Error: 429 Max parallel request limit reached.\n    at x (/app/node_modules/openai/core/error.js:1:1)',
      status: 429,
      error: { type: 'Object', message: 'Max parallel request limit reached.', stack: '', param: null, code: '429' },
      code: '429',
    };
    const text = json({ level: 50, time: AT_MS, pid: 7, hostname: 'h', err, msg: 'llm call failed' });
    expect(told(text)).toBe('concurrency_limit 429');
    expect(recordOf(text)).toMatchObject({ errorType: null, errorClass: 'RateLimitError', shape: 'pino' });
  });

  test.each([
    [
      'Lambda JSON',
      json({
        timestamp: '2026-11-17T09:00:00Z',
        level: 'ERROR',
        requestId: INVOCATION,
        message: { errorMessage: '429 slow', status: 429, url: CHAT, requestID: 'req_abcdef' },
      }),
    ],
    [
      'Lambda text',
      `2026-11-17T09:00:00.000Z\t${INVOCATION}\tERROR\tllm call failed ${CHAT} { status: 429, requestID: 'req_abcdef' }`,
    ],
    [
      'powertools',
      json({
        level: 'ERROR',
        cold_start: false,
        function_request_id: INVOCATION,
        url: CHAT,
        error: { status: 429, request_id: 'req_abcdef' },
      }),
    ],
  ])('trap 14: the request id of %s is the invocation', (_, text) => {
    expect(recordOf(text)).toMatchObject({ invocationId: INVOCATION, requestId: 'req_abcdef' });
  });

  const lambda = { timestamp: '2026-11-17T09:00:00Z', level: 'ERROR', requestId: INVOCATION, tenantId: 'blue' };
  const powertools = {
    level: 'ERROR',
    cold_start: false,
    function_request_id: INVOCATION,
    tenant_id: 'blue',
    url: CHAT,
  };
  test.each([
    ['Lambda', json({ ...lambda, message: { status: 429, url: CHAT } })],
    ['powertools', json({ ...powertools, error: { status: 429, message: '429 slow' } })],
  ])('trap 15: the tenant of %s is not the tenant of LLMGrid', (_, text) => {
    expect(recordOf(text).tenant).toBeNull();
  });
  test.each([
    ['Lambda', json({ ...lambda, message: json({ status: 429, url: CHAT, tenant_id: 'acme' }) })],
    ['powertools', json({ ...powertools, llmgrid: { tenant_id: 'acme' }, error: { status: 429, message: '429' } })],
  ])('trap 15: the tenant of LLMGrid is found beside that of %s', (_, text) => {
    expect(recordOf(text).tenant).toBe('acme');
  });

  const inner = json({ level: 'error', status: 429, url: CHAT, error: body('Budget has been exceeded!', '429') });
  test.each([
    ['Lambda', json({ timestamp: '2026-11-17T09:00:00Z', level: 'ERROR', requestId: INVOCATION, message: inner })],
    ['any logger', json({ msg: inner })],
    ['two loggers', json({ message: json({ message: inner }) })],
  ])('trap 16: JSON in a string of JSON is read, of %s', (_, text) => {
    expect(told(text)).toBe('budget_exceeded 429');
  });
  // Docker and Fluent Bit wrap each line so.
  test.each([
    ['JSON', inner, 'budget_exceeded 429'],
    [
      'a failed try',
      `INFO httpx: HTTP Request: POST ${CHAT} "HTTP/1.1 429 Too Many Requests"`,
      'rate_limit_unspecified 429',
    ],
    ['a success', `INFO httpx: HTTP Request: POST ${CHAT} "HTTP/1.1 200 OK"`, 'success 200'],
  ])('trap 16: %s in the log field of a container is read', (_, text, expected) => {
    expect(told(json({ log: `${text}\n`, stream: 'stderr', kubernetes: { pod_name: 'a' } }))).toBe(expected);
  });

  test('trap 17: an uncaught error of Lambda has log_level only', () => {
    const text = json({
      timestamp: '2026-11-17T09:00:00Z',
      log_level: 'ERROR',
      errorMessage: `Error code: 429 - {'error': {'message': 'Budget has been exceeded!', 'type': 'None', 'code': '429'}}`,
      errorType: 'RateLimitError',
      requestId: INVOCATION,
      stackTrace: ['  File "/var/task/app.py", line 500, in handler\n'],
    });
    expect(told(text)).toBe('budget_exceeded 429');
    expect(recordOf(text)).toMatchObject({ shape: 'lambda-json', invocationId: INVOCATION, requestId: null });
  });

  test('trap 18: carriage returns and no-break spaces are line ends and indents', () => {
    const repr = `{'error': {'message': 'Max parallel request limit reached.', 'type': 'None', 'code': '429'}}`;
    const python = `[ERROR] RateLimitError: Error code: 429 - ${repr}\rTraceback (most recent call last):\r\u00a0\u00a0File "/var/task/a.py", line 500, in handler\r\u00a0\u00a0\u00a0\u00a0call()`;
    const node = `2026-11-17T09:00:00.000Z\t${INVOCATION}\tERROR\tllm call failed ${CHAT} {\r\u00a0\u00a0status: 429,\r\u00a0\u00a0error: {\r\u00a0\u00a0\u00a0\u00a0message: 'Max parallel request limit reached.'\r\u00a0\u00a0}\r}`;
    expect(told(python)).toBe('concurrency_limit 429');
    expect(told(...python.split('\r'))).toBe('concurrency_limit 429');
    expect(told(node)).toBe('concurrency_limit 429');
  });

  const dump = (fields: number, nested = 2): string[] => [
    'llm call failed RateLimitError: 429 Max parallel request limit reached.',
    '    at APIError.generate (/app/node_modules/openai/src/core/error.ts:78:14)',
    '    at async handler (/app/dist/index.js:17:12) {',
    '  status: 429,',
    '  headers: Headers {',
    ...Array.from({ length: fields }, (_, i) => `    'x-header-${i}': '500',`),
    '  },',
    "  requestID: 'req_abcdef',",
    '  error: {',
    ...Array.from({ length: nested }, (_, i) => `    detail${i}: [Object],`),
    "    message: 'Max parallel request limit reached.',",
    "    type: 'None',",
    "    code: '429'",
    '  }',
    '}',
  ];
  test.each([31, 184, 351, 499])('trap 19: a dump over %i events is one call', (events) => {
    const lines = dump(events - 15);
    expect(lines).toHaveLength(events);
    expect(told(...lines)).toBe('concurrency_limit 429');
    const next = lines.map((text) => text.replace('req_abcdef', 'req_ghijkl'));
    expect(told(...lines, ...next)).toBe('concurrency_limit 429, concurrency_limit 429');
  });
  // A message of several lines continues without an indent: its second line could open a record, and so a call, of its own.
  test('trap 19: a dump with line breaks in its message is one call', () => {
    const call = { failure: failure('tokens per minute, OpenAI'), atMs: AT_MS, model: 'gpt-4o' };
    const lines = (SHAPES['ai-sdk-inspect']?.render(call) ?? []).flatMap((event) => event.split('\n'));
    expect(told(...lines)).toBe('rate_limit_tokens 429');
  });

  test.each([
    ['nginx', '502 Bad Gateway', 'provider_unstable 502'],
    ['a load balancer', '503 Service Temporarily Unavailable', 'service_unavailable_unspecified 503'],
    ['the edge', '504 Gateway Time-out', 'gateway_timeout 504'],
    ['Cloudflare', 'api.llmgrid.ai | 524: A timeout occurred', 'gateway_timeout'],
  ])('trap 20: a page of %s has a cause', (_, title, expected) => {
    const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<p>error 4290 ${'x'.repeat(3000)}</p></body>\r\n</html>`;
    const text = `ERROR app: llm call failed openai.InternalServerError: ${page}`;
    expect(told(text)).toMatch(expected);
    expect(told(...text.split('\r\n'))).toMatch(expected);
    expect(told(json({ level: 'error', url: CHAT, error: page }))).toMatch(expected);
    const [call] = callsOf(text);
    expect(call && triage(call.outcome).origin).toBe('edge');
  });
});

describe('numbers and ends', () => {
  test.each([
    'gpt-4o used 429 tokens',
    'src/openai/client.py:429 reached',
    'llmgrid listening on port 500',
    'llm price 4.29 USD for 500 tokens',
    'embedding 503 of 1000 done',
    'model gpt-4o answered in 429 ms',
    'openai chunk 401/500 sent',
    json({ level: 'info', msg: 'llm chunk stored', model: 'gpt-4o', id: 429, order: 500, price: 4.29 }),
  ])('trap 21: a number is no status: %s', (text) => {
    expect(callsOf(text)).toEqual([]);
  });
  test.each([
    'ERROR app: llm call failed at src/llm.ts:429:12 Connection error.',
    'ERROR app: llm call failed after 429 tokens: Connection error.',
    'ERROR app: llm gateway at https://api.llmgrid.ai:429/v1 failed: Connection refused',
    'ERROR app: llm call failed, cost 4.29 EUR, order 500: Connection error.',
    line({ message: 'Connection error.' }, { order: 429, port: 500, price: 429, tokens: { prompt: 429 } }),
  ])('trap 21: a number beside a failure is no status: %s', (text) => {
    expect(told(text)).toBe('network_error null');
  });
  test.each(['"429 "', '429.0', '"HTTP 429"', '"HTTP/1.1 429 Too Many Requests"', '"429"'])(
    'trap 21: %s is a status',
    (status) => {
      expect(recordOf(`{"level":"error","url":"${CHAT}","error":{"message":"x"},"status":${status}}`).status).toBe(429);
    },
  );
  test.each(['"0x1ad"', '[429]', '"4.29e2"', '"+429"', 'true', 'null', '""', '"429,503"', '1429', '429.5', '"４２９"'])(
    'trap 21: %s is no status',
    (status) => {
      expect(
        recordOf(`{"level":"error","url":"${CHAT}","error":{"message":"x"},"status":${status}}`).status,
      ).toBeNull();
    },
  );

  test.each([
    ['httpx', `2026-11-17 09:00:00,001 INFO httpx: HTTP Request: POST ${CHAT} "HTTP/1.1 200 OK"`],
    ['httpx in JSON', json({ level: 'INFO', message: `HTTP Request: POST ${CHAT} "HTTP/1.1 200 OK"` })],
    ['the access line of the gateway', 'INFO:     10.0.3.17:40722 - "POST /v1/chat/completions HTTP/1.1" 200 OK'],
    [
      'a call log',
      json({ msg: 'llm call ok', model: 'gpt-4o', latency_ms: 429, tokens: { prompt: 500 }, status: 200 }),
    ],
    ['a call log with a null error', json({ model: 'gpt-4o', url: CHAT, latency_ms: 9, status: 200, error: null })],
  ])('trap 22: a success is counted, not as a failure: %s', (_, text) => {
    expect(told(text)).toBe('success 200');
  });
  test.each([
    ['status: failure', { status: 'failure' }],
    ['status: error', { status: 'error' }],
    ['outcome: failed', { outcome: 'failed' }],
    ['success: false', { success: false }],
    ['level: error', { level: 'error' }],
    ['error.type: 429', { 'gen_ai.operation.name': 'chat', 'error.type': '429' }],
    ['error.type: timeout', { 'gen_ai.operation.name': 'chat', 'error.type': 'timeout' }],
  ])('trap 22: a failure without a status is no success: %s', (_, fields) => {
    const calls = callsOf(json({ model: 'gpt-4o', provider: 'openai', url: CHAT, latency_ms: 850, ...fields }));
    expect(calls.map(({ outcome }) => outcome.failed)).toEqual([true]);
  });
  test('trap 22: tries in JSON that end well are one recovered call', () => {
    const lines = [
      ['httpx', `HTTP Request: POST ${CHAT} "HTTP/1.1 429 Too Many Requests"`],
      ['openai._base_client', 'Retrying request to /chat/completions in 0.482903 seconds'],
      ['httpx', `HTTP Request: POST ${CHAT} "HTTP/1.1 200 OK"`],
    ].map(([name, message]) => json({ levelname: 'INFO', name, message }));
    expect(told(...lines)).toBe('success 200');
  });
  test.each([
    ['configuration', `INFO app: openai client configured timeout=30 max_retries=2 base_url=https://api.llmgrid.ai/v1`],
    [
      'configuration in JSON',
      json({ level: 'info', msg: 'client ready', timeout: 30, base_url: 'https://api.llmgrid.ai/v1' }),
    ],
    ['connecting', "DEBUG:httpcore.connection:connect_tcp.started host='api.llmgrid.ai' port=443 timeout=5.0"],
    [
      'a request whose prompt speaks of failures',
      "DEBUG:openai._base_client:Request options: {'method': 'post', 'url': '/chat/completions', 'json_data': {'messages': [{'role': 'user', 'content': 'why a rate limit?'}], 'model': 'gpt-4o'}}",
    ],
  ])('trap 22: what precedes a call is no failure: %s', (_, text) => {
    expect(callsOf(text)).toEqual([]);
  });
  // At level DEBUG httpcore, httpx and the SDK each print the answer: three successes of one call.
  test('trap 22: one answer printed by three loggers is one call', () => {
    const lines = [
      `DEBUG:httpcore.http11:receive_response_headers.complete return_value=(b'HTTP/1.1', 200, b'OK', [(b'openai-model', b'gpt-4o')])`,
      `INFO:httpx:HTTP Request: POST ${CHAT} "HTTP/1.1 200 OK"`,
      `DEBUG:openai._base_client:HTTP Response: POST ${CHAT} "200 OK" Headers({'date': 'x'})`,
    ];
    expect(callsOf(...lines)).toHaveLength(1);
  });

  test.each([
    ['a success', { model: 'openai:gpt-4o-mini', usage: { prompt_tokens: 1, completion_tokens: 2 } }, false],
    ['a failure', { error: body('Budget has been exceeded!', '429') }, true],
  ])('trap 23: the trace id stands in the JSON of a message: %s', (_, fields, failed) => {
    const [call] = callsOf(json({ level: 'info', message: json({ ...fields, x_llmgrid_trace_id: 'trace_abc123' }) }));
    expect(call?.outcome).toMatchObject({ failed, record: { traceId: 'trace_abc123' } });
    expect(call?.call).toEqual({ key: 'trace:trace_abc123' });
  });
  test('trap 23: the trace id stands in text', () => {
    expect(recordOf('ERROR llmgrid call failed x_llmgrid_trace_id=trace_abc123 status=429').traceId).toBe(
      'trace_abc123',
    );
  });

  const rest = 'y'.repeat(2000);
  test.each([
    ['a Python repr', python(429, `{'error': {'message': 'Budget has been exceeded! ${rest}`), 'budget_exceeded 429'],
    [
      'JSON',
      `{"level":"error","url":"${CHAT}","status":429,"error":{"message":"Budget has been exceeded! ${rest}`,
      'budget_exceeded 429',
    ],
    [
      'inspect',
      `llm call failed RateLimitError: 429 Budget has been exceeded!\n    at a (/app/node_modules/openai/a.js:1:1) {\n  status: 429,\n  headers: Headers {\n    a: '${rest}`,
      'budget_exceeded 429',
    ],
    [
      "the gateway's own cut",
      line(body('Budget has been exceeded! ... (litellm_truncated_payload_field skipped 9000 chars)', '429')),
      'budget_exceeded 429',
    ],
  ])('trap 25: %s that was cut is read from its head', (_, text, expected) => {
    expect(told(text)).toBe(expected);
  });
  test('trap 25: a cut record without its end is unreadable, not a success', () => {
    const text = `{"time":1,"url":"${CHAT}","request":{"input":"${rest}`;
    const events = [{ id: '1', timestamp: AT_MS, message: text }];
    const blocks = [...parseBatch({ owner: '', logGroup: '', logStream: '', events }, DEFAULT_SETTINGS)];
    expect(blocks).toEqual([{ skipped: 'unreadable', signature: expect.any(String), events }]);
  });
  test.each([
    [
      'pino',
      `{"level":50,"time":1,"pid":7,"hostname":"h","model":"gpt-4o","endpoint":"/chat/completions","durationMs":312,"err":{"ty`,
    ],
    [
      'LiteLLM',
      `{"litellm_call_id":"a","status":"failure","custom_llm_provider":"openai","response_time":0.3,"model":"gpt-4o","messages":[{"ro`,
    ],
  ])('trap 25: a failure that was cut before its error is no success: %s', (_, text) => {
    expect(told(text)).not.toMatch(/success/);
  });
});
