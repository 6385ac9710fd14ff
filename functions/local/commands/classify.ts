import { Command } from 'commander';
import { classifyLines } from '../classify.ts';
import { hostsOption, jsonOption, type MakeCommand, settingsOf } from './options.ts';

export const classifyCommand: MakeCommand = (finish) =>
  new Command('classify')
    .description('one JSON line in ({"message": …} or a string), one verdict out')
    .argument('[file]', 'JSON lines, or - for standard input', '-')
    .addOption(hostsOption())
    .addOption(jsonOption().hideHelp())
    .addHelpText(
      'after',
      "\nExamples:\n  gridwatch classify lines.jsonl\n  jq -c '{id, message}' app.jsonl | gridwatch classify --hosts any",
    )
    .action(async (file: string, options) => finish(await classifyLines(file, settingsOf(options))));
