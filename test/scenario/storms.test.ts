/**
 * Many calls at once, each printing what programs print around a call. Their lines lie between each other, and still as many
 * calls are told as there are, with as many tries, at one call in five seconds as at twenty a second.
 */
import { joinCalls } from '../../shared/calls.ts';
import { classify } from '../../shared/classify.ts';
import { parseBatch } from '../../shared/parse.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type Rng, rng } from '../fixtures/rng.ts';

const CALLS = 200;
const POST = 'HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions';
const QUOTA =
  "Error code: 429 - {'error': {'message': 'You exceeded your current quota', 'type': 'insufficient_quota', 'code': 'insufficient_quota'}}";
const tpm = (random: Rng): string =>
  `Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used ${random.int(29000, 30000)}, Requested ${random.int(1000, 2000)}.`;

/** Lines of the nth call, by how long after its beginning they come. */
type Lines = readonly (readonly [afterMs: number, line: string])[];
interface Storm {
  readonly lines: (random: Rng, n: number) => Lines;
  readonly failed: number;
  readonly tries: number;
}
const STORMS: Readonly<Record<string, Storm>> = {
  'an SDK that tries again, and the end': {
    failed: CALLS,
    tries: 2 * CALLS,
    lines: (random) => [
      [0, `INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"`],
      [1, 'INFO openai._base_client Retrying request to /chat/completions in 0.4 seconds'],
      [random.int(450, 650), `INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"`],
      [660, `ERROR app.llm LLM call failed: ${QUOTA}`],
    ],
  },
  'an SDK that saves every second call': {
    failed: CALLS / 2,
    tries: 2 * CALLS,
    lines: (random, n) => [
      [0, `INFO - ${POST} "HTTP/1.1 503 Service Unavailable"`],
      [1, 'INFO - Retrying request to /chat/completions in 0.4 seconds'],
      ...(n % 2 === 0
        ? ([[random.int(450, 650), `INFO - ${POST} "HTTP/1.1 200 OK"`]] as const)
        : ([
            [random.int(450, 650), `INFO - ${POST} "HTTP/1.1 503 Service Unavailable"`],
            [655, 'ERROR - LLM call failed: Error code: 503 - upstream'],
          ] as const)),
    ],
  },
  'two layers in constant words': {
    failed: CALLS,
    tries: CALLS,
    lines: () => [
      [0, `INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"`],
      [2, `ERROR app.llm: LLM call failed: ${QUOTA}`],
      [4, `ERROR app.routes: chat failed: ${QUOTA}`],
    ],
  },
  'two layers in words of their own': {
    failed: CALLS,
    tries: CALLS,
    lines: (random) => {
      const error = `Error code: 429 - ${tpm(random)}`;
      return [
        [0, `INFO httpx ${POST} "HTTP/1.1 429 Too Many Requests"`],
        [2, `ERROR app.llm: LLM call failed: ${error}`],
        [4, `ERROR app.routes: chat failed: ${error}`],
      ];
    },
  },
  'one line each': { failed: CALLS, tries: CALLS, lines: () => [[0, `ERROR app.llm: LLM call failed: ${QUOTA}`]] },
  'one line each, told apart by names in the text': {
    failed: CALLS,
    tries: CALLS,
    lines: (_, n) => [[0, `ERROR app.agents: [${['alpha', 'beta', 'gamma'][n % 3]}] LLM call failed: ${QUOTA}`]],
  },
  "the gateway's error and its access line": {
    failed: CALLS,
    tries: CALLS,
    lines: (random) => [
      [
        0,
        `LiteLLM Proxy:ERROR: proxy_server.py:3000 - Exception occured - litellm.RateLimitError: RateLimitError: OpenAIException - ${tpm(random)} Received Model Group=gpt-4o`,
      ],
      [3, 'INFO:     10.0.0.7:51234 - "POST /v1/chat/completions HTTP/1.1" 429 Too Many Requests'],
    ],
  },
  "the gateway's router and its access line, when all is well": {
    failed: 0,
    tries: CALLS,
    lines: () => [
      [0, 'LiteLLM Router:INFO: router.py:900 - litellm.acompletion(model=openai/gpt-4o) 200 OK'],
      [3, 'INFO:     10.0.0.7:51234 - "POST /v1/chat/completions HTTP/1.1" 200 OK'],
    ],
  },
  'tries that the application numbers': {
    failed: CALLS,
    tries: 3 * CALLS,
    lines: (random) => [
      [0, 'WARNING app.llm: Claude call failed (attempt 1/3): 529 Overloaded'],
      [random.int(1000, 1100), 'WARNING app.llm: Claude call failed (attempt 2/3): 529 Overloaded'],
      [random.int(3000, 3200), 'ERROR app.llm: Claude call failed (attempt 3/3): 529 Overloaded'],
    ],
  },
  'a framework that announces its tries': {
    failed: CALLS,
    tries: 3 * CALLS,
    lines: (random) => [
      [0, `WARNING app.retry Retrying app.llm.completion in 1.0 seconds as it raised RateLimitError: ${tpm(random)}`],
      [
        1050,
        `WARNING app.retry Retrying app.llm.completion in 2.0 seconds as it raised RateLimitError: ${tpm(random)}`,
      ],
      [3100, `ERROR app.llm LLM call failed: ${QUOTA}`],
    ],
  },
  'every second stream breaks off': {
    failed: CALLS / 2,
    tries: CALLS,
    lines: (random, n) => [
      [0, `INFO httpx ${POST} "HTTP/1.1 200 OK"`],
      ...(n % 2 === 0
        ? ([[random.int(2000, 4000), 'ERROR app.stream: LLM stream failed: incomplete chunked read']] as const)
        : []),
    ],
  },
};

const RATES = [0.2, 2, 20];
describe.each(Object.entries(STORMS))('%s', (_, { lines, failed, tries }) => {
  test.each(RATES)('%d calls a second', (perSecond) => {
    const random = rng(7);
    let beginsMs = Date.UTC(2026, 10, 17, 9);
    const printed = Array.from({ length: CALLS }, (__, n) => {
      beginsMs += -Math.log(1 - random.int(0, 10_000) / 10_001) * (1000 / perSecond);
      return lines(random, n).map(([afterMs, message]) => ({ timestamp: Math.floor(beginsMs + afterMs), message }));
    });
    const events = printed
      .flat()
      .sort((a, b) => a.timestamp - b.timestamp)
      .map((event, n) => ({ id: String(n), ...event }));
    const batch = { owner: 'o', logGroup: '/app', logStream: 's', events };
    const outcomes = [...parseBatch(batch, DEFAULT_SETTINGS)].flatMap((block) =>
      'record' in block ? [classify(block.record)] : [],
    );
    const calls = joinCalls(outcomes).filter(({ rank }) => rank !== 'part');
    expect({
      calls: calls.length,
      failed: calls.filter(({ outcome }) => outcome.failed).length,
      tries: calls.reduce((sum, { attempts }) => sum + attempts, 0),
    }).toEqual({ calls: CALLS, failed, tries });
  });
});
