import { Command } from 'commander';
import { classifyLines } from '../classify.ts';
import { hostsOption, jsonOption, type MakeCommand, settingsOf, settingsOption } from './options.ts';

export const classifyCommand: MakeCommand = (finish) =>
  new Command('classify')
    .description('one JSON line in ({"message": …} or a string), one verdict out')
    .argument('[file]', 'JSON lines, or - for standard input', '-')
    .addOption(hostsOption())
    .addOption(settingsOption())
    .option('--explain', 'add what decided: shape, rule and evidence by name, signature')
    .addOption(jsonOption().hideHelp())
    .addHelpText(
      'after',
      "\nExamples:\n  gridwatch classify lines.jsonl\n  jq -c '{id, message}' app.jsonl | gridwatch classify --hosts any\n  gridwatch classify --settings gridwatch.json --explain lines.jsonl",
    )
    .action(async (file: string, options) => finish(await classifyLines(file, settingsOf(options), options.explain)));
