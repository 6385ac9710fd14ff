/** `gridwatch detect`: per-minute series in, pages out, by the detector of the pipeline. For data without log lines, and for scoring. */
import type { Settings } from '../../shared/settings.ts';
import type { PageEvent } from '../../shared/watch.ts';
import { EXIT } from './exit.ts';
import { seriesOf } from './series-lines.ts';
import { print } from './terminal.ts';

export async function detectSeries(file: string, settings: Settings): Promise<number> {
  const { bad } = await seriesOf(file, settings, ({ minute, isStrict, events }) => {
    // Who waits for the acknowledgement gets it in one piece with what it acknowledges.
    const answers = [...events.map((event) => answer(event, minute)), ...(isStrict ? [{ ack: minute }] : [])];
    if (answers.length > 0) print(answers.map((it) => JSON.stringify(it)).join('\n'));
  });
  return bad > 0 ? EXIT.usage : EXIT.ok;
}

const answer = ({ series, type, reason, sentence, ...event }: PageEvent, at: number) => ({
  ...{ series, at, type, class: event.class, reason, text: sentence },
});
