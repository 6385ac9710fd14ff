import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { allowances, constructed, deployed, EVERYTHING, flat, type Json, of, one, resourcesOf } from './place.ts';

const template = of(deployed(EVERYTHING));
const SUBSCRIPTION = 'AWS::SNS::Subscription';
const subscriptions = resourcesOf(template, SUBSCRIPTION);
const to = (protocol: string) =>
  subscriptions
    .filter(([, { Properties }]) => Properties['Protocol'] === protocol)
    .map(([, { Properties }]) =>
      `${flat(Properties['TopicArn'])} -> ${flat(Properties['Endpoint'])}`.replace(/[0-9A-F]{8}(?=[.>])/g, ''),
    );

describe('e-mail', () => {
  test('goes to the address from both topics', () => {
    expect(to('email')).toEqual([
      '<GridwatchAlerts> -> oncall@example.com',
      '<GridwatchOperations> -> oncall@example.com',
    ]);
  });

  test('may have several addresses', () => {
    const several = of(deployed({ logGroups: '/app/a', email: 'a@example.com,b@example.com' }));
    expect(resourcesOf(several, SUBSCRIPTION)).toHaveLength(4);
  });
});

test.each(subscriptions)('%s keeps what it cannot deliver', (_id, { Properties }) => {
  expect(flat(Properties['RedrivePolicy'].deadLetterTargetArn)).toMatch(/^<GridwatchUndelivered[0-9A-F]{8}\.Arn>$/);
});

describe('Slack', () => {
  const queue = one(template, 'AWS::SQS::Queue', 'SlackQueue').Properties;

  test('hears alerts and alarms through a queue', () => {
    expect(to('sqs')).toEqual([
      '<GridwatchAlerts> -> <GridwatchSlackQueue.Arn>',
      '<GridwatchOperations> -> <GridwatchSlackQueue.Arn>',
    ]);
  });

  test('gets the envelope of SNS, not the raw message', () => {
    for (const [, { Properties }] of subscriptions) expect(Properties['RawMessageDelivery']).toBeUndefined();
  });

  test('is tried 8 times, then the message is kept for 14 days', () => {
    expect(queue['RedrivePolicy'].maxReceiveCount).toBe(8);
    expect(flat(queue['RedrivePolicy'].deadLetterTargetArn)).toContain('SlackDead');
    expect(one(template, 'AWS::SQS::Queue', 'SlackDead').Properties['MessageRetentionPeriod']).toBe(14 * 86_400);
  });

  test('hides a message for six times as long as the function may run', () => {
    expect(queue['VisibilityTimeout']).toBe(6 * one(template, 'AWS::Lambda::Function', 'Slack').Properties['Timeout']);
  });

  test('reports the messages that failed, not the whole batch', () => {
    expect(one(template, 'AWS::Lambda::EventSourceMapping').Properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test('its queue takes messages from our two topics only', () => {
    const { Statement } = one(template, 'AWS::SQS::QueuePolicy', 'SlackQueue').Properties['PolicyDocument'];
    const allowed = Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow');
    expect(allowed.map(({ Condition }: Json) => flat(Condition.ArnEquals['aws:SourceArn']))).toEqual([
      expect.stringContaining('Alerts'),
      expect.stringContaining('Operations'),
    ]);
  });

  test('is left out, function and queues, when nobody asks for it', () => {
    const without = of(deployed({ logGroups: '/app/a', email: 'a@example.com' }));
    expect(resourcesOf(without).filter(([id]) => id.includes('Slack'))).toEqual([]);
  });

  test.each([
    ['a name', 'gridwatch/slack', /:secret:gridwatch\/slack-\?{6}$/],
    [
      'a complete ARN',
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-a1B2c3',
      /^arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-a1B2c3$/,
    ],
    [
      'an ARN without its last six characters',
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook',
      /:secret:hook-\?{6}$/,
    ],
  ])('reads the secret given by %s', (_what, slackWebhookSecret, pattern) => {
    const rules = allowances(of(deployed({ logGroups: '/app/a', slackWebhookSecret })), 'Slack');
    const [rule] = rules.filter((it) => it.startsWith('secretsmanager:'));
    expect(rule?.replace('secretsmanager:GetSecretValue on ', '')).toMatch(pattern);
  });

  test('reads the secret given as a construct', () => {
    const { stack } = constructed((scope) => ({
      logGroups: ['/app/a'],
      slackWebhookSecret: new secretsmanager.Secret(scope, 'Hook'),
    }));
    expect(allowances(of(stack), 'Slack')).toContain('secretsmanager:GetSecretValue on <Hook>');
  });

  test('takes one webhook', () => {
    const { gridwatch } = constructed({ logGroups: ['/app/a'], slackWebhookSecret: 'one' });
    expect(() => gridwatch.addChannel({ slackWebhookSecret: 'two' })).toThrow(
      'gridwatch: Theirs/Watch has a Slack webhook already',
    );
  });
});

describe('chat', () => {
  const chat = one(template, 'AWS::Chatbot::SlackChannelConfiguration').Properties;

  test('is the channel of the setting', () => {
    expect(chat).toMatchObject({ SlackWorkspaceId: 'T0123ABCD', SlackChannelId: 'C0456EFGH' });
  });

  test('hears its own topic and the alarms, not the texts for e-mail', () => {
    const topics = chat['SnsTopicArns'].map((arn: unknown) => flat(arn).replace(/[0-9A-F]{8}(?=>)/, ''));
    expect(topics).toEqual(['<GridwatchChat>', '<GridwatchOperations>']);
  });

  test('may do nothing, where AWS would have let it do everything', () => {
    expect(chat['GuardrailPolicies'].map(flat)).toEqual([expect.stringMatching(/:iam::aws:policy\/AWSDenyAll$/)]);
  });

  test('may have several channels', () => {
    const { stack, gridwatch } = constructed({
      logGroups: ['/app/a'],
      chat: { workspaceId: 'T0123ABCD', channelId: 'C1AAAA' },
    });
    gridwatch.addChannel({ chat: { workspaceId: 'T0123ABCD', channelId: 'C2BBBB' } });
    expect(resourcesOf(of(stack), 'AWS::Chatbot::SlackChannelConfiguration')).toHaveLength(2);
  });
});

describe('channels that are added later', () => {
  const { stack, gridwatch } = constructed({ logGroups: ['/app/a'] });
  gridwatch.addChannel({ email: 'later@example.com' });
  gridwatch.addChannel({ slackWebhookSecret: 'later' });
  gridwatch.addChannel({ chat: { workspaceId: 'T0123ABCD', channelId: 'C0456EFGH' } });
  const later = of(stack);

  test('are known to the functions', () => {
    const { GRIDWATCH } = one(later, 'AWS::Lambda::Function', 'Evaluate').Properties['Environment'].Variables;
    const { deployment } = JSON.parse(flat(GRIDWATCH));
    expect(deployment).toMatchObject({
      chatTopicArn: expect.stringContaining('Chat'),
      slackSecretArn: expect.stringContaining('later'),
    });
  });

  test('make the same resources as channels given at once', () => {
    const types = (it: typeof later) =>
      resourcesOf(it)
        .map(([, { Type }]) => Type)
        .sort();
    expect(types(later)).toEqual(types(of(deployed({ ...EVERYTHING, logGroups: '/app/a' }))));
  });
});

describe('an existing topic', () => {
  const { stack } = constructed((scope) => ({
    logGroups: ['/app/a'],
    topic: sns.Topic.fromTopicArn(scope, 'Given', 'arn:aws:sns:eu-west-1:123456789012:pager'),
    email: 'a@example.com',
  }));

  test('gets the alerts, and no second one is made', () => {
    expect(allowances(of(stack), 'Evaluate')).toContain('sns:Publish on arn:aws:sns:eu-west-1:123456789012:pager');
    expect(resourcesOf(of(stack), 'AWS::SNS::Topic')).toHaveLength(1);
  });

  test('is allowed with its own key', () => {
    const other = constructed((scope) => {
      const key = new kms.Key(scope, 'Pager');
      return { logGroups: ['/app/a'], topic: new sns.Topic(scope, 'Given', { masterKey: key }) };
    });
    expect(allowances(of(other.stack), 'Evaluate')).toContain('kms:GenerateDataKey on <Pager.Arn>');
  });
});
