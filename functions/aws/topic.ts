/**
 * Messages through SNS. One publish carries a text for people and a machine form for queues; the chat topic gets a second
 * publish in the only schema that Amazon Q Developer shows. The alert is told when the first publish is accepted: if chat
 * then refuses, trying the whole again would mail everybody once a minute, so that refusal is handed to `onChatRefused`,
 * which says it through the first topic. A crash between the two publishes sends the message again, never not at all.
 */
import { GetTopicAttributesCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { chatNotification } from '../../shared/chat.ts';
import type { Message } from '../../shared/message.ts';
import type { Notifier } from '../../shared/ports.ts';
import { coded } from './coded.ts';

export interface Publication {
  readonly subject: string;
  readonly text: string;
  /** The machine form; without it the text is all there is. */
  readonly json?: Readonly<Record<string, unknown>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface Topic {
  readonly arn: string;
  publish(publication: Publication): Promise<void>;
  /** Exactly this text, for a subscriber with a schema of its own. */
  publishRaw(text: string): Promise<void>;
  /** Subscriptions that nobody has confirmed. */
  unconfirmed(): Promise<number>;
}

/** SNS takes 256 KiB, attributes included; the machine form must also fit into an SQS envelope, escaped once more. */
const MAX_BYTES = 200 * 1024;
/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: printable ASCII, fewer than 100 characters. */
const subjectOf = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 99)
    .trim() || 'gridwatch';

export function topicOf(client: SNSClient, arn: string): Topic {
  const call = async <T>(action: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (cause) {
      throw coded('TOPIC_FAILED', `sns:${action} on ${arn} failed with ${String(Object(cause).name)}.`, cause);
    }
  };
  return {
    arn,
    publish: async ({ subject, text, json, attributes = {} }) => {
      const input = {
        TopicArn: arn,
        Subject: subjectOf(subject),
        MessageStructure: 'json',
        Message: bodyOf(text, json),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
        ),
      };
      await call('Publish', () => client.send(new PublishCommand(input)));
    },
    publishRaw: async (text) => {
      await call('Publish', () => client.send(new PublishCommand({ TopicArn: arn, Message: text })));
    },
    unconfirmed: async () => {
      const command = new GetTopicAttributesCommand({ TopicArn: arn });
      const { Attributes } = await call('GetTopicAttributes', () => client.send(command));
      return Number(Attributes?.['SubscriptionsPending'] ?? 0);
    },
  };
}

function bodyOf(text: string, json: Publication['json']): string {
  const machine = json === undefined ? text : JSON.stringify(json);
  const body = JSON.stringify({ default: text, email: text, sqs: machine, lambda: machine });
  if (Buffer.byteLength(body) <= MAX_BYTES) return body;
  // Closed fields never come near the limit. Should they, a message that tells less is better than one that SNS refuses.
  const short = [...text].slice(0, 10_000).join('');
  return JSON.stringify({ default: short, email: short, sqs: short, lambda: short });
}

export interface TopicNotifierOptions {
  readonly alerts: Topic;
  readonly chat: Topic | null;
  readonly onChatRefused: (error: unknown) => Promise<void>;
}

export function topicNotifier({ alerts, chat, onChatRefused }: TopicNotifierOptions): Notifier {
  return {
    send: async (message) => {
      await alerts.publish(publicationOf(message));
      if (chat === null) return;
      try {
        await chat.publishRaw(JSON.stringify(chatNotification(message.json, message.subject)));
      } catch (error) {
        await onChatRefused(error);
      }
    },
  };
}

function publicationOf({ notificationId, alertId, subject, text, json }: Message): Publication {
  const attributes = { notificationId, alertId, reason: String(json['reason']) };
  return { subject, text, json, attributes };
}
