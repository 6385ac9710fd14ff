/**
 * A message of the Slack queue, opened: SQS record > SNS envelope > machine form. With raw delivery the envelope is missing,
 * and what would be in it is all there is.
 */
import { readTold, type Told } from '../../shared/told.ts';
import { sha256 } from '../../shared/window.ts';

export interface QueuedMessage {
  /** The same for every delivery of one message. */
  readonly id: string;
  readonly message: Told;
}

/** Null for what is no message of ours: it is left to the dead-letter queue, where a person can look at it. */
export function readRecord(body: string): QueuedMessage | null {
  const outer = parsed(body);
  const { Type, Message, MessageId } = Object(outer);
  const isEnveloped = Type === 'Notification' && typeof Message === 'string';
  const message = readTold(isEnveloped ? parsed(Message) : outer);
  if (message === null) return null;
  const unnamed = typeof MessageId === 'string' ? MessageId : sha256(body).slice(0, 32);
  return { id: (idOf(message) ?? unnamed).slice(0, 128), message };
}

/** An alarm has no id of its own. */
function idOf(message: Told): string | null {
  if (message.kind === 'alert' || message.kind === 'storm') return message.told.notificationId;
  return message.kind === 'notice' ? message.told.id : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
