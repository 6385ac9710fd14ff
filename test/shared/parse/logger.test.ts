import { loggedIn } from '../../../shared/parse/logger.ts';

const textIn = (line: string): string | null =>
  loggedIn(line, line.startsWith('{') ? JSON.parse(line) : undefined)?.text ?? null;

test.each([
  ['pino', '{"level":50,"time":1795000000429,"pid":7,"hostname":"web-1","name":"chat","msg":"said"}'],
  ['python-json-logger', '{"asctime":"2026-11-17 10:00:00,429","levelname":"ERROR","name":"app","message":"said"}'],
  ['structlog', '{"event":"said","level":"error","timestamp":"2026-11-17T10:00:00Z","logger":"app"}'],
  ['Lambda', '{"timestamp":"2026-11-17T10:00:00Z","level":"ERROR","requestId":"6f1c","message":"said"}'],
  ['slog', 'time=2026-11-17T10:00:00Z level=ERROR source=/app/main.go:42 msg="said"'],
  ['logrus', 'level=error ts=2026-11-17T10:00:00Z msg="said"'],
])('%s was given a text', (_, line) => {
  expect(textIn(line)).toBe('said');
});

test('a text keeps its lines and quotes', () => {
  expect(textIn('level=error ts=1 msg="one \\"two\\"\\nthree"')).toBe('one "two"\nthree');
});

test.each([
  ['a record with more to say', '{"level":"error","message":"said","status":429}'],
  ['a record with an error of its own', '{"level":"error","message":"said","err":{"message":"more"}}'],
  ['two texts', '{"level":"error","message":"said","event":"more"}'],
  ['an error that was printed', '{"name":"TimeoutError","message":"said","timestamp":"2026-11-17T10:00:00Z"}'],
  ['a body', '{"message":"said","requestId":"6f1c"}'],
  ['a text that is none', '{"level":"error","message":{"said":1}}'],
  ['logfmt with more to say', 'level=error ts=1 msg="said" status=429'],
  ['a plain line', 'ERROR said msg="said"'],
])('%s is read as it is', (_, line) => {
  expect(textIn(line)).toBeNull();
});
