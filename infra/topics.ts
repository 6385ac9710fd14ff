/** A topic or queue as every one of ours is: encrypted with the customer key, TLS only, nothing lost without a dead-letter queue. */
import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export function placeTopic(scope: Construct, id: string, key: kms.IKey, displayName: string): sns.Topic {
  return new sns.Topic(scope, id, { displayName, masterKey: key, enforceSSL: true });
}

export function placeQueue(
  scope: Construct,
  id: string,
  key: kms.IKey,
  props: Omit<sqs.QueueProps, 'encryption'>,
): sqs.Queue {
  return new sqs.Queue(scope, id, {
    encryption: sqs.QueueEncryption.KMS,
    encryptionMasterKey: key,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    ...props,
  });
}

/** A topic with a policy of its own no longer admits the account's alarms by default. */
export function admitAlarms(topic: sns.Topic): void {
  const { partition, region, account } = Stack.of(topic);
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'Alarms',
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
      },
    }),
  );
}

export function subscribeEmail(
  scope: Construct,
  id: string,
  topic: sns.ITopic,
  address: string,
  deadLetterQueue: sqs.IQueue,
): void {
  new sns.Subscription(scope, id, {
    topic,
    protocol: sns.SubscriptionProtocol.EMAIL,
    endpoint: address,
    deadLetterQueue,
  });
}

/**
 * Written out, because CDK's own would let the topic use the queue's key by naming the topic in the key's policy, and the topic
 * names the key: CloudFormation refuses the circle. The key admits SNS once, in storage.ts.
 */
export function subscribeQueue(
  scope: Construct,
  id: string,
  topic: sns.ITopic,
  queue: sqs.Queue,
  deadLetterQueue: sqs.IQueue,
): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('sns.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': topic.topicArn } },
    }),
  );
  new sns.Subscription(scope, id, {
    topic,
    protocol: sns.SubscriptionProtocol.SQS,
    endpoint: queue.queueArn,
    deadLetterQueue,
  });
}
