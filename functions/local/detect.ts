/** `gridwatch detect`: per-minute series in, pages out, by the detector of the pipeline. For data without log lines, and for scoring. */
import type { Settings } from '../../shared/settings.ts';
import { type PageEvent, type Watch, watch } from '../../shared/watch.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { EXIT } from './exit.ts';
import { linesOf, readSeriesLine } from './series-lines.ts';
import { print, say } from './terminal.ts';

/** Bad lines told one by one before they are only counted. */
const TOLD = 5;

export async function detectSeries(file: string, settings: Settings): Promise<number> {
  let [startMs, isStrict, bad, late] = [0, false, 0, 0];
  let series: Watch = watch([], settings);
  for await (const { at, text } of linesOf(file)) {
    const line = readSeriesLine(text);
    if (line === null) {
      bad += 1;
      if (bad <= TOLD) say(`line ${at} is no hello, row or tick of a series; it was left out.`);
    } else if (line.kind === 'hello') {
      ({ startMs, isStrict } = line);
      series = watch(line.series, settings);
    } else if (line.kind === 'row') {
      late += series.add({ ...line.row, windowMs: startMs + line.minute * MINUTE_MS }) ? 0 : 1;
    } else {
      const events = series.tick(startMs + line.minute * MINUTE_MS);
      // The harness waits for the acknowledgement: it goes out in one piece with what it acknowledges.
      const answers = [
        ...events.map((event) => answer(event, line.minute)),
        ...(isStrict ? [{ ack: line.minute }] : []),
      ];
      if (answers.length > 0) print(answers.map((it) => JSON.stringify(it)).join('\n'));
    }
  }
  if (bad > TOLD) say(`${bad} lines were left out.`);
  if (late > 0) say(`${late} rows came more than ten minutes late and were not judged.`);
  return bad > 0 ? EXIT.usage : EXIT.ok;
}

const answer = ({ series, type, reason, sentence, ...event }: PageEvent, at: number) => ({
  ...{ series, at, type, class: event.class, reason, text: sentence },
});
