import { deployed, EVERYTHING, flat, of, one, resourcesOf } from './place.ts';

const template = of(deployed(EVERYTHING));
const functions = resourcesOf(template, 'AWS::Lambda::Function');
const logGroups = resourcesOf(template, 'AWS::Logs::LogGroup');

describe('every function', () => {
  test('is one of the five', () => {
    expect(functions.map(([id]) => id.replace(/^Gridwatch|Function[0-9A-F]{8}$/g, '')).sort()).toEqual([
      'Evaluate',
      'Ingest',
      'Query',
      'Redrive',
      'Slack',
    ]);
  });

  test.each(functions)('%s runs index.handler on nodejs24.x, arm64', (_id, { Properties }) => {
    expect(Properties).toMatchObject({ Handler: 'index.handler', Runtime: 'nodejs24.x', Architectures: ['arm64'] });
  });

  test.each(functions)('%s stops when Lambda sees a loop', (_id, { Properties }) => {
    expect(Properties['RecursiveLoop']).toBe('Terminate');
  });

  test.each(functions)('%s logs JSON into its own log group', (id, { Properties }) => {
    expect(Properties['LoggingConfig']).toMatchObject({
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'WARN',
    });
    expect(flat(Properties['LoggingConfig'].LogGroup)).toContain(id.replace(/Function[0-9A-F]{8}$/, 'Logs'));
  });

  test('reserves concurrency: ingest 10, the others 2', () => {
    const reserved = functions.map(([id, { Properties }]) => [
      id.replace(/^Gridwatch|Function[0-9A-F]{8}$/g, ''),
      Properties['ReservedConcurrentExecutions'],
    ]);
    expect(Object.fromEntries(reserved)).toEqual({ Ingest: 10, Evaluate: 2, Redrive: 2, Query: 2, Slack: 2 });
  });

  test('ingest has 512 MB and a minute', () => {
    expect(one(template, 'AWS::Lambda::Function', 'Ingest').Properties).toMatchObject({ MemorySize: 512, Timeout: 60 });
  });

  test('evaluate ends before the lease of the outbox does', () => {
    expect(one(template, 'AWS::Lambda::Function', 'Evaluate').Properties['Timeout']).toBeLessThanOrEqual(50);
  });
});

describe('settings reach the functions', () => {
  const variables = (input: Record<string, unknown>) =>
    one(of(deployed({ ...EVERYTHING, ...input })), 'AWS::Lambda::Function', 'Ingest').Properties;

  test('concurrency is a setting', () => {
    expect(variables({ concurrency: '25' })['ReservedConcurrentExecutions']).toBe(25);
  });

  test('a small account reserves nothing', () => {
    const small = resourcesOf(of(deployed({ ...EVERYTHING, concurrency: 'unreserved' })), 'AWS::Lambda::Function');
    expect(small.filter(([, { Properties }]) => 'ReservedConcurrentExecutions' in Properties)).toEqual([]);
  });

  test('thresholds and hosts travel in one variable', () => {
    const { GRIDWATCH } = variables({ hosts: 'any', minShare: '0.1', minFailures: 5, repeatHours: 1 })['Environment']
      .Variables;
    const { settings } = JSON.parse(flat(GRIDWATCH).replace(/<[^>]*>/g, 'x'));
    expect(settings).toMatchObject({ hosts: 'any', minShare: 0.1, minFailures: 5, repeatIntervalMs: 3_600_000 });
  });

  test('the deployment names what the functions need', () => {
    const { GRIDWATCH } = variables({})['Environment'].Variables;
    const { deployment } = JSON.parse(flat(GRIDWATCH));
    expect(deployment).toMatchObject({
      tableName: expect.stringMatching(/^<GridwatchTable/),
      alertTopicArn: expect.stringMatching(/^<GridwatchAlerts/),
      chatTopicArn: expect.stringMatching(/^<GridwatchChat/),
      quarantineBucket: expect.stringMatching(/^<GridwatchQuarantine/),
      saltSecretArn: expect.stringMatching(/^<GridwatchSalt/),
      slackSecretArn: expect.stringContaining(':secret:gridwatch/slack'),
      allowedOwners: ['<AWS::AccountId>'],
    });
    expect(deployment.ownLogGroups).toHaveLength(5);
  });
});

describe('log groups of the functions', () => {
  test('are kept for 30 days', () => {
    expect(logGroups.map(([, { Properties }]) => Properties['RetentionInDays'])).toEqual([30, 30, 30, 30, 30]);
  });

  test('are kept as long as the setting says', () => {
    const own = resourcesOf(of(deployed({ ...EVERYTHING, retentionDays: '90' })), 'AWS::Logs::LogGroup');
    expect(own.map(([, { Properties }]) => Properties['RetentionInDays'])).toEqual([90, 90, 90, 90, 90]);
  });

  test.each(logGroups)('%s has a name below /gridwatch/, which nobody may subscribe to', (_id, { Properties }) => {
    expect(Properties['LogGroupName']).toMatch(/^\/gridwatch\/Gridwatch-[0-9A-F]{8}\/[a-z]+$/);
  });
});

describe('asynchronous invocations', () => {
  const configs = resourcesOf(template, 'AWS::Lambda::EventInvokeConfig');
  const configOf = (name: string) => one(template, 'AWS::Lambda::EventInvokeConfig', name).Properties;

  test('every function that is invoked asynchronously says where its failures go', () => {
    const invoked = resourcesOf(template, 'AWS::Lambda::Permission')
      .filter(([, { Properties }]) => ['events.amazonaws.com', 'logs.amazonaws.com'].includes(Properties['Principal']))
      .map(([, { Properties }]) => flat(Properties['FunctionName']).replace('.Arn', ''));
    expect(configs.map(([, { Properties }]) => flat(Properties['FunctionName'])).sort()).toEqual(invoked.sort());
  });

  test.each(configs)('%s keeps them in the encrypted bucket', (_id, { Properties }) => {
    expect(flat(Properties['DestinationConfig'].OnFailure.Destination)).toMatch(
      /^<GridwatchQuarantine[0-9A-F]{8}\.Arn>$/,
    );
  });

  test('a batch is tried three times and waits for 6 hours', () => {
    expect(configOf('Ingest')).toMatchObject({
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
      Qualifier: '$LATEST',
    });
  });

  test('an old tick is not tried again', () => {
    expect(configOf('Evaluate')).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(configOf('Redrive')).toMatchObject({ MaximumRetryAttempts: 0 });
  });
});

describe('the schedule', () => {
  test.each([
    ['rate(1 minute)', 'Evaluate'],
    ['rate(5 minutes)', 'Redrive'],
  ])('%s runs %s and forgets a tick after a minute', (rate, name) => {
    const rule = resourcesOf(template, 'AWS::Events::Rule').find(
      ([, { Properties }]) => Properties['ScheduleExpression'] === rate,
    )?.[1];
    const [target] = rule?.Properties['Targets'] ?? [];
    expect(flat(target.Arn)).toContain(name);
    expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 1 });
  });
});

describe('the query API', () => {
  test('asks for IAM', () => {
    expect(one(template, 'AWS::Lambda::Url').Properties['AuthType']).toBe('AWS_IAM');
  });

  test('allows no other origin', () => {
    expect(one(template, 'AWS::Lambda::Url').Properties['Cors']).toBeUndefined();
  });

  test('no permission is open to everybody', () => {
    const principals = resourcesOf(template, 'AWS::Lambda::Permission').map(
      ([, { Properties }]) => Properties['Principal'],
    );
    expect(principals).not.toContain('*');
  });
});
