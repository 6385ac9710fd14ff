/**
 * Findings of cdk-nag (AwsSolutions, Serverless, NIST 800-53 R5) that stay, each with its reason. They travel with the construct,
 * so that an app that runs cdk-nag itself need not judge our resources. Everything else is fixed instead.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { FAILED_PREFIX, QUARANTINE_PREFIX } from './permissions.ts';

interface Row {
  readonly rules: readonly string[];
  readonly reason: string;
}

const NO_VPC: Row = {
  rules: ['NIST.800.53.R5-LambdaInsideVPC'],
  reason:
    'Calls AWS services (and Slack) by TLS only and serves nothing inside a VPC; a VPC would add a NAT gateway and its cost.',
};
const INLINE: Row = {
  rules: ['NIST.800.53.R5-IAMNoInlinePolicy'],
  reason: 'One policy for one role: inline, it cannot be attached to anything else and goes when the role goes.',
};
const NO_TRACING: Row = {
  rules: ['Serverless-LambdaTracing'],
  reason: 'X-Ray takes permissions on "*", and a trace of a single hop says less than the log line and the metrics.',
};
const FAILED_BATCHES: Row = {
  rules: ['NIST.800.53.R5-LambdaDLQ', 'Serverless-LambdaDLQ'],
  reason:
    'The on-failure destination in S3 keeps the event with its error; a dead-letter queue would refuse events above its size limit.',
};
const withoutQueue = (reason: string): Row => ({ rules: ['NIST.800.53.R5-LambdaDLQ', 'Serverless-LambdaDLQ'], reason });
const TICK: Row = {
  rules: ['Serverless-EventBusDLQ'],
  reason:
    'A lost tick is worth nothing: the next one catches up from the watermark, and the alarm on evaluation watches that they come.',
};
const LAST_QUEUE: Row = {
  rules: ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'],
  reason: 'This is itself a dead-letter queue; an alarm watches its depth.',
};
const keys = (prefix: string): Row => ({
  rules: [`AwsSolutions-IAM5[Resource::<QUARANTINE.Arn>/${prefix}*]`],
  reason: `Object keys under ${prefix} are made at run time; the wildcard stays inside this prefix of our own bucket.`,
});

const PART: Row = {
  rules: ['NIST.800.53.R5-CloudWatchAlarmAction'],
  reason: 'Tells through the composite alarm Degraded, so that one outage is one message and one recovery.',
};

const FUNCTION = [NO_VPC, INLINE, NO_TRACING];

/** By the id of the construct inside Gridwatch. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  Ingest: [...FUNCTION, FAILED_BATCHES, keys(FAILED_PREFIX), keys(QUARANTINE_PREFIX)],
  Evaluate: [...FUNCTION, FAILED_BATCHES, keys(FAILED_PREFIX)],
  Redrive: [...FUNCTION, FAILED_BATCHES, keys(FAILED_PREFIX), keys(QUARANTINE_PREFIX)],
  Query: [...FUNCTION, withoutQueue('Invoked synchronously: the caller sees the failure and asks again.')],
  Slack: [...FUNCTION, withoutQueue('Polls a queue, and that queue has the dead-letter queue.')],
  SlackPolling: [
    {
      rules: ['Serverless-LambdaEventSourceMappingDestination'],
      reason: 'For a queue, failed messages go to the dead-letter queue of the queue itself.',
    },
  ],
  SlackDead: [LAST_QUEUE],
  Undelivered: [LAST_QUEUE],
  EveryMinute: [TICK],
  EveryFiveMinutes: [TICK],
  Table: [
    {
      rules: ['NIST.800.53.R5-DynamoDBInBackupPlan'],
      reason:
        'Point-in-time recovery covers 35 days; the counts are derived and can be made again from the logs by a backfill.',
    },
  ],
  Quarantine: [
    {
      rules: ['AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled'],
      reason:
        'Holds refused batches for 14 days, read by one role; access logs would need a second bucket with the same exception.',
    },
    {
      rules: ['NIST.800.53.R5-S3BucketReplicationEnabled'],
      reason:
        'Copies of log events, which must not leave the region, of which the originals are still in CloudWatch Logs.',
    },
  ],
  Salt: [
    {
      rules: ['AwsSolutions-SMG4', 'NIST.800.53.R5-SecretsManagerRotationEnabled'],
      reason:
        'A salt, not a credential: it opens nothing, and a new one would cut the history of every virtual key in two.',
    },
  ],
  ...Object.fromEntries(
    ['NoEvaluation', 'IngestFails', 'DeliveriesWait', 'IngestThrottled', 'RedriveFails'].map((id) => [id, [PART]]),
  ),
};

/** Acknowledges what stays on these parts of a Gridwatch; a part that is not there (an existing table) is left out. */
export function acknowledge(
  gridwatch: Construct,
  bucket: s3.Bucket,
  parts: readonly string[] = Object.keys(ROWS),
): void {
  const logicalId = Stack.of(gridwatch).getLogicalId(bucket.node.defaultChild as s3.CfnBucket);
  for (const part of parts) {
    const found = gridwatch.node.tryFindChild(part);
    if (!found) continue;
    for (const { rules, reason } of ROWS[part] ?? []) {
      // cdk-nag names a finding pack::pack-rule.
      const ids = rules.map((rule) => `${rule.split('-')[0]}::${rule.replace('QUARANTINE', logicalId)}`);
      Validations.of(found).acknowledge(...ids.map((id) => ({ id, reason })));
    }
  }
}
