/**
 * The pipeline over the real SDK against any AWS-compatible endpoint: `npm run test:aws` starts Moto for it, and takes
 * another one from AWS_ENDPOINT_URL (LocalStack, say); `AWS_ENDPOINT_URL=aws` is AWS itself, in the account and region of
 * the environment. Everything it makes has a name of its own, and is removed at the end.
 */
import '../functions/environment.ts';
import { randomBytes } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  type PublishCommandInput,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import type { LambdaEvent } from 'hono/aws-lambda';
import type { IngestWorld } from '../../functions/aws/delivery.ts';
import { FAILED_PREFIX } from '../../functions/aws/failure.ts';
import { notices } from '../../functions/aws/notice.ts';
import { bucketObjects, type Objects } from '../../functions/aws/objects.ts';
import { quarantine } from '../../functions/aws/quarantine.ts';
import { type Secrets, secretReader } from '../../functions/aws/secrets.ts';
import { dynamoStore } from '../../functions/aws/store.ts';
import { topicOf } from '../../functions/aws/topic.ts';
import { webhookUrl } from '../../functions/aws/webhook.ts';
import { evaluateHandler } from '../../functions/evaluate.ts';
import { ingestHandler } from '../../functions/ingest.ts';
import { queryHandler } from '../../functions/query.ts';
import { redriveHandler } from '../../functions/redrive.ts';
import { slackHandler } from '../../functions/slack.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { call, contextOf, listen, MINUTE, minuteOf, OWNER, packed, subscription } from '../functions/fakes.ts';

jest.setTimeout(180_000);

const CANARY = 'sk-canary-endpoint-5f3a9b1c';
const WEBHOOK = 'https://hooks.slack.com/services/T000/B000/endpoint';
const NAME = `gridwatch-test-${randomBytes(6).toString('hex')}`;
/** Twenty minutes ago: the store and the horizon go by the real clock. */
const T0 = Math.floor(Date.now() / MINUTE) * MINUTE - 20 * MINUTE;
const CALM = 8;
const FAILING = 5;

const endpoint = process.env['AWS_ENDPOINT_URL'];
if (!endpoint) throw new Error('No AWS_ENDPOINT_URL: run `npm run test:aws`, or set it to an endpoint or to `aws`.');
if (endpoint === 'aws') delete process.env['AWS_ENDPOINT_URL'];

const dynamo = new DynamoDBClient({});
const sns = new SNSClient({});
const sqs = new SQSClient({});
/** A bucket is a host name with AWS only. */
const s3 = new S3Client({ forcePathStyle: endpoint !== 'aws' });
const secretsManager = new SecretsManagerClient({});

/** What was made, to be removed in the opposite order. */
const removals: (() => Promise<unknown>)[] = [];

async function newTable(): Promise<string> {
  const names = ['PK', 'SK'] as const;
  const command = new CreateTableCommand({
    TableName: NAME,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: names.map((name) => ({ AttributeName: name, KeyType: name === 'PK' ? 'HASH' : 'RANGE' })),
    AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
  });
  await dynamo.send(command);
  removals.push(() => dynamo.send(new DeleteTableCommand({ TableName: NAME })));
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 120, minDelay: 1, maxDelay: 2 }, { TableName: NAME });
  const TimeToLiveSpecification = { AttributeName: 'exp', Enabled: true };
  await dynamo.send(new UpdateTimeToLiveCommand({ TableName: NAME, TimeToLiveSpecification }));
  return NAME;
}

/** A topic, and a queue that gets what is published on it, in an envelope or raw. */
async function newTopic(name: string, raw: boolean) {
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: name }));
  removals.push(() => sns.send(new DeleteTopicCommand({ TopicArn })));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  removals.push(() => sqs.send(new DeleteQueueCommand({ QueueUrl })));
  const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const queueArn = asked.Attributes?.['QueueArn'] ?? '';
  const Statement = [
    {
      ...{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage' },
      ...{ Resource: queueArn, Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } } },
    },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const Attributes = raw ? { RawMessageDelivery: 'true' } : {};
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn, Attributes }));
  return { arn: TopicArn, queueUrl: QueueUrl };
}

async function newBucket(): Promise<string> {
  const region = await s3.config.region();
  const there = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } };
  await s3.send(new CreateBucketCommand({ Bucket: NAME, ...there }));
  removals.push(async () => {
    const objects = bucketObjects(NAME, s3);
    for await (const keys of objects.list('')) for (const key of keys) await objects.remove(key);
    await s3.send(new DeleteBucketCommand({ Bucket: NAME }));
  });
  return NAME;
}

async function newSecret(name: string, SecretString: string): Promise<string> {
  const { ARN = '' } = await secretsManager.send(new CreateSecretCommand({ Name: `${NAME}-${name}`, SecretString }));
  removals.push(() =>
    secretsManager.send(new DeleteSecretCommand({ SecretId: ARN, ForceDeleteWithoutRecovery: true })),
  );
  return ARN;
}

/** Everything in a queue, by its id: SQS may deliver twice. Waits until something came, and a little for what should not. */
async function drained(queueUrl: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let empty = 0; empty < (found.size === 0 ? 10 : 2); ) {
    const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
    const { Messages = [] } = await sqs.send(command);
    if (Messages.length === 0) empty++;
    for (const { MessageId = '', Body = '', ReceiptHandle } of Messages) {
      found.set(MessageId, Body);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }
  return found;
}

interface Made {
  readonly store: Store;
  readonly objects: Objects;
  readonly secrets: Secrets;
  readonly arns: { readonly salt: string; readonly slack: string };
  readonly alerts: { readonly arn: string; readonly queueUrl: string };
  readonly chat: { readonly arn: string; readonly queueUrl: string };
}

let made: Made;
/** What was handed to SNS, to compare with what came out of it. */
const published: PublishCommandInput[] = [];

beforeAll(async () => {
  sns.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'PublishCommand') published.push(args.input as PublishCommandInput);
        return next(args);
      },
    { step: 'initialize' },
  );
  const store = dynamoStore({ client: dynamo, tableName: await newTable() });
  made = {
    store,
    objects: bucketObjects(await newBucket(), s3),
    secrets: secretReader({ client: secretsManager }),
    arns: { salt: await newSecret('salt', 'a salt'), slack: await newSecret('slack', `${WEBHOOK}\n`) },
    alerts: await newTopic(NAME, false),
    chat: await newTopic(`${NAME}-chat`, true),
  };
});

afterAll(async () => {
  const failed: unknown[] = [];
  for (const remove of removals.reverse()) await remove().catch((error: unknown) => failed.push(error));
  for (const client of [dynamo, sns, sqs, s3, secretsManager]) client.destroy();
  if (failed.length > 0) throw new AggregateError(failed, `Not everything named ${NAME}… could be removed.`);
});

const worldOf = async (over: Partial<IngestWorld> = {}): Promise<IngestWorld> => ({
  store: made.store,
  settings: { ...DEFAULT_SETTINGS, keySalt: await made.secrets.get(made.arns.salt) },
  quarantine: quarantine({ store: made.store, objects: async () => made.objects, now: Date.now }),
  allowedOwners: [OWNER],
  ownLogGroups: [],
  nowMs: Date.now(),
  ...over,
});
const ingest = (event: unknown, over: Partial<IngestWorld> = {}) =>
  listen(() => ingestHandler(() => worldOf(over))(event, contextOf()));

const evaluate = (index: number) => {
  const world = {
    ...{ store: made.store, settings: { ...DEFAULT_SETTINGS, keySalt: '' }, now: Date.now },
    ...{ alerts: topicOf(sns, made.alerts.arn), chat: topicOf(sns, made.chat.arn) },
  };
  const event = { source: 'aws.events', time: new Date(T0 + index * MINUTE).toISOString() };
  return listen(() => evaluateHandler(() => world)(event, contextOf()));
};

async function ask(rawPath: string, rawQueryString: string): Promise<unknown> {
  const event = {
    ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString, headers: {}, isBase64Encoded: false },
    requestContext: { domainName: 'x.lambda-url.us-east-1.on.aws', http: { method: 'GET', path: rawPath } },
  } as unknown as LambdaEvent;
  const query = queryHandler(() => ({ store: made.store, now: Date.now }));
  const { answer } = await listen(() => query(event, contextOf()));
  expect(answer).toMatchObject({ statusCode: 200 });
  return JSON.parse((answer as { readonly body: string }).body);
}

test('log events in, the alert out of its queue, Slack posted, and the query API answers with what was counted', async () => {
  let said = '';
  for (let index = 0; index < CALM + FAILING; index++) {
    const atMs = T0 + index * MINUTE;
    const lines = [...minuteOf(atMs, 60, index < CALM ? 0 : 40), { atMs, message: `token ${CANARY}` }];
    const event = packed(subscription(lines));
    const first = await ingest(event);
    expect(first).toMatchObject({ answer: undefined, metrics: { Received: 61, Counted: 60, DuplicateBatches: 0 } });
    // Delivered at least once.
    const again = index % 4 === 0 ? await ingest(event) : null;
    if (again) expect(again).toMatchObject({ answer: undefined, metrics: { DuplicateBatches: 1, Mismatches: 0 } });
    const evaluated = await evaluate(index + 1);
    expect(evaluated.answer).toBeUndefined();
    said += first.text + evaluated.text;
  }
  expect(said).not.toContain(CANARY);

  const queued = [...(await drained(made.alerts.queueUrl))];
  expect(queued).toHaveLength(1);
  const [[messageId, body] = ['', '']] = queued;
  const envelope = JSON.parse(body) as Record<'Type' | 'TopicArn' | 'Subject' | 'Message', string>;
  const [alert, chat] = published;
  expect(published).toHaveLength(2);
  expect(alert).toMatchObject({ TopicArn: made.alerts.arn, MessageStructure: 'json' });
  const sent = JSON.parse(alert?.Message ?? '') as Record<'default' | 'email' | 'sqs' | 'lambda', string>;
  expect(envelope).toMatchObject({ Type: 'Notification', TopicArn: made.alerts.arn, Subject: alert?.Subject });
  // SNS chose the body for queues; people get the text.
  expect(envelope.Message).toBe(sent.sqs);
  expect(JSON.parse(envelope.Message)).toMatchObject({ schema: 'gridwatch.alert/1', reason: 'first' });
  expect(JSON.parse(body)).toMatchObject({ MessageAttributes: { reason: { Type: 'String', Value: 'first' } } });
  expect(sent.email).toContain('503');
  expect([sent.default, sent.lambda]).toEqual([sent.email, sent.sqs]);
  expect(JSON.stringify(published)).not.toContain(CANARY);

  const chatted = [...(await drained(made.chat.queueUrl)).values()];
  expect(chatted).toEqual([chat?.Message]);
  expect(JSON.parse(chatted[0] ?? '')).toMatchObject({ version: '1.0', source: 'custom' });

  const posts: { url: string; body: string }[] = [];
  const slack = slackHandler(() => ({
    ...{ store: made.store, secrets: made.secrets, secretArn: made.arns.slack, allowed: webhookUrl, now: Date.now },
    post: async (url, text) => {
      posts.push({ url: url.href, body: text });
      return { status: 200, retryAfterMs: null, word: 'ok' };
    },
    notices: notices({ ...made, topic: topicOf(sns, made.alerts.arn), now: Date.now, prefix: 'slack/' }),
  }));
  const records = { Records: [{ messageId, body }] } as unknown as SQSEvent;
  for (const delivery of ['first', 'second']) {
    const { answer } = await listen(() => slack(records, contextOf()));
    expect([delivery, answer]).toEqual([delivery, { batchItemFailures: [] }]);
  }
  expect(posts).toEqual([{ url: WEBHOOK, body: expect.stringContaining('503') }]);

  const [from, to] = [T0, T0 + 20 * MINUTE].map((ms) => new Date(ms).toISOString());
  await expect(ask('/v1/summary', `from=${from}&to=${to}&by=status`)).resolves.toMatchObject({
    totals: { calls: 60 * (CALM + FAILING), failures: 40 * FAILING },
    rows: [{ key: { status: 503 }, failures: 40 * FAILING }],
    skipped: { 'not-a-call': CALM + FAILING },
  });
  await expect(ask('/v1/alerts', 'state=firing')).resolves.toMatchObject({ alerts: [{ state: 'firing' }] });
});

test('B3 a damaged payload is kept in the bucket with its code in the table, and acknowledged', async () => {
  const event = { awslogs: { data: 'H4sIAAAA' } };
  for (let delivery = 0; delivery < 2; delivery++) {
    const { answer, metrics, lines } = await ingest(event);
    expect({ answer, metrics }).toMatchObject({ answer: undefined, metrics: { Quarantined: 1 } });
    expect(lines).toMatchObject([{ code: 'GZIP_TRUNCATED', at: expect.stringContaining(`s3://${NAME}/quarantine/`) }]);
  }
  const keys: string[] = [];
  for await (const page of made.objects.list('quarantine/')) keys.push(...page);
  expect(keys).toHaveLength(1);
  expect(JSON.parse((await made.objects.get(keys[0] ?? '')) ?? '')).toEqual(event);
  const index = await made.store.list('quarantine/');
  expect(index).toMatchObject([{ value: { code: 'GZIP_TRUNCATED', object: keys[0] } }]);
});

test('C9 with its table gone ingest throws, and redrive counts the batch once the table is there', async () => {
  const event = packed(subscription([call(401, T0), call(200, T0)], { logStream: 'after-outage' }));
  const gone = dynamoStore({ client: dynamo, tableName: `${NAME}-gone` });
  expect((await ingest(event, { store: gone })).answer).toMatchObject({ code: 'TABLE_MISSING' });

  // After its retries Lambda writes this.
  const key = `${FAILED_PREFIX}ingest/2026/11/17/2026-11-17T09.00.00-x`;
  await made.objects.put(key, JSON.stringify({ version: '1.0', requestPayload: event, responsePayload: {} }));
  const redrive = redriveHandler(async () => ({ ...(await worldOf()), objects: made.objects, pause: async () => {} }));
  const { metrics, answer } = await listen(() => redrive({ source: 'aws.events' }, contextOf()));
  expect({ answer, metrics }).toMatchObject({
    answer: undefined,
    metrics: { Redriven: 1, RedriveLeft: 0, Counted: 2 },
  });
  await expect(made.objects.get(key)).resolves.toBeNull();
  expect((await ingest(event)).metrics).toMatchObject({ Counted: 2, DuplicateBatches: 1 });
});

test('a document larger than an item is written, replaced under its version only, and read as it was', async () => {
  const { store } = made;
  const [one, two] = [0, 1].map(() => randomBytes(450_000).toString('base64'));
  await expect(store.save('test/large', one, 0)).resolves.toBe(true);
  await expect(store.save('test/large', two, 0)).resolves.toBe(false);
  await expect(store.load('test/large')).resolves.toEqual({ key: 'test/large', version: 1, value: one });
  await expect(store.save('test/large', two, 1)).resolves.toBe(true);
  await expect(store.load('test/large')).resolves.toEqual({ key: 'test/large', version: 2, value: two });
});

test('a secret that does not exist is named', async () => {
  const reader = secretReader({ client: secretsManager });
  const read = reader.get(`${NAME}-none`);
  await expect(read).rejects.toMatchObject({ code: 'SECRET_UNREADABLE', message: expect.stringContaining(NAME) });
});
