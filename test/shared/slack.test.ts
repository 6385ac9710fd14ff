import fc from 'fast-check';
import type { Alert } from '../../shared/alert.ts';
import { chatNotification } from '../../shared/chat.ts';
import { render } from '../../shared/message.ts';
import { type Block, slackPayload } from '../../shared/slack.ts';
import { readTold } from '../../shared/told.ts';

const T0 = Date.UTC(2026, 0, 5, 14, 2);

function alertOf(value = 'openai', over: Partial<Alert> = {}): Alert {
  return {
    ...{
      id: '3f9a0c51d2e7',
      group: 'e5xx',
      scope: { by: 'provider', value },
      state: 'firing',
      reason: 'share-above-normal',
    },
    ...{
      sinceMs: T0,
      firedMs: T0,
      resolvedMs: null,
      evaluatedMs: T0 + 600_000,
      calls: 180,
      failures: 78,
      normalShare: 0.002,
    },
    causes: [{ cause: 'provider_overloaded', status: 503, failures: 78 }],
    blastRadius: Array.from({ length: 12 }, (_, i) => ({
      scope: { by: 'model' as const, value: `${value}-${i}` },
      failures: 10,
      share: 0.1,
    })),
    findings: [{ kind: 'burst', figures: {}, says: 'Burst: it recovers each minute.' }],
    ...{ lastNotifiedMs: null, outbox: [] },
    ...over,
  };
}

function machineOf(alert: Alert, reason: 'first' | 'resolved' = 'first') {
  const message = render(
    { id: 'n1', reason, atMs: T0 + 600_000, alert },
    { summaryUrl: 'https://watch.example/?a=1&b=2' },
  );
  return { message, json: JSON.parse(JSON.stringify({ ...message.json, subject: message.subject })) as unknown };
}

function payloadOf(json: unknown) {
  const told = readTold(json);
  if (told === null) throw new Error('not told');
  return slackPayload(told);
}

type Part = { readonly type: string; readonly text: string };
const textsOf = (blocks: readonly Block[]) =>
  blocks.flatMap((block): readonly Part[] =>
    'fields' in block ? block.fields : 'elements' in block ? block.elements : [block.text],
  );

test('an alert says what, since when, who, why, what to do and where to read on', () => {
  const { blocks, text } = payloadOf(machineOf(alertOf()).json);
  const all = textsOf(blocks).map((part) => part.text);
  expect(text).toBe('Provider overloaded: provider openai, 503, 43 % of calls failing');
  expect(all).toEqual([
    text,
    expect.stringMatching(/^Do this first: switch to a fallback/),
    expect.stringContaining('78 of 180 calls (43 %) failed with 503'),
    '• Burst: it recovers each minute.',
    'Who is hit\nprovider openai',
    'Since\n2026-01-05 14:02 UTC',
    expect.stringMatching(/^Where these failures are\n10 % model openai-0\n[\s\S]*\n\+6 more$/),
    expect.stringMatching(/^What to do\n1\. Try again, but wait/),
    expect.stringMatching(/^Retry: yes, but wait clearly longer than after a 500\.\nDo not retry quickly/),
    '<https://watch.example/?a=1&amp;b=2|Summary>  <https://docs.llmgrid.ai/guides/developer-docs/common-errors|LLMGrid documentation>',
    'Alert 3f9a0c51d2e7, first',
  ]);
});

test('a resolved alert asks for nothing', () => {
  const all = textsOf(payloadOf(machineOf(alertOf('openai', { resolvedMs: T0 + 600_000 }), 'resolved').json).blocks);
  expect(all.map(({ text }) => text).join('\n')).not.toMatch(/What to do|Retry:/);
});

const POISON = [
  '<!channel>',
  '<!here|x>',
  '<@U123>',
  '<#C1>',
  '<http://evil|click>',
  '&lt;!everyone&gt;',
  '@channel',
  '\u202e',
  '*b*',
  '```',
  'a\r\nb',
  '\ud800',
  'http://evil.example',
  '[x](http://evil)',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...POISON), fc.string({ unit: 'binary' })), { maxLength: 40 })
  .map((parts) => parts.join(' '));
const LINK = /<(https:\/\/(?:watch\.example|docs\.llmgrid\.ai)\/[^|<>]*)\|[A-Za-z ]+>/g;

test('E8 E11 whatever a name is, the payload stays within the limits of Slack and nothing in it is active', () => {
  fc.assert(
    fc.property(hostile, hostile, (value, text) => {
      const json = structuredClone(machineOf(alertOf(value)).json) as Record<string, unknown>;
      Object.assign(json, { evidence: text, title: text, subject: text, remediation: [text, text, text], doNot: text });
      Object.assign(json, { first: text, retryAdvice: text });
      Object.assign(Object(json['alert']), { findings: Array(9).fill({ kind: 'new', says: text }) });
      const payload = payloadOf(json);
      expect(payload).toMatchObject({ unfurl_links: false, unfurl_media: false });
      expect(payload.blocks.length).toBeLessThanOrEqual(50);
      const parts = textsOf(payload.blocks);
      for (const part of parts) {
        const most = part === parts[0] ? 150 : 3000;
        expect(part.text.length).toBeLessThanOrEqual(most);
        expect(part.text.length).toBeGreaterThan(0);
        expect(part.text.isWellFormed()).toBe(true);
        expect(part.type === 'plain_text' ? part.text : part.text.replace(LINK, '')).not.toMatch(
          /[<>]|&(?!amp;|lt;|gt;)/,
        );
        if (part.type === 'plain_text') expect(part.text).not.toMatch(/:\/\/|@(?:here|channel|everyone)/i);
      }
      const written = parts.reduce((sum, part) => sum + part.text.length, payload.text.length);
      expect(written).toBeLessThanOrEqual(9000);
    }),
    { numRuns: 300 },
  );
});

test('E8 the longest message stays below 9,000 characters', () => {
  const long = '<&>'.repeat(3000);
  const json = structuredClone(machineOf(alertOf('m')).json) as Record<string, unknown>;
  Object.assign(json, { evidence: long, title: long, subject: long, remediation: Array(20).fill(long), doNot: long });
  Object.assign(json, { first: long, retryAdvice: long });
  Object.assign(Object(json['alert']), { findings: Array(20).fill({ kind: 'new', says: long }) });
  const { blocks, text } = payloadOf(json);
  expect(textsOf(blocks).reduce((sum, part) => sum + part.text.length, text.length)).toBeLessThanOrEqual(9000);
});

test.each([
  ['javascript:alert(1)', false],
  ['http://watch.example', false],
  ['https://watch.example/a|b>', true],
  ['none', false],
  [null, false],
])('the summary address %j is a link: %j', (summaryUrl, isLink) => {
  const json = { ...(machineOf(alertOf()).json as object), summaryUrl, docUrl: null };
  const markup = textsOf(payloadOf(json).blocks).filter(({ type }) => type === 'mrkdwn');
  expect(markup).toHaveLength(isLink ? 1 : 0);
  if (isLink) expect(markup[0]?.text).toBe('<https://watch.example/a%7cb%3E|Summary>');
});

test.each([[null], [{}], [{ schema: 'gridwatch.alert/2' }], ['text'], [[]]])('%j is no message', (json) => {
  expect(readTold(json)).toBeNull();
});

describe('a chat notification', () => {
  test('has the schema of Amazon Q Developer, and the alert as its thread', () => {
    const { json, message } = machineOf(alertOf());
    expect(chatNotification(json, message.subject)).toEqual({
      version: '1.0',
      source: 'custom',
      id: 'n1',
      content: {
        textType: 'client-markdown',
        title: message.subject,
        description: expect.stringMatching(
          /^Do this first: switch[\s\S]*\nProvider overloaded: provider openai\. Since 14:02[\s\S]*\nBurst: [\s\S]*\nhttps:\/\/docs\.llmgrid\.ai/,
        ),
        nextSteps: [expect.stringContaining('Try again'), expect.any(String), expect.any(String)],
      },
      metadata: { threadId: '3f9a0c51d2e7', summary: message.subject, eventType: 'gridwatch.first' },
    });
  });

  test('a resolved alert has no next steps', () => {
    const { json, message } = machineOf(alertOf('openai', { resolvedMs: T0 }), 'resolved');
    expect(chatNotification(json, message.subject).content.nextSteps).toBeUndefined();
  });

  test('stays within its limits and is inert, whatever a name is', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const json = { ...(machineOf(alertOf(value)).json as object), evidence: value };
        const { title, description, nextSteps } = chatNotification(json, value).content;
        expect(title.length).toBeLessThanOrEqual(250);
        expect(description.length).toBeLessThanOrEqual(8000);
        for (const text of [title, description, ...(nextSteps ?? [])]) {
          expect(text.isWellFormed()).toBe(true);
          expect(text.replace(/https:\/\/(?:watch\.example|docs\.llmgrid\.ai)\S*/g, '')).not.toMatch(
            /[<>]|:\/\/|@(?:here|channel|everyone)|\]\(/i,
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  test('anything but an alert is refused', () => {
    expect(() => chatNotification({ schema: 'gridwatch.notice/1', id: 'a', code: 'b', text: 'c' }, 's')).toThrow(
      'only alerts',
    );
  });
});
