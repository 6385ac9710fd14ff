import { deployed, EVERYTHING, flat, type Json, of, one, resourcesOf } from './place.ts';

const template = of(deployed(EVERYTHING));
const KEY = /^<GridwatchKey[0-9A-F]{8}\.Arn>$/;

/** Where each type names the key that encrypts it. */
const KEY_OF: Record<string, (properties: Json) => unknown> = {
  'AWS::DynamoDB::Table': ({ SSESpecification }) => SSESpecification.KMSMasterKeyId,
  'AWS::SNS::Topic': ({ KmsMasterKeyId }) => KmsMasterKeyId,
  'AWS::SQS::Queue': ({ KmsMasterKeyId }) => KmsMasterKeyId,
  'AWS::Logs::LogGroup': ({ KmsKeyId }) => KmsKeyId,
  'AWS::SecretsManager::Secret': ({ KmsKeyId }) => KmsKeyId,
  'AWS::S3::Bucket': ({ BucketEncryption }) =>
    BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID,
};

test.each(Object.keys(KEY_OF))('every %s is encrypted with the customer key', (type) => {
  const keys = resourcesOf(template, type).map(([, { Properties }]) => flat(KEY_OF[type]?.(Properties)));
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) expect(key).toMatch(KEY);
});

describe('the key', () => {
  const { Properties } = one(template, 'AWS::KMS::Key');
  const statements: Json[] = Properties['KeyPolicy'].Statement;
  const forService = (service: string) =>
    statements.filter(({ Principal }) => flat(Principal.Service ?? '').startsWith(service));

  test('is rotated every year', () => {
    expect(Properties['EnableKeyRotation']).toBe(true);
  });

  test('admits SNS for topics of this account and region only', () => {
    expect(forService('sns.')).toHaveLength(1);
    expect(forService('sns.')[0]).toMatchObject({ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] });
    expect(flat(forService('sns.')[0]?.['Condition'].ArnLike['aws:SourceArn'])).toBe(
      'arn:<AWS::Partition>:sns:<AWS::Region>:<AWS::AccountId>:*',
    );
  });

  test('admits CloudWatch, or its alarms would be lost', () => {
    expect(forService('cloudwatch.')[0]).toMatchObject({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    });
  });

  test('admits CloudWatch Logs for our own log groups only', () => {
    const condition = flat(forService('logs.')[0]?.['Condition'].ArnLike['kms:EncryptionContext:aws:logs:arn']);
    expect(condition).toMatch(/:log-group:\/gridwatch\/Gridwatch-[0-9A-F]{8}\/\*$/);
  });

  test('names no topic or queue in its policy, which would be a circle', () => {
    expect(JSON.stringify(statements)).not.toMatch(/"Gridwatch/);
  });
});

describe('TLS', () => {
  const denials = (type: string, target: string) =>
    resourcesOf(template, type).map(([, { Properties }]) => ({
      targets: [Properties[target]].flat().map(flat),
      deny: Properties['PolicyDocument'].Statement.some(
        (statement: Json) =>
          statement['Effect'] === 'Deny' && statement['Condition']?.Bool?.['aws:SecureTransport'] === 'false',
      ),
    }));

  test.each([
    ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics'],
    ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues'],
    ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'Bucket'],
  ])('every %s refuses requests without it', (type, policyType, target) => {
    const policies = denials(policyType, target);
    const guarded = policies.filter(({ deny }) => deny).flatMap(({ targets }) => targets);
    expect(guarded.sort()).toEqual(
      resourcesOf(template, type)
        .map(([id]) => `<${id}>`)
        .sort(),
    );
  });
});

describe('secrets', () => {
  const environments = resourcesOf(template, 'AWS::Lambda::Function').map(([id, { Properties }]) => ({
    id,
    variables: Properties['Environment'].Variables as Record<string, unknown>,
  }));

  test.each(environments)('$id knows only the ARNs of secrets', ({ variables }) => {
    const text = Object.values(variables).map(flat).join('\n');
    expect(text).not.toMatch(/hooks\.slack|sk-[A-Za-z0-9]|AKIA|BEGIN [A-Z ]*KEY|resolve:secretsmanager|keySalt/);
  });

  test.each(environments)('$id has the three variables it needs and no other', ({ variables }) => {
    expect(Object.keys(variables).sort()).toEqual([
      'GRIDWATCH',
      'POWERTOOLS_METRICS_NAMESPACE',
      'POWERTOOLS_SERVICE_NAME',
    ]);
  });

  test('no value of the template is fetched from a secret', () => {
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:');
  });

  test('the salt is generated, never written', () => {
    const { Properties } = one(template, 'AWS::SecretsManager::Secret');
    expect(Properties).toMatchObject({ GenerateSecretString: { PasswordLength: 43 } });
    expect(Properties['SecretString']).toBeUndefined();
  });
});

describe('the quarantine bucket', () => {
  const { Properties } = one(template, 'AWS::S3::Bucket');

  test('is closed to the public in all four ways', () => {
    expect(Properties['PublicAccessBlockConfiguration']).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  });

  test('forgets a batch after 14 days and its old versions a day later', () => {
    expect(Properties['LifecycleConfiguration'].Rules[0]).toMatchObject({
      Status: 'Enabled',
      ExpirationInDays: 14,
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    });
  });

  test('keeps versions and knows no object ACLs', () => {
    expect(Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });
});
