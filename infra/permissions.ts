/**
 * What each function may do: one role each, exact actions, named resources. A test compares every role with its list, so an
 * action that is added here is added on purpose.
 */
import type { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Storage } from './storage.ts';

export type FunctionName = 'ingest' | 'evaluate' | 'slack' | 'query' | 'redrive';

/** Lambda writes what it gave up below this prefix. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export const FAILED_PREFIX = 'aws/lambda/async/';
/** ingest keeps batches that can never be read below this one. */
export const QUARANTINE_PREFIX = 'quarantine/';

/** Slack remembers what it posted, and touches nothing else: not the counts, not the alerts. */
export const SLACK_PARTITIONS = ['N#*'];
/** What people add and end through the query API, and all that it writes: silences. */
export const SILENCE_PARTITIONS = ['S'];

const ADD = ['dynamodb:GetItem', 'dynamodb:PutItem'];
const TABLE_ACTIONS: Record<FunctionName, readonly string[]> = {
  ingest: ADD,
  redrive: ADD,
  evaluate: [...ADD, 'dynamodb:DeleteItem', 'dynamodb:Query'],
  slack: ADD,
  query: ['dynamodb:GetItem', 'dynamodb:Query'],
};
const WRITE_KEY = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const allow = (actions: readonly string[], ...resources: string[]): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions: [...actions], resources });

/** What a function needs of the storage. Channels add theirs when they are added. */
export function storagePermissions(name: FunctionName, { key, table, bucket, salt }: Storage): iam.PolicyStatement[] {
  const tableStatement = allow(TABLE_ACTIONS[name], table.tableArn);
  if (name === 'slack')
    tableStatement.addCondition('ForAllValues:StringLike', { 'dynamodb:LeadingKeys': SLACK_PARTITIONS });
  const keys = new Set([key.keyArn, ...(table.encryptionKey ? [table.encryptionKey.keyArn] : [])]);
  const statements = [tableStatement, allow(WRITE_KEY, ...keys)];
  if (name === 'query') {
    const silencing = allow(['dynamodb:PutItem'], table.tableArn);
    silencing.addCondition('ForAllValues:StringEquals', { 'dynamodb:LeadingKeys': SILENCE_PARTITIONS });
    statements.push(silencing);
  }
  if (name === 'ingest' || name === 'redrive') {
    statements.push(allow(['secretsmanager:GetSecretValue'], salt.secretArn));
    statements.push(allow(['s3:PutObject'], bucket.arnForObjects(`${QUARANTINE_PREFIX}*`)));
  }
  if (name === 'redrive')
    statements.push(allow(['s3:DeleteObject', 's3:GetObject'], bucket.arnForObjects(`${FAILED_PREFIX}*`)));
  return statements;
}

/** Lambda writes the failed event with the function's own role, and looks the bucket up first. */
export function failurePermissions({ bucket }: Storage): iam.PolicyStatement[] {
  return [
    allow(['s3:ListBucket'], bucket.bucketArn),
    allow(['s3:PutObject'], bucket.arnForObjects(`${FAILED_PREFIX}*`)),
  ];
}

export function publishPermissions(topic: sns.ITopic): iam.PolicyStatement[] {
  const masterKey = (topic as { readonly masterKey?: kms.IKey }).masterKey;
  return [
    allow(['sns:Publish'], topic.topicArn),
    ...(masterKey ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], masterKey.keyArn)] : []),
  ];
}

/** Tells how many subscriptions nobody has confirmed. */
export const subscriptionPermissions = (topic: sns.ITopic): iam.PolicyStatement[] => [
  allow(['sns:GetTopicAttributes'], topic.topicArn),
];

export function secretPermissions(secret: secretsmanager.ISecret | secretsmanager.Secret): iam.PolicyStatement[] {
  // The ARN of a secret known by name only lacks the six characters that Secrets Manager appends.
  const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`;
  return [
    allow(['secretsmanager:GetSecretValue'], arn),
    ...(secret.encryptionKey ? [allow(['kms:Decrypt'], secret.encryptionKey.keyArn)] : []),
  ];
}

/** A new Function URL asks for both actions; the second one only when called by the URL. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
export function queryPermissions(functionArn: string): iam.PolicyStatement[] {
  const invoke = allow(['lambda:InvokeFunction'], functionArn);
  invoke.addCondition('Bool', { 'lambda:InvokedViaFunctionUrl': 'true' });
  return [allow(['lambda:InvokeFunctionUrl'], functionArn), invoke];
}

/** CloudWatch Logs may invoke ingest, from this account and region only: one statement, however many log groups there are. */
export function logGroupsArn(stack: Stack): string {
  return `arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:*`;
}
