/**
 * The real bundles, run as Lambda runs them, with dynalite for DynamoDB and stand-ins for the rest:
 *   subscription payload -> ingest -> evaluate -> SNS body -> slack -> Slack;  query answers;  what failed is redriven.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_SETTINGS, toEnv } from '../../shared/settings.ts';
import { clientOf, type Endpoint, newTable, startDynalite } from '../aws/dynamo-server.ts';
import { call, MINUTE, minuteOf, OWNER, packed, subscription } from '../functions/fakes.ts';
import { type LambdaFunction, startFunction } from './lambda-host.ts';
import { s3StandIn, secretsStandIn, slackStandIn, snsStandIn } from './stand-ins.ts';

jest.setTimeout(40_000);

const ROOT = join(import.meta.dirname, '../..');
const WEBHOOK = 'https://hooks.slack.com/services/T000/B000/e2e';
const ARNS = { salt: 'arn:salt', slack: 'arn:slack', alerts: 'arn:aws:sns:us-east-1:123456789012:alerts' };
const CANARY = 'sk-canary-e2e-5f3a9b1c';
/** Twenty minutes ago: the store and the horizon go by the real clock. */
const T0 = Math.floor(Date.now() / MINUTE) * MINUTE - 20 * MINUTE;
const CALM = 8;
const FAILING = 5;

interface World {
  readonly dynamo: Endpoint;
  readonly sns: Awaited<ReturnType<typeof snsStandIn>>;
  readonly s3: Awaited<ReturnType<typeof s3StandIn>>;
  readonly slack: Awaited<ReturnType<typeof slackStandIn>>;
  readonly secrets: Awaited<ReturnType<typeof secretsStandIn>>;
  readonly tableName: string;
}

let world: World;
const running: LambdaFunction[] = [];

const bundleOf = (name: string): string => join(ROOT, 'dist/functions', name, 'index.cjs');

async function start(
  name: string,
  { tableName = world.tableName, bundle = bundleOf(name), timeoutMs = 30_000 } = {},
): Promise<LambdaFunction> {
  const deployment = {
    ...{
      tableName,
      alertTopicArn: ARNS.alerts,
      chatTopicArn: null,
      quarantineBucket: 'bucket',
      saltSecretArn: ARNS.salt,
    },
    ...{ slackSecretArn: ARNS.slack, ownLogGroups: ['/gridwatch/E2e/ingest'], allowedOwners: [OWNER] },
  };
  const environment = {
    ...toEnv({ ...DEFAULT_SETTINGS, summaryUrl: 'https://watch.example/summary' }, deployment),
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'fake', AWS_SECRET_ACCESS_KEY: 'fake', AWS_SESSION_TOKEN: 'fake' },
    ...{ AWS_ENDPOINT_URL_DYNAMODB: world.dynamo.url, AWS_ENDPOINT_URL_SNS: world.sns.url },
    ...{ AWS_ENDPOINT_URL_S3: world.s3.url, AWS_ENDPOINT_URL_SECRETS_MANAGER: world.secrets.url },
    ...{ POWERTOOLS_METRICS_NAMESPACE: 'gridwatch', POWERTOOLS_SERVICE_NAME: 'E2e', TEST_SLACK_URL: world.slack.url },
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const started = await startFunction(bundle, environment, timeoutMs);
  running.push(started);
  return started;
}

/** In a process of its own: esbuild cannot be loaded where the prototypes are frozen. */
function buildSlackEntry(): string {
  const outfile = join(ROOT, 'dist/e2e/slack.cjs');
  const options = {
    ...{
      entryPoints: [join(import.meta.dirname, 'slack-entry.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
    },
    ...{ mainFields: ['module', 'main'], supported: { 'dynamic-import': false }, logLevel: 'warning' },
  };
  const program = "import { build } from 'esbuild'; await build(JSON.parse(process.argv[1]));";
  execFileSync(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(options)], { cwd: ROOT });
  return outfile;
}

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, 'build.mjs'), '--if-stale'], { stdio: 'inherit' });
  const dynamo = await startDynalite();
  const client = clientOf(dynamo.url);
  world = {
    ...{ dynamo, sns: await snsStandIn(), s3: await s3StandIn(), slack: await slackStandIn() },
    secrets: await secretsStandIn({ [ARNS.salt]: 'a salt', [ARNS.slack]: `${WEBHOOK}\n` }),
    tableName: await newTable(client),
  };
  client.destroy();
});

afterAll(async () => {
  await Promise.all(running.map((each) => each.close()));
  const { dynamo, sns, s3, slack, secrets } = world;
  await Promise.all([dynamo, sns, s3, slack, secrets].map((each) => each.close()));
  rmSync(join(ROOT, 'dist/e2e'), { recursive: true, force: true });
});

/** Minute `index` of the hour: calm, then two calls of three fail. */
const linesOf = (index: number) => minuteOf(T0 + index * MINUTE, 60, index < CALM ? 0 : 40);
const tickAt = (index: number) => ({ source: 'aws.events', time: new Date(T0 + index * MINUTE).toISOString() });
const queued = (message: string) => ({
  Records: [{ messageId: 'sqs-1', body: JSON.stringify({ Type: 'Notification', MessageId: 'm-1', Message: message }) }],
});
const urlEvent = (rawPath: string, rawQueryString: string) => ({
  ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString, headers: {}, isBase64Encoded: false },
  requestContext: { domainName: 'x.lambda-url.us-east-1.on.aws', http: { method: 'GET', path: rawPath } },
});

test('log events in, an alert in Slack, and the query API answers with what was counted', async () => {
  const [ingest, evaluate] = await Promise.all([start('ingest'), start('evaluate')]);
  for (let index = 0; index < CALM + FAILING; index++) {
    const event = packed(subscription([...linesOf(index), { atMs: T0 + index * MINUTE, message: `token ${CANARY}` }]));
    expect(await ingest.invoke(event)).toEqual({ answer: null });
    // Delivered at least once.
    if (index % 4 === 0) expect(await ingest.invoke(event)).toEqual({ answer: null });
    expect(await evaluate.invoke(tickAt(index + 1))).toEqual({ answer: null });
  }

  expect(world.sns.published).toHaveLength(1);
  const [publish] = world.sns.published;
  expect(publish).toMatchObject({ TopicArn: ARNS.alerts, MessageStructure: 'json' });
  expect(publish?.['Subject']).toMatch(/^[\x20-\x7e]{1,99}$/);
  const body = JSON.parse(publish?.['Message'] ?? '') as Record<'default' | 'email' | 'sqs', string>;
  expect(body.email).toContain('503');
  expect(body.default).toBe(body.email);
  const machine = JSON.parse(body.sqs) as { readonly evidence: string };

  const slack = await start('slack', { bundle: buildSlackEntry() });
  expect(await slack.invoke(queued(body.sqs))).toEqual({ answer: { batchItemFailures: [] } });
  expect(await slack.invoke(queued(body.sqs))).toEqual({ answer: { batchItemFailures: [] } });
  expect(world.slack.posts).toHaveLength(1);
  expect(world.slack.posts[0]?.path).toBe('/services/T000/B000/e2e');
  expect(world.slack.posts[0]?.body).toContain(machine.evidence);

  const query = await start('query');
  const [from, to] = [T0, T0 + 20 * MINUTE].map((ms) => new Date(ms).toISOString());
  const { answer } = (await query.invoke(urlEvent('/v1/summary', `from=${from}&to=${to}&by=status`))) as {
    answer: { statusCode: number; body: string };
  };
  expect(answer.statusCode).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    totals: { calls: 60 * (CALM + FAILING), failures: 40 * FAILING },
    rows: [{ key: { status: 503 }, failures: 40 * FAILING }],
    skipped: { 'not-a-call': CALM + FAILING },
  });

  const lines = ingest
    .said()
    .trim()
    .split('\n')
    .filter((line) => !line.includes('"_aws"'));
  expect(lines).toHaveLength(CALM + FAILING + Math.ceil((CALM + FAILING) / 4));
  for (const each of running) {
    expect(each.said()).not.toMatch(new RegExp(`${CANARY}|T000/B000|chat/completions`));
    for (const line of each.said().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  }
  expect(JSON.stringify(world.sns.published)).not.toContain(CANARY);
});

test('B3 a damaged payload is kept in the bucket, and acknowledged', async () => {
  const ingest = await start('ingest');
  expect(await ingest.invoke({ awslogs: { data: 'H4sIAAAA' } })).toEqual({ answer: null });
  const [key = ''] = [...world.s3.objects.keys()];
  expect(key).toMatch(/^quarantine\/\d{4}-\d\d-\d\d\/[0-9a-f]{32}$/);
  expect(JSON.parse(world.s3.objects.get(key) ?? '')).toEqual({ awslogs: { data: 'H4sIAAAA' } });
  expect(ingest.said()).toContain('GZIP_TRUNCATED');
});

test('C9 with its table gone ingest throws, and redrive counts the batch once the table is there', async () => {
  const broken = await start('ingest', { tableName: 'gone' });
  const event = packed(subscription([call(401, T0), call(200, T0)], { logStream: 'after-outage' }));
  const outcome = await broken.invoke(event);
  expect(outcome).toMatchObject({ error: { errorMessage: expect.stringContaining('table gone') } });

  // After its retries Lambda writes this.
  const key = 'aws/lambda/async/ingest/2026/11/17/2026-11-17T09.00.00-x';
  world.s3.objects.set(key, JSON.stringify({ version: '1.0', requestPayload: event, responsePayload: {} }));
  const redrive = await start('redrive', { timeoutMs: 60_000 });
  expect(await redrive.invoke({ source: 'aws.events' })).toEqual({ answer: null });
  expect(world.s3.objects.has(key)).toBe(false);
  expect(redrive.said()).toContain('"redriven":1');
  expect(redrive.said()).toContain('"Counted":2');
});
