/** Signatures of failures without a cause, as `/v1/health` lists them; an older server lists none. Pure. */
export interface Shape {
  readonly id: string;
  readonly name: string;
  readonly failures: number;
  readonly first: string | null;
  readonly last: string | null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const textIn = (value: Readonly<Record<string, unknown>>, ...names: readonly string[]): string | null => {
  const found = names.map((name) => value[name]).find((text) => typeof text === 'string');
  return typeof found === 'string' ? found : null;
};

export function shapesOf(coverage: unknown): Shape[] {
  const listed = isObject(coverage) ? (coverage['shapes'] ?? coverage['unknownShapes']) : undefined;
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((item: unknown, at): Shape[] => {
    if (!isObject(item)) return [];
    const name = textIn(item, 'signature', 'shape', 'name', 'id');
    const failures = [item['failures'], item['count'], item['calls']].find((n) => typeof n === 'number');
    if (name === null || typeof failures !== 'number') return [];
    return [{ id: `${at} ${name}`, name, failures, first: textIn(item, 'first'), last: textIn(item, 'last') }];
  });
}
