import { Command } from 'commander';
import { detectSeries } from '../detect.ts';
import { jsonOption, type MakeCommand, settingsOf, settingsOption } from './options.ts';

export const detectCommand: MakeCommand = (finish) =>
  new Command('detect')
    .description(
      'per-minute series in (JSON lines), pages out: the detector of the pipeline, for counts made elsewhere',
    )
    .argument('[file]', 'JSON lines: a hello, rows, and a tick after each minute; or - for standard input', '-')
    .addOption(settingsOption())
    .addOption(jsonOption().hideHelp())
    .addHelpText(
      'after',
      '\nExample of the input (minutes count from the start; rows may be late, split or repeated with the same batch):\n  {"hello":{"start":"2026-01-05T00:00:00Z","series":["shop"]}}\n  {"at":61,"series":"shop","batch":"a","t":60,"total":118,"e429":0,"e5xx":1,"timeout":0,"auth":0,"e4xx":2}\n  {"tick":61}\nof the output:\n  {"series":"shop","at":64,"type":"open","class":"e5xx","reason":"share-above-normal","text":"Since 01:00 UTC, …"}\nWith "strict":true in the hello, each tick is answered with {"ack":61}.',
    )
    .action(async (file: string, options) => finish(await detectSeries(file, settingsOf(options))));
