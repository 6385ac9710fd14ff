/**
 * SNS -> SQS -> a Slack webhook. A message that was not taken is named in `batchItemFailures`: it stays in the queue and comes
 * back after the visibility time-out, until the dead-letter queue keeps it. Nothing is thrown: one message that cannot be
 * sent does not hold up its neighbours.
 */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { errorFacts, type Handler, invoked } from './aws/invocation.ts';
import { notices } from './aws/notice.ts';
import { type Delivered, deliver, type SlackWorld } from './aws/slack-channel.ts';
import { postJson, webhookUrl } from './aws/webhook.ts';
import { deployed, secrets, store, topic } from './aws/world.ts';

/** A post may take twice 5 seconds, with what is stored before and after. */
const ROOM_MS = 12_000;
const ENDED: readonly string[] = ['sent', 'duplicate', 'own'] satisfies Delivered[];

export const slackHandler = (made: () => SlackWorld): Handler<SQSEvent, SQSBatchResponse> =>
  invoked(async ({ Records }, { note, measure }, context) => {
    const counts = new Map<string, number>();
    const batchItemFailures: { itemIdentifier: string }[] = [];
    // One after the other: Slack takes about one message a second.
    for (const { messageId, body } of Records) {
      let became: Delivered | 'failed' = 'later';
      try {
        if (context.getRemainingTimeInMillis() > ROOM_MS) became = await deliver(body, made());
      } catch (error) {
        became = 'failed';
        note(errorFacts(error));
      }
      counts.set(became, (counts.get(became) ?? 0) + 1);
      if (!ENDED.includes(became)) batchItemFailures.push({ itemIdentifier: messageId });
    }
    note({ records: Records.length, ...Object.fromEntries(counts) });
    measure('SlackPosted', counts.get('sent') ?? 0);
    measure('SlackRefused', counts.get('refused') ?? 0);
    measure('SlackLater', (counts.get('later') ?? 0) + (counts.get('failed') ?? 0));
    return { batchItemFailures };
  });

export function slackWorld(): SlackWorld {
  const [secretArn, alerts, now] = [deployed('slackSecretArn'), topic(deployed('alertTopicArn')), Date.now];
  return {
    ...{ store: store(), secrets: secrets(), secretArn, allowed: webhookUrl, post: postJson, now },
    notices: notices({ store: store(), topic: alerts, now, prefix: 'slack/' }),
  };
}

export const handler = slackHandler(slackWorld);
