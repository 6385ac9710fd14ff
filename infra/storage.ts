/**
 * What outlives a function: the key, the table, the bucket of refused batches, the salt.
 *
 * Key, table and bucket stay when the stack is removed. The table holds the team's history, the bucket batches that are not
 * counted yet, and without the key neither can be read; deleting them is a decision, not a side effect. The salt goes with
 * the stack: hashes in the table that stays then lead back to no key.
 */
import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** Longer than this nothing refused is kept: events older than the horizon of 14 days would not be counted anyway. */
const QUARANTINE_DAYS = 14;

export interface Storage {
  readonly key: kms.IKey;
  readonly table: dynamodb.ITable | dynamodb.Table;
  readonly bucket: s3.Bucket;
  readonly salt: secretsmanager.Secret;
}

export interface StorageOptions {
  readonly encryptionKey: kms.IKey | undefined;
  readonly table: dynamodb.ITable | undefined;
  /** Log groups below this prefix may use the key. */
  readonly logGroupPrefix: string;
}

export function placeStorage(scope: Construct, { encryptionKey, table, logGroupPrefix }: StorageOptions): Storage {
  const key =
    encryptionKey ??
    new kms.Key(scope, 'Key', {
      description: 'gridwatch: table, topics, queues, bucket and logs',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  admitServices(scope, key, logGroupPrefix);
  return {
    key,
    table: table ?? placeTable(scope, key),
    bucket: placeBucket(scope, key),
    salt: new secretsmanager.Secret(scope, 'Salt', {
      description: 'gridwatch: salts the hashes of virtual keys; unlocks nothing',
      encryptionKey: key,
      generateSecretString: { passwordLength: 43, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  };
}

/**
 * Services that use the key themselves. Without these an alarm or a notification is lost without a trace: the key's default
 * policy covers the account's roles, not services. CloudWatch gets no source condition, because it is not documented to send one.
 */
function admitServices(scope: Construct, key: kms.IKey, logGroupPrefix: string): void {
  const { partition, region, account } = Stack.of(scope);
  const use = ['kms:Decrypt', 'kms:GenerateDataKey*'];
  const logs = ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'];
  const statements = [
    allow('Topics', 'sns.amazonaws.com', use, {
      ArnLike: { 'aws:SourceArn': `arn:${partition}:sns:${region}:${account}:*` },
    }),
    allow('Alarms', 'cloudwatch.amazonaws.com', use, {}),
    allow('Logs', `logs.${region}.amazonaws.com`, logs, {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:${logGroupPrefix}*`,
      },
    }),
  ];
  const added = statements.map((statement) => key.addToResourcePolicy(statement).statementAdded);
  if (added.includes(false)) {
    Annotations.of(scope).addWarningV2(
      'gridwatch:imported-key',
      'the policy of an imported encryptionKey cannot be changed from here: let sns.amazonaws.com, cloudwatch.amazonaws.com and ' +
        `logs.<region>.amazonaws.com use it, or alarms and notifications are lost without a trace`,
    );
  }
}

function allow(
  sid: string,
  service: string,
  actions: string[],
  conditions: Record<string, unknown>,
): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid,
    principals: [new iam.ServicePrincipal(service)],
    actions,
    resources: ['*'],
    conditions,
  });
}

function placeTable(scope: Construct, encryptionKey: kms.IKey): dynamodb.Table {
  return new dynamodb.Table(scope, 'Table', {
    partitionKey: { name: 'PK', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'SK', type: dynamodb.AttributeType.STRING },
    timeToLiveAttribute: 'exp',
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
    encryptionKey,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

function placeBucket(scope: Construct, encryptionKey: kms.IKey): s3.Bucket {
  return new s3.Bucket(scope, 'Quarantine', {
    encryption: s3.BucketEncryption.KMS,
    encryptionKey,
    bucketKeyEnabled: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    versioned: true,
    lifecycleRules: [
      {
        expiration: Duration.days(QUARANTINE_DAYS),
        noncurrentVersionExpiration: Duration.days(1),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
