import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SIGNATURES } from '../shared/coverage.ts';
import { MAX_OWN_BYTES } from '../shared/setting-rules.ts';
import { readSettings } from '../shared/settings-file.ts';
import { MORE_SHAPES, WRAPPERS } from './fixtures/more-shapes.ts';
import { SHAPES } from './fixtures/shapes.ts';

const DOC = readFileSync(join(import.meta.dirname, '../docs/formats.md'), 'utf8');

test('every shape has its row, and every row its fixture', () => {
  const rows = [...DOC.matchAll(/^\|.*\| `([\w-]+)` \|$/gm)].map((match) => match[1]);
  expect(rows).toEqual([SHAPES, MORE_SHAPES, WRAPPERS].flatMap((fixtures) => Object.keys(fixtures)));
});

test('the example of settings is one that is accepted', () => {
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(DOC) ?? [];
  expect(readSettings({ logGroups: '/a', ...JSON.parse(example) }, 'gridwatch.json').problems).toEqual([]);
});

test('the bounds are those of the program', () => {
  expect(DOC).toContain(`at most ${MAX_OWN_BYTES.toLocaleString('en-US')} bytes`);
  expect(DOC).toContain(`At most ${MAX_SIGNATURES} signatures`);
});
