/** Breadth: wordings of many SDKs, gateways and providers are each read as a failed call with its cause. */
import { classify } from '../../shared/classify.ts';
import { parseEvent } from '../../shared/parse.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { NOT_CALLS, SUCCESSES, WORDINGS } from '../fixtures/wordings.ts';

const settings = { ...DEFAULT_SETTINGS, hosts: 'any' as const };
/** A key of the gateway's and a provider's behind it look alike where the line does not name the gateway. */
const SAME: Readonly<Record<string, string>> = {
  provider_credentials: 'expired_or_revoked_key',
  request_exceeds_limit: 'rate_limit_tokens',
  internal_error: 'provider_unstable',
};
const coarse = (cause: string): string => SAME[cause] ?? cause;

function told(message: string): string {
  const event = { id: '1', timestamp: 0, message };
  const parsed = parseEvent(event, { owner: '', logGroup: '', logStream: '', events: [event] }, settings);
  if ('skipped' in parsed) return parsed.skipped;
  const { failed, cause } = classify(parsed.record);
  return failed ? coarse(cause ?? 'none') : 'success';
}

test.each(WORDINGS)('%s: %s', (cause, line) => {
  expect(told(line)).toBe(coarse(cause));
});

test("another system's line beside the failure does not hide it", () => {
  const beside = '2026-01-07 14:30:46 - services.qdrant - INFO - 5 results in 12ms';
  const failure = '2026-01-07 14:30:47 - services.agent - ERROR - OpenAI API error: Rate limit exceeded';
  expect(told(`${beside}\n${failure}`)).toBe('rate_limit_unspecified');
  expect(told(beside)).toBe('not-a-call');
});

test.each(SUCCESSES)('success: %s', (line) => {
  expect(told(line)).toBe('success');
});

test.each(NOT_CALLS)('no call: %s', (line) => {
  expect(told(line)).toBe('not-a-call');
});
