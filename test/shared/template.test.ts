/** Reading that remembers: it answers what reading the whole text answers, whatever was read before. */
import type { LogBatch, LogEvent } from '../../shared/record.ts';
import { isInert } from '../../shared/screen.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { creditsOf, isAsked, memoryOf, settle } from '../../shared/template/memory.ts';
import { isField, split, valuesOf } from '../../shared/template/split.ts';
import { varied, WAYS } from '../../shared/template/vary.ts';
import { type Reader, readerOf, wholeReader } from '../../shared/template.ts';
import { FAILURES } from '../fixtures/failures.ts';
import { MIXED, mixedEvents } from '../fixtures/mix.ts';
import { NOISE } from '../fixtures/noise.ts';
import { type Rng, rng } from '../fixtures/rng.ts';
import { canRender, SHAPES } from '../fixtures/shapes.ts';
import { NOT_CALLS, SUCCESSES, WORDINGS } from '../fixtures/wordings.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9);
const NO_NAMES = new Map();
const batch: LogBatch = { owner: 'local', logGroup: '/app', logStream: 's', events: [] };
const eventOf = (message: string, id = 'e1'): LogEvent => ({ id, timestamp: AT_MS, message });
const remembering = (): Reader => readerOf({ ...DEFAULT_SETTINGS });
const whole = wholeReader(DEFAULT_SETTINGS);

/** How many of `texts` are answered otherwise than by reading them whole. */
const differing = (read: Reader, texts: readonly string[], compared = whole): string[] =>
  texts.filter((text, at) => {
    const event = eventOf(text, `e${at}`);
    return JSON.stringify(read(event, batch)) !== JSON.stringify(compared(event, batch));
  });

const templateOf = (text: string): string | undefined => split(text, NO_NAMES)?.template;
const valuesIn = (text: string): string[] => {
  const found = split(text, NO_NAMES);
  return found === null ? [] : valuesOf(text, found);
};

const TEXTS = [
  ...WORDINGS.map(([, text]) => text),
  ...SUCCESSES,
  ...NOT_CALLS,
  ...NOISE,
  ...Object.values(SHAPES).flatMap((shape) =>
    FAILURES.filter((failure) => canRender(shape, failure)).flatMap((failure) =>
      shape.render({
        failure,
        atMs: AT_MS,
        model: 'gpt-4o',
        tenant: 'acme',
        keyAlias: 'prod',
        requestId: 'req_01fixture77',
      }),
    ),
  ),
];

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ODD_NUMBERS = ['0', '007', '12.', '1.2.3', '1e5', '429', '500', '0.5', '99999999', '99999999999999999999'];
const ODD_NAMES = ['rate-limit', 'timeout', 'openai', 'error', '529', 'prod-429', 'gpt-4', 'insufficient_quota'];
const STATUSES = ['400', '401', '404', '429', '500', '503', '999', '000'];

/** Values that somebody chose to be read otherwise: statuses, words of causes, numbers that JSON refuses, days that are none. */
function hostile(random: Rng, was: string, ofField: boolean): string {
  if (ofField && random.chance(0.4)) return random.pick(/^[\d.]+$/.test(was) ? ODD_NUMBERS : ODD_NAMES);
  if (/^\d{3}$/.test(was) && random.chance(0.5)) return random.pick(STATUSES);
  return was.replace(/[A-Za-z0-9]/g, (sign) =>
    random.pick([...(random.chance(0.8) === /\d/.test(sign) ? DIGITS : LETTERS)]),
  );
}

function changed(random: Rng, text: string): string {
  const found = split(text, NO_NAMES);
  if (found === null) return text;
  let [other, copied] = ['', 0];
  for (const [n, value] of valuesOf(text, found).entries()) {
    const from = found.slots[2 * n] as number;
    other += text.slice(copied, from) + hostile(random, value, isField(found, n));
    copied = from + value.length;
  }
  return other + text.slice(copied);
}

describe('what is remembered is read as if it were not', () => {
  test('all fixtures, with other values in the places of theirs', () => {
    const random = rng(4);
    // Every fifth: the fuzzer compares the others.
    const some = TEXTS.filter((_, at) => at % 5 === 0);
    const texts = some.flatMap((text) => [text, text, text, changed(random, text), changed(random, text)]);
    expect(differing(remembering(), texts)).toEqual([]);
  });

  test('a batch, by a reader that knows others of the same application', () => {
    const read = remembering();
    const mix = { carriers: MIXED, relevant: 0.8, failed: 0.5 };
    const messages = (seed: number) => mixedEvents(800, AT_MS, { ...mix, seed }).map(({ message }) => message);
    for (const message of messages(1)) read(eventOf(message), batch);
    expect(differing(read, messages(2))).toEqual([]);
  });

  const tooLarge = (limit: number, requested: number) =>
    `Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4o on tokens per min (TPM): Limit ${limit}, Requested ${requested}.', 'type': 'tokens', 'code': 'rate_limit_exceeded'}}`;
  const resets = (time: string) =>
    `openai.RateLimitError: Error code: 429 - {'error': {'message': 'Rate limit exceeded for team: red. Limit type: tokens. Current limit: 100, Remaining: 0. Limit resets at: ${time} UTC'}}`;
  const record = (fields: string) =>
    `{"level":"error","msg":"LLM call failed","model":"gpt-4o","baseURL":"https://api.llmgrid.ai/v1",${fields}}`;
  test.each<[string, readonly string[], string]>([
    [
      'numbers that are compared',
      [tooLarge(3_000_000, 1_000_001), tooLarge(3_000_000, 1_000_002)],
      tooLarge(3_000_000, 4_000_000),
    ],
    [
      'a day that is none',
      [resets('2026-11-17 09:13:00'), resets('2026-11-18 09:13:00')],
      resets('2026-02-31 09:13:00'),
    ],
    [
      'a wait above a day',
      ['1.5', '2.5'].map((s) => `openai.RateLimitError: Please try again in ${s}000s`),
      'openai.RateLimitError: Please try again in 99999s',
    ],
    [
      'a number that JSON refuses',
      [record('"status":429,"size":12'), record('"status":429,"size":13')],
      record('"status":429,"size":012'),
    ],
    [
      'a status among other numbers',
      [record('"status":429,"size":512'), record('"status":503,"size":512')],
      record('"status":401,"size":429'),
    ],
    [
      'a name that is a cause',
      [record('"status":429,"tenant":"red"'), record('"status":429,"tenant":"blue"')],
      record('"status":429,"tenant":"insufficient_quota"'),
    ],
    [
      'a name that is a secret',
      [record('"status":429,"tenant":"red"'), record('"status":429,"tenant":"blue"')],
      record('"status":429,"tenant":"sk-fixture-0001secret"'),
    ],
    [
      'one id twice, and two',
      [record('"requestId":"req_a1b2c3d4e5","note":"req_a1b2c3d4e5"')],
      record('"requestId":"req_a1b2c3d4e5","note":"req_f6a7b8c9d0"'),
    ],
  ])('%s', (_, before, text) => {
    const read = remembering();
    expect(differing(read, [...before, ...before, ...before, ...before, text])).toEqual([]);
  });

  test("a team's own rules and shapes, which look for any words anywhere", () => {
    const own: Settings = {
      ...DEFAULT_SETTINGS,
      rules: [{ name: 'night', when: { text: 'order 7777777' }, cause: 'quota_exceeded' }],
    };
    const failed = (order: string) =>
      `openai.InternalServerError: Error code: 500 - {'error': 'order ${order} failed'}`;
    const texts = ['1234567', '2345678', '3456789', '4567890', '7777777'].map(failed);
    expect(differing(readerOf(own), texts, wholeReader(own))).toEqual([]);
    expect(readerOf(own)(eventOf(texts[4] as string), batch)).toMatchObject({ outcome: { cause: 'quota_exceeded' } });
  });

  test('a reader that remembers is faster for it: from the fourth text on it reads no text whole', () => {
    // Were every text read whole, this would hold as well and prove nothing; so what is compared is the answer's identity.
    const read = remembering();
    const line = (id: number) => `INFO job ${1_000_000 + id} done, not by https://api.llmgrid.ai/v1/chat/completions`;
    const answers = [1, 2, 3, 4, 5].map((id) => read(eventOf(line(id)), batch));
    expect(answers[3]).toBe(answers[2]);
    expect(answers[4]).toBe(answers[2]);
  });
});

describe('what is a value', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'days and clocks',
      '2026-11-17 09:00:00,123 x 2026-11-17T09:00:00.5Z',
      ['2026-11-17 09:00:00,123', '2026-11-17T09:00:00.5'],
    ],
    ['a clock', '[09:00:00] x', ['09:00:00']],
    ['UUIDs', 'RequestId: 8c1d9e0f-1a2b-4c3d-9e8f-001122334455 x', ['8c1d9e0f-1a2b-4c3d-9e8f-001122334455']],
    ['hexadecimal ids', 'trace_id=0af7651916cd43dd8448eb211c80319c', ['0af7651916cd43dd8448eb211c80319c']],
    ['ids that are named', 'chatcmpl-BxQ81zKk02Lw9 x', ['BxQ81zKk02Lw9']],
    ['long numbers', 'account 123456789012', ['123456789012']],
    ['amounts with a unit', 'took 297ms, then 1.984s', ['297', '1.984']],
    ['lines of a file', 'File "a.py", line 217 at x (b.mjs:62:20)', ['217', '62', '20']],
    ['numbers of JSON fields', '{"durationMs":812,"usage":{"total_tokens": 9}}', ['812', '9']],
    ['names that are only copied', '{"tenant":"acme","project": "red"}', ['acme', 'red']],
    ['amounts in quotes', '{"function_memory_size":"1024"}', ['1024']],
  ])('%s', (_, text, values) => {
    expect(valuesIn(text)).toEqual(values);
  });

  test.each([
    ['a status', '{"status":429,"statusCode":500} HTTP/1.1 429'],
    ['a code', '{"code":"429"}'],
    ['a model', '{"model":"gpt-4o-2024-08-06"}'],
    ['an address', 'https://api.llmgrid.ai/v1 at 10.0.0.1:8080'],
    ['a version', 'openai==1.54.3'],
    ['a number that JSON refuses', '{"x":0123456789}'],
    ['a name that holds words of a cause', '{"tenant":"timeout-team"}'],
    ['an id that holds words of a cause', 'req_ratelimit429'],
    ['a day that is none', '2026-13-17 09:00 x'],
  ])('not %s', (_, text) => {
    expect(valuesIn(text)).toEqual([]);
  });

  test('texts of one template differ in values only', () => {
    expect(templateOf('took 297ms')).toBe(templateOf('took 300ms'));
    expect(templateOf('took 297ms')).not.toBe(templateOf('took 1297ms'));
    expect(templateOf('{"ms":297}')).toBe(templateOf('{"ms":1297}'));
    expect(templateOf('{"status":200}')).not.toBe(templateOf('{"status":500}'));
  });

  test('which value is said twice tells templates apart', () => {
    const [a, b, c] = ['1234567', '2345678', '3456789'];
    expect(templateOf(`${a} ${b} ${a}`)).toBe(templateOf(`${b} ${c} ${b}`));
    expect(templateOf(`${a} ${b} ${a}`)).not.toBe(templateOf(`${a} ${b} ${b}`));
    expect(templateOf(`${a} ${b} ${a}`)).not.toBe(templateOf(`${a} ${b} ${c}`));
  });

  test('beyond ASCII the places are those of the text', () => {
    expect(valuesIn('失败 😀 é 1234567 é')).toEqual(['1234567']);
  });

  test('no text is taken for a template, and no dump is split', () => {
    expect(split('took \u0002\u0002\u0002ms', NO_NAMES)).toBeNull();
    expect(split('x'.repeat(5000), NO_NAMES)).toBeNull();
  });

  test('other texts of a template are of it, and differ in every value', () => {
    const failed = TEXTS.filter((text) => {
      const found = split(text, NO_NAMES);
      return (
        found !== null &&
        WAYS.some((way) => {
          const other = varied(text, found, way);
          const values = valuesOf(text, found);
          return templateOf(other.text) !== found.template || other.values.some((value, n) => value === values[n]);
        })
      );
    });
    expect(failed).toEqual([]);
  });

  test('a value is inert when it holds the words of no pattern and no number', () => {
    expect(['acme', 'red-team', 'BxQ81zKk02Lw9'].map(isInert)).toEqual([true, true, true]);
    expect(['timeout', 'my-openai-key', 'team-429', 'é', 'x'.repeat(200)].map(isInert)).toEqual(Array(5).fill(false));
  });
});

describe('the memory is bounded', () => {
  test('what is asked for stays, what is not goes', () => {
    const memory = memoryOf<number>();
    memory.set('kept', 1);
    memory.set('left', 2);
    for (let n = 0; n < 20_000; n++) {
      memory.set(`t${n}`, n);
      memory.get('kept');
    }
    expect(memory.get('kept')).toBe(1);
    expect(memory.get('left')).toBeUndefined();
    expect(memory.get('t0')).toBeUndefined();
  });

  test('long templates fill it as well', () => {
    const memory = memoryOf<number>();
    const long = 'x'.repeat(1_000_000);
    for (let n = 0; n < 12; n++) memory.set(`${long}${n}`, n);
    expect(memory.get(`${long}0`)).toBeUndefined();
    expect(memory.get(`${long}11`)).toBe(11);
  });

  test('texts that never come again are soon asked for rarely, and often again when they do', () => {
    const credit = creditsOf()('{"prompt":"…');
    const asked = (isKnown: boolean, times: number): number => {
      let count = 0;
      for (let n = 0; n < times; n++)
        if (isAsked(credit)) {
          count++;
          settle(credit, isKnown);
        }
      return count;
    };
    asked(false, 1000);
    expect(asked(false, 1000)).toBeLessThan(100);
    asked(true, 1000);
    expect(asked(true, 1000)).toBe(1000);
  });
});
