import { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { start } from '../start.ts';
import { hostsOption, jsonOption, type MakeCommand, portOption, settingsOf, settingsOption } from './options.ts';

export const startCommand: MakeCommand = (finish) =>
  new Command('start')
    .description(
      'ingest logs into a local store, print alerts as they would be sent, and serve summaries (without a file: a recorded incident)',
    )
    .argument('[files...]', 'files, globs, .gz, or - for standard input')
    .option('--db <path>', 'the store (default: ./gridwatch.db; without a file: a temporary one)')
    .addOption(portOption(4600, 'port on 127.0.0.1'))
    .option('--no-serve', 'end when everything is read')
    .addOption(hostsOption())
    .addOption(settingsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  gridwatch start app.log "logs/*.gz"\n  tail -f app.log | gridwatch start -')
    .action(async (files: string[], options) =>
      finish(await start(files, { ...options, settings: settingsOf(options), version: packageJson.version })),
    );
