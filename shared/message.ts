/** Notification -> the texts that are sent. Built from closed fields only: no log text ever. */

export interface Message {
  readonly notificationId: string;
  readonly alertId: string;
  /** At most 99 printable characters, no line break: the limit of an SNS subject. */
  readonly subject: string;
  /** Plain text for e-mail and the terminal, at most 72 columns, no column alignment. */
  readonly text: string;
  /** The machine form, for queues and functions. */
  readonly json: Readonly<Record<string, unknown>>;
}
