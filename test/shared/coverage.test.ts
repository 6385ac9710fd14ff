import fc from 'fast-check';
import { contributionsOf } from '../../shared/contribution.ts';
import { coverageOf, MAX_SIGNATURES, sumSignatures } from '../../shared/coverage.ts';
import { combine, fold } from '../../shared/fold.ts';
import { SHAPES } from '../../shared/parse/shape.ts';
import type { LogBatch } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { readSignature, WORDS } from '../../shared/signature.ts';
import { MINUTE_MS, OTHER, type RollUp } from '../../shared/window.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9, 0);
const batchOf = (messages: readonly string[], atMs = AT_MS): LogBatch => ({
  owner: 'local',
  logGroup: '/app/a',
  logStream: 's',
  events: messages.map((message, i) => ({ id: `${atMs}-${i}`, timestamp: atMs + i, message })),
});
const rollUpsOf = (...batches: readonly LogBatch[]): RollUp[] => {
  const all = batches.flatMap((batch) => contributionsOf(batch, DEFAULT_SETTINGS, { nowMs: AT_MS }));
  return [...new Set(all.map(({ windowMs }) => windowMs))].map((windowMs) =>
    fold(
      all.filter((one) => one.windowMs === windowMs),
      windowMs,
      500,
    ),
  );
};

/** A failure without a status that the catalogue has no row for. */
const unnamed = (message: string, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({
    level: 'error',
    url: 'https://api.llmgrid.ai/v1/chat/completions',
    error: { message, ...fields },
  });
const CUT = '{"pid":7,"url":"https://api.llmgrid.ai/v1/chat/completions","mess';

describe('failures that nobody can name', () => {
  const rollUps = rollUpsOf(
    batchOf([unnamed('the flux capacitor is cold'), unnamed('the flux capacitor is cold')]),
    batchOf([unnamed('the flux capacitor is cold'), unnamed('a gremlin sat on it')], AT_MS + 5 * MINUTE_MS),
  );
  const coverage = coverageOf(rollUps);

  test('are counted by what they have in common', () => {
    expect(coverage).toMatchObject({ unknown: 4, classified: 0, share: 0, other: 0 });
    expect(coverage.signatures.map(({ count }) => count)).toEqual([3, 1]);
  });
  test('say when they were first and last seen', () => {
    expect(coverage.signatures[0]).toMatchObject({
      first: '2026-11-17T09:00:00.000Z',
      last: '2026-11-17T09:05:00.000Z',
    });
  });
  test('differ by words, not by numbers and ids', () => {
    const { signatures } = coverageOf(
      rollUpsOf(batchOf([unnamed('shard 17 of a1b2 is cold'), unnamed('shard 4711 of c3d4 is cold')])),
    );
    expect(signatures).toHaveLength(1);
  });
  test('come with a rule to complete that says nothing of the line', () => {
    expect(coverage.signatures[0]?.rule).toEqual({
      name: expect.stringMatching(/^unnamed-[0-9a-f]{8}$/),
      when: { shape: 'winston', text: 'words of the line' },
      cause: 'unknown',
    });
  });
  test('keep a type made of known words and hash another', () => {
    const typesOf = (type: string) =>
      coverageOf(rollUpsOf(batchOf([unnamed('x y z', { type })]))).signatures.map((one) => one.type);
    expect(typesOf('engine_read_failure')).toEqual(['engine_read_failure']);
    expect(typesOf('alice_smith')).toEqual([expect.stringMatching(/^~[0-9a-f]{8}$/)]);
  });
});

test('events that cannot be read are counted by signature, without a rule', () => {
  const coverage = coverageOf(rollUpsOf(batchOf([CUT])));
  expect(coverage).toMatchObject({ unreadable: 1, unknown: 0, share: null });
  expect(coverage.signatures).toEqual([expect.objectContaining({ kind: 'unreadable', count: 1, rule: null })]);
});

test('a cause that is known leaves no signature', () => {
  const [rollUp] = rollUpsOf(batchOf([unnamed('Budget has been exceeded! Key=a Current cost: 5, Max budget: 4')]));
  expect(rollUp).not.toHaveProperty('signatures');
  expect(coverageOf(rollUp ? [rollUp] : [])).toMatchObject({ classified: 1, share: 1, signatures: [] });
});

test('hours sum the signatures of their minutes', () => {
  const rollUps = rollUpsOf(batchOf([unnamed('odd')]), batchOf([unnamed('odd')], AT_MS + MINUTE_MS));
  const hour = combine(rollUps, 'hour', AT_MS, 500);
  expect(coverageOf([hour]).signatures.map(({ count }) => count)).toEqual([2]);
});

test('many different signatures stay few, and none is lost', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`s${i}`, i + 1]));
  const sums = sumSignatures([many, { [OTHER]: 7 }]) ?? {};
  expect(Object.keys(sums)).toHaveLength(MAX_SIGNATURES + 1);
  expect(Object.values(sums).reduce((a, b) => a + b)).toBe((500 * 501) / 2 + 7);
  expect(sumSignatures([])).toBeUndefined();
});

describe('no word of a line gets into a signature', () => {
  const word = fc.stringMatching(/^[a-z]{4,12}$/).filter((text) => !WORDS.has(text));
  const said = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
  const name = fc.oneof(
    word,
    fc.tuple(word, fc.constantFrom(...WORDS)).map((parts) => parts.join('_')),
    word.map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}Error`),
  );
  /** All that a signature is made of, beside digits. */
  const ALPHABET = new Set([...WORDS, ...SHAPES.flatMap((shape) => shape.name.split('-')), 'failure', 'unreadable']);
  const strangers = (signature: string): string[] =>
    signature
      .replace(/ [0-9a-f]{8}$/, '')
      .replace(/~[0-9a-f]{8}/g, '')
      .split(/[ _-]|(?<=[a-z])(?=[A-Z])/)
      .filter((part) => part !== '' && !/^\d+$/.test(part) && !ALPHABET.has(part.toLowerCase()));

  test('of failures and of unreadable events', () => {
    let seen = 0;
    fc.assert(
      fc.property(said, name, name, said, (message, type, className, prompt) => {
        const lines = [
          unnamed(message, { type, name: className, prompt, messages: [{ content: prompt }] }),
          `ERROR openai ${className}: ${message} at https://api.llmgrid.ai/v1/chat/completions`,
          `${CUT}age":"${message}`,
        ];
        for (const [rollUp] of lines.map((line) => rollUpsOf(batchOf([line]))))
          for (const signature of Object.keys(rollUp?.signatures ?? {})) {
            seen += 1;
            expect(readSignature(signature)).not.toBeNull();
            expect(strangers(signature)).toEqual([]);
          }
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(300);
  });
});
