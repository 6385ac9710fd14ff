// What can happen to log text between the program that prints it and gridwatch, and what somebody might do on purpose.
// A mutation takes the log events of one or several calls and gives others; the random source alone decides which.
import type { Rng } from '../fixtures/rng.ts';

/** Messages, one a log event. */
export type Events = readonly string[];
/** `other` is a second sample, for splicing. */
export type Mutation = (random: Rng, events: Events, other: Events) => Events;

/** Keys as an application would log them; whole, none of them may come out again. */
export const SECRETS = [
  'sk-planted-7c1f0a9b3d5e7f1a2b3c',
  'AIzaPlantedPlantedPlantedPlantedPlanted0',
  'AKIAPLANTED0PLANTED0',
  'eyJwbGFudGVk.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl',
] as const;

/** One event is changed, the others stay. */
const inOne =
  (change: (random: Rng, text: string, other: string) => string): Mutation =>
  (random, events, other) => {
    const at = random.int(0, Math.max(0, events.length - 1));
    return events.map((text, i) => (i === at ? change(random, text, random.pick(other)) : text));
  };

const place = (random: Rng, text: string): number => random.int(0, text.length);
const insert = (random: Rng, text: string, what: string): string => {
  const at = place(random, text);
  return text.slice(0, at) + what + text.slice(at);
};
function span(random: Rng, text: string): [from: number, to: number] {
  const from = place(random, text);
  return [from, Math.min(text.length, from + random.int(1, 200))];
}

const ODD = [
  ...[
    '\u0000',
    '\u00a0',
    '\ud800',
    '\udfff',
    '\u2028',
    '\ufeff',
    '\u202e',
    '\u0301',
    '😀',
    'ß',
    'İ',
    '\r',
    '\r\n',
    '\u001b[31m',
  ],
  ...['{', '}', '[', ']', '"', "'", '\\', '\\u', '\\x', '`', ',', ':', '=', '|', '<', '\n    at x (y:1:2)', '\n', '\t'],
  ...[
    'null',
    'None',
    'NaN',
    '-0',
    '1e999',
    '429',
    '200',
    '999999999999999999999',
    'true',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    "{'__proto__': {'polluted': True}}",
  ],
  ...[
    'Error code: 429 - {',
    'Traceback (most recent call last):',
    'event: error\ndata: {',
    '[log_a1b2c3, retryOf: log_d4e5f6]',
  ],
  ...['Error doing the fallback: ', 'litellm.RateLimitError: ', '{"error":', 'x_llmgrid_trace_id', '"HTTP/1.1 429 "'],
];
const PUMPS = [
  'a',
  ' ',
  '{',
  '[',
  '(',
  '"',
  "'",
  '\\',
  '0',
  '.',
  '-',
  '_',
  '/',
  '{"a":',
  '[{',
  '\n',
  'a.',
  'A_',
  'Error: ',
  'at x (',
  "\\'",
  '=',
  '😀',
  'Error code: 429 - {',
];

const nested = (random: Rng, text: string): string =>
  random.pick([
    () => JSON.stringify({ log: text, stream: 'stderr' }),
    () => JSON.stringify({ level: 'error', message: text }),
    () => JSON.stringify({ error: { message: text, type: null, code: '429' } }),
    () => JSON.stringify(JSON.stringify({ message: text })),
    () => `Error code: 500 - {'error': {'message': '${text.replaceAll("'", "\\'")}', 'type': None}}`,
    () => `{ status: 429, error: { message: '${text}' } }`,
    () => `<html><body>${text}</body></html>`,
    () => `2026-11-17T09:00:00.000Z\t${'0'.repeat(8)}-0000-4000-8000-000000000000\tERROR\t${text}`,
  ])();

const flipped = (random: Rng, text: string): string => {
  const bytes = Buffer.from(text);
  for (let n = random.int(1, 8); n > 0 && bytes.length > 0; n -= 1) {
    const at = random.int(0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
  }
  return bytes.toString(random.pick(['utf8', 'latin1']));
};

/** Grown to a size that CloudWatch lets through, seldom to its greatest. */
const grown = (random: Rng, text: string): string => {
  const size = random.chance(0.002)
    ? 1_048_576
    : random.chance(0.01)
      ? random.int(32_768, 262_144)
      : random.int(100, 6000);
  const pump = random.chance(0.7) ? random.pick(PUMPS) : text.slice(...span(random, text)) || 'a';
  const at = place(random, text);
  const filler = pump.repeat(Math.ceil(size / pump.length)).slice(0, Math.max(0, size - text.length));
  return text.slice(0, at) + filler + text.slice(at);
};

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  none: (_, events) => events,
  truncate: inOne((random, text) => text.slice(0, place(random, text))),
  behead: inOne((random, text) => text.slice(place(random, text))),
  splice: inOne((random, text, other) => text.slice(0, place(random, text)) + other.slice(place(random, other))),
  remove: inOne((random, text) => {
    const [from, to] = span(random, text);
    return text.slice(0, from) + text.slice(to);
  }),
  repeat: inOne((random, text) => {
    const [from, to] = span(random, text);
    return text.slice(0, to) + text.slice(from, to).repeat(random.int(1, 6)) + text.slice(to);
  }),
  odd: inOne((random, text) => insert(random, text, random.pick(ODD))),
  secret: inOne((random, text) =>
    insert(random, text, `${random.pick([' ', '"', '=', 'Bearer ', "'api_key': '", '?key='])}${random.pick(SECRETS)} `),
  ),
  flip: inOne(flipped),
  nest: inOne((random, text) => nested(random, text)),
  grow: inOne(grown),
  deep: inOne((random, text) => {
    const depth = random.int(1, 400);
    const [open, close] = random.pick([
      ['{"a":', '}'],
      ['[', ']'],
      ["{'error': ", '}'],
      ['{ error: ', ' }'],
    ] as const);
    return open.repeat(depth) + text + close.repeat(depth);
  }),
  digits: inOne((random, text) => text.replace(/\d{3}/, String(random.int(0, 99_999)))),
  upper: inOne((random, text) => (random.chance(0.5) ? text.toUpperCase() : text.toLowerCase())),
  split: (_, events) => events.flatMap((text) => text.split('\n')).slice(0, 600),
  join: (_, events) => [events.join('\n')],
  swap: (random, events) => [...events].sort(() => random.next() - 0.5),
  twice: (_, events) => [...events, ...events].slice(0, 600),
  mix: (_, events, other) => [...events, ...other].slice(0, 600),
};
