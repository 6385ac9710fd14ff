import { documentsOf } from '../../functions/aws/documents.ts';
import { FAILED_PREFIX as READ_FROM } from '../../functions/aws/failure.ts';
import type { Item, Table } from '../../functions/aws/table.ts';
import { FAILED_PREFIX, SILENCE_PARTITIONS, SLACK_PARTITIONS } from '../../infra/permissions.ts';
import { queryApi } from '../../shared/api.ts';
import type { Store } from '../../shared/ports.ts';
import { allowances, deployed, EVERYTHING, flat, of, resourcesOf } from './place.ts';

const template = of(deployed(EVERYTHING));

const logs = (name: string) => [
  `logs:CreateLogStream on <Gridwatch${name}Logs.Arn>`,
  `logs:PutLogEvents on <Gridwatch${name}Logs.Arn>`,
];
const table = (...actions: string[]) => actions.map((action) => `dynamodb:${action} on <GridwatchTable.Arn>`);
const key = (...actions: string[]) => actions.map((action) => `kms:${action} on <GridwatchKey.Arn>`);
const WRITE_KEY = key('Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo');
const FAILURES = [
  's3:ListBucket on <GridwatchQuarantine.Arn>',
  's3:PutObject on <GridwatchQuarantine.Arn>/aws/lambda/async/*',
];
const COUNTING = [
  ...table('GetItem', 'PutItem'),
  ...WRITE_KEY,
  ...FAILURES,
  's3:PutObject on <GridwatchQuarantine.Arn>/quarantine/*',
  'secretsmanager:GetSecretValue on <GridwatchSalt>',
];

describe('the role of', () => {
  test('ingest puts and gets items, keeps what failed and reads the salt', () => {
    expect(allowances(template, 'Ingest')).toEqual([...logs('Ingest'), ...COUNTING].sort());
  });

  test('redrive may do what ingest may, and takes failed batches away', () => {
    const taking = ['DeleteObject', 'GetObject'].map(
      (action) => `s3:${action} on <GridwatchQuarantine.Arn>/aws/lambda/async/*`,
    );
    expect(allowances(template, 'Redrive')).toEqual([...logs('Redrive'), ...COUNTING, ...taking].sort());
  });

  test('evaluate works on the table and publishes to the two alert topics', () => {
    const publishing = [
      'sns:GetTopicAttributes on <GridwatchAlerts>',
      'sns:Publish on <GridwatchAlerts>',
      'sns:Publish on <GridwatchChat>',
    ];
    expect(allowances(template, 'Evaluate')).toEqual(
      [
        ...logs('Evaluate'),
        ...table('DeleteItem', 'GetItem', 'PutItem', 'Query'),
        ...WRITE_KEY,
        ...FAILURES,
        ...publishing,
      ].sort(),
    );
  });

  test('query reads the table and writes silences, nothing else', () => {
    const silencing = table('PutItem').map(
      (rule) => `${rule} if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["S"]}}`,
    );
    expect(allowances(template, 'Query')).toEqual(
      [...logs('Query'), ...table('GetItem', 'Query'), ...silencing, ...WRITE_KEY].sort(),
    );
  });

  test('slack reads one secret and one queue, and remembers what it posted', () => {
    const own = ' if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["N#*"]}}';
    const queue = ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'];
    expect(allowances(template, 'Slack')).toEqual(
      [
        ...logs('Slack'),
        ...table('GetItem', 'PutItem').map((rule) => `${rule}${own}`),
        ...WRITE_KEY,
        ...queue.map((action) => `sqs:${action} on <GridwatchSlackQueue.Arn>`),
        'secretsmanager:GetSecretValue on arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:gridwatch/slack-??????',
        'sns:Publish on <GridwatchAlerts>',
      ].sort(),
    );
  });
});

const roles = resourcesOf(template, 'AWS::IAM::Role');

describe('roles and policies', () => {
  test('each function has a role of its own', () => {
    const used = resourcesOf(template, 'AWS::Lambda::Function').map(([, { Properties }]) => flat(Properties['Role']));
    expect(new Set(used).size).toBe(used.length);
  });

  test('no role has a managed policy', () => {
    expect(roles.filter(([, { Properties }]) => Properties['ManagedPolicyArns'] !== undefined)).toEqual([]);
  });

  test('function roles are for Lambda, the chat role is for Amazon Q', () => {
    const services = roles.map(
      ([, { Properties }]) => Properties['AssumeRolePolicyDocument'].Statement[0].Principal.Service,
    );
    expect(services.sort()).toEqual([...Array(5).fill('lambda.amazonaws.com'), 'chatbot.amazonaws.com'].sort());
  });

  test.each(['Ingest', 'Evaluate', 'Redrive', 'Query', 'Slack'])('%s is allowed no wildcard action', (role) => {
    expect(allowances(template, role).filter((rule) => /^[^ ]*\*/.test(rule))).toEqual([]);
  });

  test.each(['Ingest', 'Evaluate', 'Redrive', 'Query', 'Slack'])('%s is allowed nothing on every resource', (role) => {
    expect(allowances(template, role).filter((rule) => / on \*/.test(rule))).toEqual([]);
  });
});

describe('roles and functions agree', () => {
  test('slack remembers in partitions that its role may touch, and alerts are not among them', async () => {
    const touched = new Set<string>();
    const table: Pick<Table, 'get' | 'put'> = {
      get: async (pk) => {
        touched.add(pk);
        return null;
      },
      put: async (item) => {
        touched.add(item['PK']?.S ?? '');
        return { put: true, old: null };
      },
    };
    const documents = documentsOf(table as Table, () => 0);
    await documents.load('slack/some-notification');
    await documents.save('slack/some-notification', {}, 0);
    const allowed = new RegExp(`^(?:${SLACK_PARTITIONS.map((partition) => partition.replace('*', '.*')).join('|')})$`);
    for (const partition of touched) expect(partition).toMatch(allowed);
    expect('A').not.toMatch(allowed);
    expect('D').not.toMatch(allowed);
  });

  test('the query API adds and ends silences where its role may write, and writes nothing else', async () => {
    const written = new Set<string>();
    const store = new Map<string, Item>();
    const table: Pick<Table, 'get' | 'put' | 'query'> = {
      get: async (pk, sk) => store.get(`${pk} ${sk}`) ?? null,
      put: async (item) => {
        written.add(item['PK']?.S ?? '');
        store.set(`${item['PK']?.S} ${item['SK']?.S}`, item);
        return { put: true, old: null };
      },
      query: async () => [...store.values()],
    };
    const documents = documentsOf(table as Table, () => 0);
    const api = queryApi({ store: documents as Store, now: () => 0, version: '1' });
    const body = JSON.stringify({ filters: {}, reason: 'test', until: '+1h' });
    const headers = { 'content-type': 'application/json' };
    const added = await api(new Request('http://x/v1/silences', { method: 'POST', body, headers }));
    const ended = await api(new Request(`http://x${added.headers.get('location')}`, { method: 'DELETE' }));
    expect([added.status, ended.status, [...written]]).toEqual([201, 200, SILENCE_PARTITIONS]);
  });

  test('redrive looks where Lambda may write', () => {
    expect(READ_FROM).toBe(FAILED_PREFIX);
  });
});
