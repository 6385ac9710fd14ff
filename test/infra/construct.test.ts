import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Gridwatch } from '../../infra/gridwatch.ts';
import { builtFunctions } from '../../infra/package-root.ts';
import { allowances, CODE_ROOT, constructed, deployed, EVERYTHING, flat, of, one, resourcesOf } from './place.ts';

describe('what it makes can be read', () => {
  const { gridwatch } = constructed({ logGroups: ['/app/a'], slackWebhookSecret: 'hook' });

  test.each([
    'key',
    'table',
    'bucket',
    'salt',
    'topic',
    'operationsTopic',
    'undelivered',
    'queryUrl',
    'deploymentName',
    'alarms',
    'functions',
  ] as const)('%s', (name) => {
    expect(gridwatch[name]).toBeDefined();
  });

  test('the functions by name', () => {
    expect(Object.keys(gridwatch.functions).sort()).toEqual(['evaluate', 'ingest', 'query', 'redrive', 'slack']);
  });

  test('metrics of its own namespace and deployment', () => {
    const metrics = [
      gridwatch.metricFailures(),
      gridwatch.metricLag(),
      gridwatch.metricQuarantined(),
      gridwatch.metricLawBroken(),
    ];
    expect(metrics.map(({ namespace, metricName }) => `${namespace} ${metricName}`)).toEqual([
      'gridwatch Failures',
      'gridwatch EvaluationLagSeconds',
      'gridwatch Quarantined',
      'gridwatch LawBroken',
    ]);
    for (const { dimensions } of metrics) expect(dimensions).toEqual({ service: gridwatch.deploymentName });
  });
});

describe('grantQuery', () => {
  const { stack, gridwatch } = constructed({ logGroups: ['/app/a'] });
  gridwatch.grantQuery(new iam.Role(stack, 'ReaderRole', { assumedBy: new iam.AccountRootPrincipal() }));

  test('allows both actions that a new Function URL asks for, the second only through the URL', () => {
    expect(allowances(of(stack), 'Reader')).toEqual([
      'lambda:InvokeFunction on <WatchQueryFunction.Arn> if {"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}',
      'lambda:InvokeFunctionUrl on <WatchQueryFunction.Arn>',
    ]);
  });
});

describe('existing resources', () => {
  test('a table is used as it is, and no second one is made', () => {
    const { stack } = constructed((scope) => ({
      logGroups: ['/app/a'],
      table: dynamodb.Table.fromTableArn(scope, 'Given', 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept'),
    }));
    expect(resourcesOf(of(stack), 'AWS::DynamoDB::Table')).toEqual([]);
    expect(allowances(of(stack), 'Query')).toContain(
      'dynamodb:Query on arn:aws:dynamodb:eu-west-1:123456789012:table/kept',
    );
  });

  test("a table's own key may be used as well", () => {
    const { stack } = constructed((scope) => ({
      logGroups: ['/app/a'],
      table: dynamodb.Table.fromTableAttributes(scope, 'Given', {
        tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept',
        encryptionKey: kms.Key.fromKeyArn(scope, 'Its', 'arn:aws:kms:eu-west-1:123456789012:key/abc'),
      }),
    }));
    expect(allowances(of(stack), 'Query')).toContain('kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/abc');
  });

  test('a key of the same app is told whom to admit', () => {
    const { stack } = constructed((scope) => ({ logGroups: ['/app/a'], encryptionKey: new kms.Key(scope, 'Given') }));
    const { Statement } = one(of(stack), 'AWS::KMS::Key', 'Given').Properties['KeyPolicy'];
    const services = Statement.map(({ Principal }: { Principal: Record<string, unknown> }) =>
      flat(Principal['Service'] ?? ''),
    );
    expect(services).toEqual(expect.arrayContaining(['sns.amazonaws.com', 'cloudwatch.amazonaws.com']));
  });

  test('an imported key draws a warning that says whom it must admit', () => {
    const { stack } = constructed((scope) => ({
      logGroups: ['/app/a'],
      encryptionKey: kms.Key.fromKeyArn(scope, 'Given', 'arn:aws:kms:eu-west-1:123456789012:key/abc'),
    }));
    const silent = jest.spyOn(console, 'error').mockImplementation(() => {});
    const warnings = Annotations.fromStack(stack).findWarning(
      '*',
      Match.stringLikeRegexp('let sns.amazonaws.com, cloudwatch.amazonaws.com'),
    );
    silent.mockRestore();
    expect(warnings).toHaveLength(1);
  });
});

describe('wrong props', () => {
  test('are all named at once, each with its fix', () => {
    const build = () =>
      constructed({
        logGroups: ['/app/a'],
        email: 'oncall',
        minShare: 5,
        retentionDays: 31,
        slackWebhookSecret: 'https://hooks.slack.com/services/T0/B0/secret',
      });
    for (const problem of [
      'gridwatch: Theirs/Watch: email: "oncall" is not an e-mail address; write one like oncall@example.com',
      'gridwatch: Theirs/Watch: minShare: 5 is not a number from 0.001 to 1; a share of 5 % is 0.05',
      'gridwatch: Theirs/Watch: retentionDays: CloudWatch Logs cannot keep logs for 31 days',
      'gridwatch: Theirs/Watch: slackWebhookSecret: this is a webhook URL',
    ]) {
      expect(build).toThrow(problem);
    }
  });

  test('never repeat the webhook URL', () => {
    const build = () => constructed({ slackWebhookSecret: 'https://hooks.slack.com/services/T0/B0/secret' });
    expect(build).not.toThrow(/hooks\.slack/);
  });

  test('unbuilt functions are named with the command that builds them', () => {
    expect(() => constructed({ logGroups: ['/app/a'], codeRoot: '/nowhere' })).toThrow(
      'gridwatch: /nowhere holds no built ingest, evaluate, redrive, query, slack; run "npm run build" in the gridwatch package',
    );
  });

  test('a folder outside the package is named', () => {
    expect(() => builtFunctions(['ingest'], '/')).toThrow('gridwatch: / is not inside the gridwatch package');
  });
});

test('two of them live in one stack', () => {
  const stack = new Stack(new App(), 'Both');
  const [one, two] = ['One', 'Two'].map(
    (id) => new Gridwatch(stack, id, { logGroups: ['/app/a'], codeRoot: CODE_ROOT }),
  );
  expect(one?.deploymentName).not.toBe(two?.deploymentName);
  expect(() => of(stack)).not.toThrow();
});

describe('what stays when the stack is removed', () => {
  const template = of(deployed(EVERYTHING));
  const staying = resourcesOf(template).filter(
    ([, { DeletionPolicy }]) => DeletionPolicy !== undefined && DeletionPolicy !== 'Delete',
  );

  test('is the table, the bucket and the key', () => {
    expect(staying.map(([, { Type }]) => Type).sort()).toEqual([
      'AWS::DynamoDB::Table',
      'AWS::KMS::Key',
      'AWS::S3::Bucket',
    ]);
  });

  test('is kept on replacement too', () => {
    for (const [, { UpdateReplacePolicy }] of staying) expect(UpdateReplacePolicy).toBe('Retain');
  });

  test('is named in the outputs', () => {
    const { Value, Description } = template.toJSON()['Outputs']['StaysAfterDestroy'];
    expect(flat(Value)).toMatch(/^table <GridwatchTable.*bucket <GridwatchQuarantine.*key <GridwatchKey/);
    expect(Description).toContain('cdk destroy leaves these');
  });
});

describe('the table', () => {
  const { Properties } = one(of(deployed(EVERYTHING)), 'AWS::DynamoDB::Table');

  test('has the keys and the expiry of the store', () => {
    expect(Properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'PK', AttributeType: 'S' },
        { AttributeName: 'SK', AttributeType: 'S' },
      ],
      TimeToLiveSpecification: { AttributeName: 'exp', Enabled: true },
    });
  });

  test('is paid by request', () => {
    expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
  });

  test('can be put back to any second, and cannot be deleted by mistake', () => {
    expect(Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });
});

test('the template has no custom resource', () => {
  const types = resourcesOf(of(deployed(EVERYTHING))).map(([, { Type }]) => Type);
  expect(types.filter((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource')).toEqual(
    [],
  );
});
