/**
 * What programs really print around a call: the HTTP client, the SDK's retries, the application's own, and each layer that logs
 * what it caught. However many lines, `cause×tries` is told once for each call.
 */
import { joinCalls } from '../../shared/calls.ts';
import { classify } from '../../shared/classify.ts';
import { parseBatch } from '../../shared/parse.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';

const SETTINGS = { ...DEFAULT_SETTINGS, hosts: 'any' as const };
const CLOCK = /(\d\d):(\d\d):(\d\d)[.,](\d{3})/;
/** Lines take their time from what they print; those that print none follow a millisecond later. */
function callsIn(text: string, carry: (line: string) => string = (line) => line): string {
  let atMs = Date.UTC(2026, 10, 17, 10);
  const events = text
    .trim()
    .split('\n')
    .map((message, n) => {
      const [, ...time] = CLOCK.exec(message.slice(0, 60)) ?? [];
      const [hours = 0, minutes = 0, seconds = 0, ms = 0] = time.map(Number);
      atMs = time.length > 0 ? Date.UTC(2026, 10, 17, hours, minutes, seconds, ms) : atMs + 1;
      return { id: String(n), timestamp: atMs, message: carry(message) };
    });
  const blocks = [...parseBatch({ owner: 'o', logGroup: '/app', logStream: 's', events }, SETTINGS)];
  return joinCalls(blocks.flatMap((block) => ('record' in block ? [classify(block.record)] : [])))
    .filter(({ rank }) => rank !== 'part')
    .map(({ outcome, attempts }) => `${outcome.failed ? outcome.cause : 'success'}×${attempts}`)
    .join(' ');
}

const POST = 'HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions';
const QUOTA =
  "Error code: 429 - {'error': {'message': 'You exceeded your current quota', 'type': 'insufficient_quota', 'param': None, 'code': 'insufficient_quota'}}";
const KEY =
  "Error code: 401 - {'error': {'message': 'Incorrect API key provided: [x].', 'type': 'invalid_request_error', 'code': 'invalid_api_key'}}";
const BUDGET =
  "Error code: 429 - {'error': {'message': 'Budget has been exceeded! Current cost: 10.2, Max budget: 10.0', 'type': 'budget_exceeded', 'code': '429'}}";
const TPM = 'Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.';
const RPM =
  '{"error":{"message":"Rate limit reached for gpt-4o on requests per min (RPM)","type":"requests","code":"rate_limit_exceeded"}}';
const INVOCATION = '6f0c8a4e-0000-4000-8000-00000000f1c7';

const STORIES: readonly [string, string, string][] = [
  [
    'an SDK that saves a call, its logger without a name, and one that needs no saving',
    'success×1 success×2',
    `10:00:05,360 | INFO | ${POST} "HTTP/1.1 200 OK"
10:00:07,166 | INFO | ${POST} "HTTP/1.1 429 Too Many Requests"
10:00:07,167 | INFO | Retrying request to /chat/completions in 6.000000 seconds
10:00:14,030 | INFO | ${POST} "HTTP/1.1 200 OK"`,
  ],
  [
    'an address with a path of its own before that of the API',
    'success×2',
    `10:00:07,166 - INFO - HTTP Request: POST https://gateway.example.com/llm/v1/chat/completions "HTTP/1.1 429 Too Many Requests"
10:00:07,167 - INFO - Retrying request to /chat/completions in 1.000000 seconds
10:00:08,800 - INFO - HTTP Request: POST https://gateway.example.com/llm/v1/chat/completions "HTTP/1.1 200 OK"`,
  ],
  [
    'two calls at once, each tried twice',
    'quota_exceeded×2 quota_exceeded×2',
    `10:00:01,100 INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"
10:00:01,110 INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"
10:00:01,111 INFO openai._base_client Retrying request to /chat/completions in 0.49 seconds
10:00:01,112 INFO openai._base_client Retrying request to /chat/completions in 0.41 seconds
10:00:01,600 INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"
10:00:01,610 INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"
10:00:01,611 ERROR app.worker LLM call failed for job 1: ${QUOTA}
10:00:01,621 ERROR app.worker LLM call failed for job 2: ${QUOTA}`,
  ],
  [
    'a service that logs, and the route above it',
    'quota_exceeded×2',
    `INFO:httpx:${POST} "HTTP/1.1 429 Too Many Requests"
INFO:openai._base_client:Retrying request to /chat/completions in 0.49 seconds
INFO:httpx:${POST} "HTTP/1.1 429 Too Many Requests"
ERROR:app.services.llm:Answer failed: ${QUOTA}
ERROR:app.routes.chat:LLM error: ${QUOTA}
INFO:werkzeug:127.0.0.1 - - [17/Nov/2026 10:00:00] "POST /api/chat HTTP/1.1" 500 -`,
  ],
  [
    'a worker that warns, then raises',
    'expired_or_revoked_key×1',
    `[2026-11-17 10:00:01,100: WARNING/ForkPoolWorker-1] LLM call failed: ${KEY}
[2026-11-17 10:00:01,120: ERROR/ForkPoolWorker-1] Task app.summarise[1f] raised unexpected: AuthenticationError("${KEY}")
Traceback (most recent call last):
  File "/app/trace.py", line 451, in trace_task
    R = retval = fun(*args, **kwargs)
openai.AuthenticationError: ${KEY}`,
  ],
  [
    'an application that counts its own tries',
    'success×3',
    `10:00:03,500 [INFO] httpx: ${POST} "HTTP/1.1 529 "
10:00:03,502 [ERROR] app.llm: Anthropic API error (attempt 1/3): Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}
10:00:08,900 [INFO] httpx: ${POST} "HTTP/1.1 529 "
10:00:08,902 [ERROR] app.llm: Anthropic API error (attempt 2/3): Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}
10:00:18,900 [INFO] httpx: ${POST} "HTTP/1.1 200 OK"`,
  ],
  [
    'an application that counts the tries of three calls at once',
    'provider_overloaded×2 provider_overloaded×2 success×2',
    `10:00:03,501 [WARNING] app.llm: Claude call failed (attempt 1/2): 529 Overloaded
10:00:03,502 [WARNING] app.llm: Claude call failed (attempt 1/2): 529 Overloaded
10:00:03,503 [WARNING] app.llm: Claude call failed (attempt 1/2): 529 Overloaded
10:00:08,901 [ERROR] app.llm: Claude call failed (attempt 2/2): 529 Overloaded
10:00:08,902 [INFO] httpx: ${POST} "HTTP/1.1 200 OK"
10:00:08,903 [ERROR] app.llm: Claude call failed (attempt 2/2): 529 Overloaded`,
  ],
  [
    'tries that a field counts',
    'rate_limit_tokens×2',
    `time=2026-11-17T10:00:01.100Z level=WARN msg="openai request failed" attempt=1 err="error, status code: 429, message: ${TPM}"
time=2026-11-17T10:00:02.100Z level=WARN msg="openai request failed" attempt=2 err="error, status code: 429, message: ${TPM}"`,
  ],
  [
    'a stream that breaks off, and one that ends with an error',
    'stream_disconnected×1 provider_unstable×1',
    `10:00:01,100 INFO httpx ${POST} "HTTP/1.1 200 OK"
10:00:09,100 ERROR app.stream LLM stream failed: peer closed connection without sending complete message body (incomplete chunked read)
10:00:11,100 INFO httpx ${POST} "HTTP/1.1 200 OK"
10:00:13,100 ERROR app.stream chat failed
Traceback (most recent call last):
  File "/app/openai/_streaming.py", line 82, in __stream__
    raise APIError(
openai.APIError: The server had an error processing your request. Sorry about that!`,
  ],
  [
    'a good answer, and a call that got none',
    'success×1 network_error×1',
    `10:00:01,100 INFO httpx ${POST} "HTTP/1.1 200 OK"
10:00:02,100 ERROR app.llm LLM call failed: openai.APIConnectionError: Connection error.`,
  ],
  [
    'and gives up',
    'provider_overloaded×2',
    `10:00:03,502 [ERROR] app.llm: Anthropic API error (attempt 1/2): Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}
10:00:08,902 [ERROR] app.llm: Anthropic API error (attempt 2/2): Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}`,
  ],
  [
    'a JSON logger that says what comes next',
    'rate_limit_tokens×3',
    ['LLM request failed, retrying', 'LLM request failed, retrying', 'chat failed']
      .map((msg, n) =>
        JSON.stringify({
          ...{ level: n === 2 ? 50 : 40, time: `10:00:0${n},000`, pid: 1, hostname: 'a', name: 'app', msg },
          err: { type: 'RateLimitError', message: `429 ${TPM}`, status: 429 },
        }),
      )
      .join('\n'),
  ],
  [
    'a framework of Java that tries again',
    'rate_limit_requests×3',
    `2026-11-17T10:00:01.100Z  WARN 1 --- [exec-1] o.s.ai.retry.SpringAiRetryAutoConfiguration : Retry error. Retry count: 1, Exception: HTTP 429 - ${RPM}
2026-11-17T10:00:03.100Z  WARN 1 --- [exec-1] o.s.ai.retry.SpringAiRetryAutoConfiguration : Retry error. Retry count: 2, Exception: HTTP 429 - ${RPM}
2026-11-17T10:00:03.150Z ERROR 1 --- [exec-1] o.a.c.c.C.dispatcherServlet : threw exception [org.springframework.ai.retry.TransientAiException: HTTP 429 - ${RPM}] with root cause
org.springframework.ai.retry.TransientAiException: HTTP 429 - ${RPM}
	at org.springframework.ai.retry.RetryUtils$2.handleError(RetryUtils.java:70)`,
  ],
  [
    'the gateway: its router, its error, its access line',
    'rate_limit_tokens×3',
    `10:00:01,100 - LiteLLM Router:INFO: router.py:1190 - litellm.acompletion(model=gpt-4o-eu) Exception litellm.RateLimitError: RateLimitError: OpenAIException - ${TPM}
10:00:01,110 - LiteLLM Proxy:ERROR: proxy_server.py:3000 - _handle_llm_api_exception(): Exception occured - litellm.RateLimitError: RateLimitError: OpenAIException - ${TPM} Received Model Group=gpt-4o
Available Model Group Fallbacks=None LiteLLM Retried: 2 times, LiteLLM Max Retries: 2
INFO:     10.0.0.7:51234 - "POST /v1/chat/completions HTTP/1.1" 429 Too Many Requests`,
  ],
  [
    'Lambda, where an uncaught exception names no invocation',
    'budget_exceeded×2',
    `START RequestId: ${INVOCATION} Version: $LATEST
[INFO]	2026-11-17T10:00:01.100Z	${INVOCATION}	${POST} "HTTP/1.1 429 Too Many Requests"
[INFO]	2026-11-17T10:00:01.101Z	${INVOCATION}	Retrying request to /chat/completions in 0.49 seconds
[INFO]	2026-11-17T10:00:02.100Z	${INVOCATION}	${POST} "HTTP/1.1 429 Too Many Requests"
[ERROR] RateLimitError: ${BUDGET}
Traceback (most recent call last):
  File "/var/task/app.py", line 12, in handler
    return client.chat.completions.create(
END RequestId: ${INVOCATION}`,
  ],
  [
    'Node: a message, then the error itself',
    'rate_limit_tokens×1',
    `[chat] OpenAI error: 429 ${TPM}
RateLimitError: 429 ${TPM}
    at APIError.generate (/app/node_modules/openai/error.mjs:40:20)
    at OpenAI.makeStatusError (/app/node_modules/openai/core.mjs:290:25) {
  status: 429,
  headers: { 'x-request-id': 'req_1' },
  code: 'rate_limit_exceeded',
  type: 'tokens'
}`,
  ],
  [
    'a framework that was asked twice and did not get through',
    'network_error×3',
    `WARNING:llama_index.llms.openai.utils:Retrying llama_index.llms.openai.base.OpenAI._chat in 0.6 seconds as it raised APIConnectionError: Connection error..
WARNING:llama_index.llms.openai.utils:Retrying llama_index.llms.openai.base.OpenAI._chat in 1.4 seconds as it raised APIConnectionError: Connection error..
ERROR:app:query failed
Traceback (most recent call last):
  File "/app/q.py", line 3, in <module>
    index.query(q)
openai.APIConnectionError: Connection error.`,
  ],
  [
    'an error, then a warning that knows no more',
    'unknown×1',
    `${POST} "HTTP/1.1 404 Not Found"
ERROR - Error asking the LLM: Client error '404 Not Found'
WARNING - Ollama vision failed, falling back`,
  ],
  [
    'an answer that the router of the gateway tells, and its access line; a proxy in Go',
    'success×1 success×1',
    `10:00:01,100 - LiteLLM Router:INFO: router.py:3059 - ageneric_api_call_with_fallbacks(model=mistral/m) 200 OK
INFO:     127.0.0.1:50000 - "POST /v1/messages HTTP/1.1" 200 OK
10:00:09,100 [info ] [gin_logger.go:103] 200 | 1.821s | 127.0.0.1 | POST "/v1/chat/completions"`,
  ],
];

test.each(STORIES)('%s', (_, expected, lines) => {
  expect(callsIn(lines)).toBe(expected);
});

/** Docker, the system's journal and Kubernetes carry each line by itself; a logger of lines puts each in a field. */
const CARRIERS: Readonly<Record<string, (line: string) => string>> = {
  'docker compose': (line) => `app-1  | ${line}`,
  journald: (line) => `Nov 17 10:00:00 web-1 app[429]: ${line}`,
  containerd: (line) => `2026-11-17T10:00:00.429Z stderr F ${line}`,
  'Docker JSON': (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-17T10:00:00Z' }),
};

test.each(Object.entries(CARRIERS))('the same calls under %s', (_, carry) => {
  for (const [story, expected, lines] of STORIES)
    expect(`${story}: ${callsIn(lines, carry)}`).toBe(`${story}: ${expected}`);
});
