/** The ten incidents that matter, from log lines to what the person on call reads: e-mail, Slack, chat. */
import { memoryStore } from '../../functions/local/memory-store.ts';
import { chatNotification } from '../../shared/chat.ts';
import type { Message } from '../../shared/message.ts';
import { evaluate, ingest } from '../../shared/pipeline.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { slackPayload } from '../../shared/slack.ts';
import { readTold } from '../../shared/told.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { expectGolden } from '../setup/golden.ts';
import { FROM_MS, INCIDENTS, type Incident, linesOf, TROUBLE_MINUTE } from './incident-lines.ts';

const settings = { ...DEFAULT_SETTINGS, summaryUrl: 'https://watch.example/summary' };
/** Long enough for every alert to be told, and for nothing else to be. */
const MINUTES = TROUBLE_MINUTE + 8;

async function told(incident: Incident): Promise<{ minute: number; message: Message }[]> {
  const store = memoryStore();
  const sent: { minute: number; message: Message }[] = [];
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const nowMs = FROM_MS + (minute + 1) * MINUTE_MS;
    const send = async (message: Message) => {
      sent.push({ minute: minute + 1 - TROUBLE_MINUTE, message });
    };
    for (const batch of linesOf(incident, minute)) await ingest(batch, { store, settings, nowMs });
    await evaluate({ store, settings, nowMs, notifier: { send } });
  }
  return sent;
}

const machineForm = ({ json, subject }: Message): unknown => JSON.parse(JSON.stringify({ ...json, subject }));

describe.each(INCIDENTS.map((incident) => [incident.name, incident] as const))('%s', (name, incident) => {
  let first: Message;
  beforeAll(async () => {
    const sent = await told(incident);
    expect(sent.map(({ message }) => message.subject)).toHaveLength(1);
    expect(sent[0]?.minute).toBeLessThanOrEqual(5);
    first = sent[0]?.message as Message;
  });

  test('is one e-mail that says what to do', () => {
    expectGolden(`incidents/${name}.txt`, `Subject: ${first.subject}\n\n${first.text}`);
  });
  test('is one Slack message', () => {
    const read = readTold(machineForm(first));
    expectGolden(`incidents/${name}.slack.json`, `${JSON.stringify(read && slackPayload(read), null, 1)}\n`);
  });
  test('is one chat message', () => {
    expectGolden(
      `incidents/${name}.chat.json`,
      `${JSON.stringify(chatNotification(machineForm(first), first.subject), null, 1)}\n`,
    );
  });
});
