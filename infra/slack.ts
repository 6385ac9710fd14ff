/**
 * Alerts to a Slack webhook: topics -> queue -> function. The queue waits out Slack's limits and outages, which a function called
 * by SNS could not: that call is asynchronous and gives up after three tries.
 */
import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { PLACEMENTS, type PlacedFunction } from './functions.ts';
import { placeQueue, subscribeQueue } from './topics.ts';

/** Tries before a message is put aside; with the visibility time-out below this is more than 20 minutes of Slack being away. */
const MAX_TRIES = 8;
/** AWS asks for six times the function's time-out. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY = Duration.seconds(6 * PLACEMENTS.slack.timeout.toSeconds());

export interface SlackQueues {
  readonly queue: sqs.Queue;
  readonly dead: sqs.Queue;
}

export function placeSlackQueues(scope: Construct, key: kms.IKey): SlackQueues {
  const dead = placeQueue(scope, 'SlackDead', key, {});
  const queue = placeQueue(scope, 'SlackQueue', key, {
    visibilityTimeout: VISIBILITY,
    deadLetterQueue: { queue: dead, maxReceiveCount: MAX_TRIES },
  });
  return { queue, dead };
}

/** Alerts, and the alarms about gridwatch itself: whoever has only Slack must hear those too. */
export function connectSlack(
  scope: Construct,
  { queue }: SlackQueues,
  topics: { readonly alerts: sns.ITopic; readonly operations: sns.ITopic; readonly undelivered: sqs.IQueue },
): void {
  subscribeQueue(scope, 'SlackAlerts', topics.alerts, queue, topics.undelivered);
  subscribeQueue(scope, 'SlackOperations', topics.operations, queue, topics.undelivered);
}

export function pollSlackQueue(scope: Construct, { queue }: SlackQueues, poster: PlacedFunction): void {
  poster.role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      resources: [queue.queueArn],
    }),
  );
  const mapping = new EventSourceMapping(scope, 'SlackPolling', {
    target: poster.lambda,
    eventSourceArn: queue.queueArn,
    batchSize: 5,
    reportBatchItemFailures: true,
    // The least AWS allows; Slack takes about one message a second per webhook.
    maxConcurrency: 2,
  });
  mapping.node.addDependency(poster.role);
}

/** The secret that holds the webhook's URL, by name or ARN. */
export function webhookSecret(scope: Construct, nameOrArn: string): secretsmanager.ISecret {
  const { Secret } = secretsmanager;
  if (!nameOrArn.startsWith('arn:')) return Secret.fromSecretNameV2(scope, 'SlackWebhook', nameOrArn);
  // A complete ARN ends in the six characters that Secrets Manager appended.
  return /-[A-Za-z0-9]{6}$/.test(nameOrArn)
    ? Secret.fromSecretCompleteArn(scope, 'SlackWebhook', nameOrArn)
    : Secret.fromSecretPartialArn(scope, 'SlackWebhook', nameOrArn);
}
