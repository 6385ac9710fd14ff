import './environment.ts';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { coded } from '../../functions/aws/coded.ts';
import { notices } from '../../functions/aws/notice.ts';
import { postJson } from '../../functions/aws/webhook.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { slackHandler } from '../../functions/slack.ts';
import { breakable, contextOf, fakeTopic, listen, T0 } from './fakes.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:slack';
const MACHINE = {
  schema: 'gridwatch.alert/1',
  notificationId: 'note-1',
  reason: 'first',
  at: '2026-11-17T09:14:00.000Z',
  subject: 'Provider overloaded: provider openai, 503, 43 % of calls failing',
  alert: {
    id: 'alert-1',
    scope: { by: 'provider', value: 'openai' },
    since: '2026-11-17T09:10:00.000Z',
    causes: [{ cause: 'provider_overloaded', status: 503, failures: 40, share: 1 }],
    blastRadius: [],
  },
  evidence: 'Since 09:10 UTC, 40 of 60 calls failed.',
  title: 'Provider overloaded',
  remediation: ['Wait.'],
  retry: 'long-backoff',
  doNot: null,
  docUrl: 'https://docs.llmgrid.ai/guides/developer-docs/common-errors',
  summaryUrl: null,
};

interface Answered {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A Slack on 127.0.0.1; a path of it is a webhook. */
function slack() {
  const posts: { path: string; body: string }[] = [];
  const answers: Answered[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      posts.push({ path: request.url ?? '', body });
      const { status, headers = {}, body: text = 'ok' } = answers.shift() ?? { status: 200 };
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, headers).end(text);
    });
  });
  return { posts, answers, server };
}

describe('the Slack function', () => {
  const { posts, answers, server } = slack();
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    posts.length = 0;
    answers.length = 0;
  });

  function deployment() {
    const store = breakable(memoryStore());
    const topic = fakeTopic();
    const state = { nowMs: T0, secret: '/hook', cached: '/hook', secretError: null as Error | null };
    const world = {
      store,
      secretArn: ARN,
      secrets: {
        get: async (_: string, { fresh = false } = {}) => {
          if (state.secretError) throw state.secretError;
          if (fresh) state.cached = state.secret;
          return state.cached;
        },
      },
      notices: notices({ store, topic, now: () => state.nowMs, prefix: 'slack/' }),
      allowed: (secret: string) => (secret.startsWith('/') ? new URL(secret, base) : null),
      post: postJson,
      now: () => state.nowMs,
    };
    const run = (bodies: readonly string[], remainingMs = 30_000) =>
      listen(() => slackHandler(() => world)(eventOf(bodies), contextOf(remainingMs)));
    return { store, topic, state, run };
  }

  const envelope = (machine: unknown = MACHINE, MessageId = 'sns-1'): string =>
    JSON.stringify({ Type: 'Notification', MessageId, TopicArn: 'x', Message: JSON.stringify(machine) });
  const eventOf = (bodies: readonly string[]): SQSEvent =>
    ({ Records: bodies.map((body, i) => ({ messageId: `m${i}`, body })) }) as unknown as SQSEvent;
  const left = (answer: unknown): string[] =>
    (answer as SQSBatchResponse).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

  test('a message is posted once and acknowledged', async () => {
    const { run } = deployment();
    const { answer, lines, metrics, text } = await run([envelope()]);
    expect(left(answer)).toEqual([]);
    expect(posts).toHaveLength(1);
    expect(JSON.parse(posts[0]?.body ?? '')).toMatchObject({ unfurl_links: false, blocks: expect.any(Array) });
    expect(lines).toEqual([expect.objectContaining({ records: 1, sent: 1 })]);
    expect(metrics).toMatchObject({ SlackPosted: 1, SlackRefused: 0, SlackLater: 0 });
    expect(text).not.toContain('/hook');
  });

  test('E12 the same message twice, in one batch and in another, is one post', async () => {
    const { run } = deployment();
    expect(left((await run([envelope(), envelope()])).answer)).toEqual([]);
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(posts).toHaveLength(1);
  });

  test('E12 while another invocation posts it, the message is left, and sent if that one crashed', async () => {
    const { run, store, state } = deployment();
    await store.save('slack/note-1', { state: 'inflight', untilMs: T0 + 30_000, webhook: '' }, 0);
    expect(left((await run([envelope()])).answer)).toEqual(['m0']);
    expect(posts).toHaveLength(0);
    state.nowMs += 30_000;
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(posts).toHaveLength(1);
  });

  test('E4 429 leaves everything for later, and nothing is posted before Retry-After is over', async () => {
    const { run, state } = deployment();
    answers.push({ status: 429, headers: { 'Retry-After': '30' } });
    const second = envelope({ ...MACHINE, notificationId: 'note-2' });
    expect(left((await run([envelope(), second])).answer)).toEqual(['m0', 'm1']);
    state.nowMs += 29_000;
    expect(left((await run([envelope(), second])).answer)).toEqual(['m0', 'm1']);
    expect(posts).toHaveLength(1);
    state.nowMs += 1_000;
    expect(left((await run([envelope(), second])).answer)).toEqual([]);
    expect(posts).toHaveLength(3);
  });

  test.each([[500], [502], [503], [408], [0]])('E5 %i is tried again later, and then sent once', async (status) => {
    const { run, topic } = deployment();
    answers.push({ status });
    expect(left((await run([envelope()])).answer)).toEqual(['m0']);
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(posts).toHaveLength(2);
    expect(topic.published).toEqual([]);
  });

  test.each([
    [404, 'no_service', 'SLACK_WEBHOOK_REVOKED'],
    [403, 'action_prohibited', 'SLACK_WEBHOOK_REVOKED'],
    [410, 'channel_is_archived', 'SLACK_WEBHOOK_REVOKED'],
    [302, '', 'SLACK_WEBHOOK_REVOKED'],
    [400, 'invalid_blocks', 'SLACK_PAYLOAD_REFUSED'],
  ])('E6 %i %s is not retried, and said through the alert topic once a day', async (status, body, code) => {
    const { run, topic, state } = deployment();
    const always = { status, body };
    answers.push(always, always, always, always, always);
    const { answer, metrics } = await run([envelope()]);
    // It stays in the queue, for the dead-letter queue to keep, but is not posted again.
    expect(left(answer)).toEqual(['m0']);
    expect(metrics['SlackRefused']).toBe(1);
    await run([envelope()]);
    expect(posts).toHaveLength(1);
    await run([envelope({ ...MACHINE, notificationId: 'note-2' })]);
    expect(topic.published).toHaveLength(1);
    expect(topic.published[0]).toMatchObject({
      subject: `gridwatch: ${code}`,
      text: expect.stringContaining(`${code}: Slack`),
    });
    expect(topic.published[0]?.text).toContain(ARN);
    expect(topic.published[0]?.text).not.toContain('/hook');
    state.nowMs += 24 * 3_600_000;
    await run([envelope({ ...MACHINE, notificationId: 'note-3' })]);
    expect(topic.published).toHaveLength(2);
  });

  test('E6 a new webhook gets what the old one refused', async () => {
    const { run, state } = deployment();
    answers.push({ status: 404, body: 'no_service' });
    await run([envelope()]);
    state.secret = '/new';
    state.cached = '/new';
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(posts.map(({ path }) => path)).toEqual(['/hook', '/new']);
  });

  test('E7 a webhook that was replaced is fetched once more before it counts as gone', async () => {
    const { run, state, topic } = deployment();
    state.secret = '/new';
    answers.push({ status: 404, body: 'no_service' });
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(posts.map(({ path }) => path)).toEqual(['/hook', '/new']);
    expect(topic.published).toEqual([]);
  });

  test.each([
    [
      'is missing',
      'SLACK_SECRET_UNREADABLE',
      { secretError: coded('SECRET_UNREADABLE', `Secret ${ARN} does not exist.`) },
    ],
    ['holds no webhook', 'SLACK_WEBHOOK_INVALID', { secret: 'http://evil', cached: 'http://evil' }],
  ])('E7 a secret that %s is said through the alert topic, and nothing is posted', async (_, code, given) => {
    const { run, state, topic } = deployment();
    Object.assign(state, given);
    expect(left((await run([envelope(), envelope()])).answer)).toEqual(['m0', 'm1']);
    expect(posts).toHaveLength(0);
    expect(topic.published).toMatchObject([{ subject: `gridwatch: ${code}` }]);
    expect(topic.published[0]?.text).not.toContain('evil');
  });

  test('E7 a Secrets Manager that fails for the moment leaves the message, and nobody is told', async () => {
    const { run, state, topic } = deployment();
    state.secretError = coded('SECRET_FAILED', 'failed with ThrottlingException');
    const { answer, lines } = await run([envelope()]);
    expect(left(answer)).toEqual(['m0']);
    expect(lines).toEqual([expect.objectContaining({ failed: 1, code: 'SECRET_FAILED' })]);
    expect(topic.published).toEqual([]);
  });

  test('E11 hostile names are inert', async () => {
    const { run } = deployment();
    const value = '<!channel> <@U1> <http://evil|click> &lt;!here&gt; @everyone';
    const hostile = {
      ...MACHINE,
      subject: value,
      evidence: value,
      alert: { ...MACHINE.alert, scope: { by: 'model', value } },
    };
    await run([envelope(hostile)]);
    expect(posts[0]?.body).not.toMatch(/<[!@#]|<http:\/\/evil|@everyone/);
  });

  test('E13 a store that fails leaves the message in the queue, its neighbours too', async () => {
    const { run, store } = deployment();
    store.broken = ['load'];
    const { answer } = await run([envelope(), envelope({ ...MACHINE, notificationId: 'note-2' })]);
    expect(left(answer)).toEqual(['m0', 'm1']);
    store.broken = [];
    expect(left((await run([envelope()])).answer)).toEqual([]);
  });

  test('E2 a crash between the post and its record is one duplicate at most', async () => {
    const { run, store, state } = deployment();
    answers.push({ status: 200 });
    const save = store.save;
    let saves = 0;
    store.save = async (...given) => {
      saves += 1;
      if (saves === 2) throw coded('TABLE_FAILED', 'crashed');
      return save(...given);
    };
    expect(left((await run([envelope()])).answer)).toEqual(['m0']);
    store.save = save;
    state.nowMs += 60_000;
    expect(left((await run([envelope()])).answer)).toEqual([]);
    expect(posts).toHaveLength(2);
  });

  test('an alarm of CloudWatch about gridwatch is shown, once per message', async () => {
    const { run } = deployment();
    const alarm = {
      AlarmName: 'NoEvaluation',
      AlarmDescription: 'gridwatch: …',
      NewStateValue: 'ALARM',
      NewStateReason: 'Threshold',
    };
    await run([envelope(alarm, 'a1'), envelope(alarm, 'a1'), envelope(alarm, 'a2')]);
    expect(posts).toHaveLength(2);
    expect(posts[0]?.body).toContain('ALARM: NoEvaluation');
  });

  test('a notice about this channel is dropped, one about another is posted', async () => {
    const { run } = deployment();
    const notice = { schema: 'gridwatch.notice/1', text: 'text' };
    const own = envelope({ ...notice, id: 'a', code: 'SLACK_WEBHOOK_REVOKED' });
    const other = envelope({ ...notice, id: 'b', code: 'CHAT_REFUSED' });
    expect(left((await run([own, other])).answer)).toEqual([]);
    expect(posts.map(({ body }) => JSON.parse(body).text)).toEqual(['gridwatch: CHAT_REFUSED']);
  });

  test.each([
    ['no JSON', '{'],
    ['another message', envelope({ hello: 1 })],
    ['null', 'null'],
  ])('what is no message of ours (%s) is left to the dead-letter queue', async (_, body) => {
    const { run } = deployment();
    const { answer, lines } = await run([body, envelope()]);
    expect(left(answer)).toEqual(['m0']);
    expect(lines).toEqual([expect.objectContaining({ unreadable: 1, sent: 1 })]);
  });

  test('raw delivery, without the envelope of SNS, is understood', async () => {
    const { run } = deployment();
    await run([JSON.stringify(MACHINE)]);
    expect(posts).toHaveLength(1);
  });

  test('without time for another post the rest is left', async () => {
    const { run } = deployment();
    expect(left((await run([envelope()], 5_000)).answer)).toEqual(['m0']);
    expect(posts).toHaveLength(0);
  });
});
