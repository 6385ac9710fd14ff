import { chatNotification } from '../../shared/chat.ts';
import { digest } from '../../shared/digest.ts';
import { type Message, render } from '../../shared/message.ts';
import { slackPayload } from '../../shared/slack.ts';
import { readTold } from '../../shared/told.ts';
import { AT_MS, notificationOf } from './alerts.ts';

const message = (id: string, reason: 'first' | 'resolved' | 'repeat' = 'first', failures = 40): Message =>
  render(notificationOf({ id, failures, scope: { by: 'key', value: `key-${id}` } }, reason), { summaryUrl: null });
const three = [message('a', 'resolved'), message('b', 'first', 10), message('c')];

describe('messages of the same minute', () => {
  test('are one, the worst first and with its whole text', () => {
    const { subject, text } = digest(three, AT_MS);
    expect(subject).toMatch(/^3 alerts \(2 new, 1 resolved\): .*key-c/);
    expect(text.startsWith('3 alerts at once: 2 new, 1 resolved. The worst comes first.\n\n1. ')).toBe(true);
    expect(text).toContain(three[2]?.text.trimEnd());
    expect([...text.matchAll(/^\d\. (?:Resolved: )?\w+.*key-(\w)/gm)].map((match) => match[1])).toEqual([
      'c',
      'b',
      'a',
    ]);
    for (const { alertId } of three) expect(text).toContain(`Alert ${alertId}`);
  });

  test('have the same id in any order, so that a repeat is known as one', () => {
    expect(digest([...three].reverse(), AT_MS)).toEqual(digest(three, AT_MS));
    expect(digest(three.slice(1), AT_MS).notificationId).not.toBe(digest(three, AT_MS).notificationId);
  });

  test('say how many more there are, and stay small', () => {
    const many = Array.from({ length: 1000 }, (_, n) => message(`n${n}`));
    const { subject, text, json } = digest(many, AT_MS);
    expect(subject.length).toBeLessThanOrEqual(99);
    expect(text).toContain('and 990 more: see the summary.');
    expect(Buffer.byteLength(text + JSON.stringify(json))).toBeLessThan(150 * 1024);
  });

  test('are read back and shown by Slack and chat', () => {
    const { json, subject, notificationId } = digest(three, AT_MS);
    const told = readTold({ ...json, subject });
    expect(told).toMatchObject({ kind: 'storm', told: { notificationId, more: 0 } });
    const slack = JSON.stringify(told && slackPayload(told));
    const chat = chatNotification(json, subject);
    for (const id of ['a', 'b', 'c']) {
      expect(slack).toContain(`key-${id}`);
      expect(chat.content.description).toContain(`key-${id}`);
    }
    expect(chat.metadata).toMatchObject({ threadId: notificationId, eventType: 'gridwatch.storm' });
  });
});
