/** Shapes in few words: one failed call, with its status, and its cause where the text carries it. */
import { joinCalls, type Placed } from '../../shared/calls.ts';
import { classify } from '../../shared/classify.ts';
import { parseBatch } from '../../shared/parse.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type Failure, failure } from '../fixtures/failures.ts';
import { type FailedCall, MORE_SHAPES, WRAPPERS } from '../fixtures/more-shapes.ts';
import { pythonErrorText } from '../fixtures/shapes.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9, 12);
const callsOf = (messages: readonly string[]): Placed[] => {
  const events = messages.map((message, i) => ({ id: String(i), timestamp: AT_MS + i * 100, message }));
  const batch = { owner: 'local', logGroup: '/app/a', logStream: 's', events };
  const records = [...parseBatch(batch, DEFAULT_SETTINGS)].flatMap((block) =>
    'record' in block ? [block.record] : [],
  );
  return joinCalls(records.map(classify)).filter(({ rank }) => rank !== 'part');
};
const told = (placed: readonly Placed[]) =>
  placed.map(({ outcome }) => ({ failed: outcome.failed, status: outcome.record.status, cause: outcome.cause }));

const ANSWERED = ['budget of a key', 'Anthropic overloaded, mapped to 503', 'tokens per minute, OpenAI'].map(failure);
const call = (row: Failure): FailedCall => ({ failure: row, atMs: AT_MS, model: 'gpt-4o' });

describe('shapes', () => {
  test.each(Object.entries(MORE_SHAPES))('%s is one failed call with its status', (_, { render, carries }) => {
    for (const row of ANSWERED)
      expect(told(callsOf(render(call(row))))).toEqual([
        { failed: true, status: row.status, cause: carries === 'cause' ? row.cause : expect.any(String) },
      ]);
  });
  test.each(Object.entries(MORE_SHAPES))('no prompt leaves %s', (_, { render }) => {
    for (const row of ANSWERED) expect(JSON.stringify(callsOf(render(call(row))))).not.toContain('CANARYPROMPT');
  });
});

describe('wrappers', () => {
  const LINES = {
    httpx: 'INFO:httpx:HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions "HTTP/1.1 429 Too Many Requests"',
    python: `ERROR:root:LLM call failed: ${pythonErrorText(failure('budget of a key'))}`,
  };
  test.each(Object.entries(WRAPPERS))('%s leaves a line readable', (_, wrap) => {
    expect(told(callsOf([wrap(LINES.httpx)]))).toEqual([{ failed: true, status: 429, cause: expect.any(String) }]);
    expect(told(callsOf([wrap(LINES.python)]))).toEqual([{ failed: true, status: 429, cause: 'budget_exceeded' }]);
  });
});
