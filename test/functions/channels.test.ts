import './environment.ts';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { notices } from '../../functions/aws/notice.ts';
import { once } from '../../functions/aws/once.ts';
import { secretReader } from '../../functions/aws/secrets.ts';
import { topicOf } from '../../functions/aws/topic.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { fakeTopic, T0 } from './fakes.ts';

const ARN = 'arn:aws:sns:us-east-1:123456789012:alerts';
const named = (name: string) => Object.assign(new Error('of AWS'), { name });

/** A client that answers with what is given, in turn, the last for ever; an error is thrown. */
function fakeClient<Client>(...answers: unknown[]) {
  const sent: { action: string; input: unknown }[] = [];
  const send = async (command: { constructor: { name: string }; input: unknown }): Promise<unknown> => {
    sent.push({ action: command.constructor.name, input: JSON.parse(JSON.stringify(command.input)) });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: { send } as unknown as Client, sent };
}

describe('a topic', () => {
  const topicWith = (answer: unknown = {}) => {
    const { client, sent } = fakeClient<SNSClient>(answer);
    return { topic: topicOf(client, ARN), sent: () => sent.map(({ input }) => input as PublishCommandInput) };
  };

  test('one publish has a text for people and the machine form for queues', async () => {
    const { topic, sent } = topicWith();
    await topic.publish({ subject: 'Subject', text: 'text\n', json: { a: 1 }, attributes: { reason: 'first' } });
    const [input] = sent();
    expect(sent()).toHaveLength(1);
    expect(input).toMatchObject({
      ...{ TopicArn: ARN, Subject: 'Subject', MessageStructure: 'json' },
      MessageAttributes: { reason: { DataType: 'String', StringValue: 'first' } },
    });
    const body = JSON.parse(input?.Message ?? '');
    expect(body).toEqual({ default: 'text\n', email: 'text\n', sqs: '{"a":1}', lambda: '{"a":1}' });
  });

  test.each([
    ['x'.repeat(300), 'x'.repeat(99)],
    ['a\r\nBcc: evil', 'a??Bcc: evil'],
    ['naïve 😀 \u202e', 'na?ve ?? ?'],
    ['', 'gridwatch'],
  ])('E11 the subject %j becomes %j', async (subject, expected) => {
    const { topic, sent } = topicWith();
    await topic.publish({ subject, text: 't' });
    expect(sent()[0]?.Subject).toBe(expected);
  });

  test('a body that SNS would refuse is shortened', async () => {
    const { topic, sent } = topicWith();
    await topic.publish({ subject: 's', text: '😀'.repeat(20_000), json: { a: 'x'.repeat(300_000) } });
    expect(Buffer.byteLength(sent()[0]?.Message ?? '')).toBeLessThan(200 * 1024);
  });

  test('E1 a failure names the topic and the action', async () => {
    const { topic } = topicWith(named('NotFoundException'));
    const failed = topic.publish({ subject: 's', text: 't' });
    await expect(failed).rejects.toMatchObject({ code: 'TOPIC_FAILED', message: expect.stringContaining(ARN) });
  });

  test('E10 unconfirmed subscriptions are counted', async () => {
    const { topic } = topicWith({ Attributes: { SubscriptionsPending: '3' } });
    await expect(topic.unconfirmed()).resolves.toBe(3);
  });
});

describe('a secret', () => {
  const managerWith = (...answers: unknown[]) => fakeClient<SecretsManagerClient>(...answers);

  test('is kept for five minutes, and no longer', async () => {
    const { client, sent } = managerWith({ SecretString: 'old' }, { SecretString: 'new' });
    let nowMs = T0;
    const secrets = secretReader({ client, now: () => nowMs });
    await secrets.get('a');
    nowMs += 299_999;
    await expect(secrets.get('a')).resolves.toBe('old');
    expect(sent.length).toBe(1);
    nowMs += 1;
    await expect(secrets.get('a')).resolves.toBe('new');
  });

  test('is asked for again when it must be fresh', async () => {
    const { client, sent } = managerWith({ SecretString: 'x' });
    const secrets = secretReader({ client, now: () => T0 });
    await secrets.get('a');
    await secrets.get('a', { fresh: true });
    expect(sent.length).toBe(2);
  });

  test.each([
    ['ResourceNotFoundException', 'SECRET_UNREADABLE'],
    ['AccessDeniedException', 'SECRET_UNREADABLE'],
    ['ThrottlingException', 'SECRET_FAILED'],
    ['constructor', 'SECRET_FAILED'],
  ])('E7 %s is %s, and is not remembered', async (name, code) => {
    const { client } = managerWith(named(name), { SecretString: 'x' });
    const secrets = secretReader({ client, now: () => T0 });
    await expect(secrets.get('arn:a')).rejects.toMatchObject({ code, message: expect.stringContaining('arn:a') });
    await expect(secrets.get('arn:a')).resolves.toBe('x');
  });

  test('of bytes is unreadable', async () => {
    const { client } = managerWith({ SecretBinary: new Uint8Array(3) });
    await expect(secretReader({ client }).get('a')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});

describe('a notice', () => {
  const notice = { code: 'CODE', text: 'Do this.' };

  test('is told once a day for each code', async () => {
    const [store, topic] = [memoryStore(), fakeTopic()];
    let nowMs = T0;
    const { tell } = notices({ store, topic, now: () => nowMs, prefix: 'slack/' });
    await expect(tell(notice)).resolves.toBe(true);
    await expect(tell(notice)).resolves.toBe(false);
    await expect(tell({ ...notice, code: 'OTHER' })).resolves.toBe(true);
    nowMs += 24 * 3_600_000;
    await expect(tell(notice)).resolves.toBe(true);
    expect(topic.published.map(({ json }) => json?.['id'])).toEqual([
      'CODE-2026-11-17',
      'OTHER-2026-11-17',
      'CODE-2026-11-18',
    ]);
  });

  test('that could not be published is told next time', async () => {
    const [store, topic] = [memoryStore(), fakeTopic()];
    const { tell } = notices({ store, topic, now: () => T0, prefix: '' });
    topic.fail = 'before';
    await expect(tell(notice)).rejects.toThrow('failed');
    topic.fail = null;
    await expect(tell(notice)).resolves.toBe(true);
  });
});

test('what is made once is made again after it failed', async () => {
  let made = 0;
  const get = once(async () => {
    made += 1;
    if (made === 1) throw new Error('not yet');
    return made;
  });
  await expect(Promise.all([get(), get()])).rejects.toThrow('not yet');
  await expect(Promise.all([get(), get()])).resolves.toEqual([2, 2]);
});
