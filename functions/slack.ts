/** SNS -> SQS -> a Slack webhook. How one message is delivered stands in `aws/slack-channel.ts`. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type Handler, invoked } from './aws/invocation.ts';
import { deliverRecords, type SlackWorld } from './aws/slack-channel.ts';
import { slackWorld } from './aws/slack-world.ts';

/** A post may take twice 5 seconds, with what is stored before and after. */
const ROOM_MS = 12_000;

export const slackHandler = (made: () => SlackWorld): Handler<SQSEvent, SQSBatchResponse> =>
  invoked(async ({ Records }, account, context) => {
    const hasTime = () => context.getRemainingTimeInMillis() > ROOM_MS;
    const { counts, unfinished } = await deliverRecords(Records, made, { hasTime, account });
    account.note({ records: Records.length, ...counts });
    account.measure('SlackPosted', counts['sent'] ?? 0);
    account.measure('SlackRefused', counts['refused'] ?? 0);
    account.measure('SlackLater', (counts['later'] ?? 0) + (counts['failed'] ?? 0));
    return { batchItemFailures: unfinished.map((itemIdentifier) => ({ itemIdentifier })) };
  });

export const handler = slackHandler(slackWorld);
