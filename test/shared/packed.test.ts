import fc from 'fast-check';
import { packCounted, unpackCounted } from '../../shared/packed.ts';
import type { CountedCell } from '../../shared/window.ts';

const name = fc.option(fc.oneof(fc.constantFrom('gpt-4o', '__proto__', '(other)', ''), fc.string()), { nil: null });
const count = fc.nat(1e9);
const cell: fc.Arbitrary<CountedCell> = fc.record(
  {
    kind: fc.constantFrom('success' as const, 'failure' as const),
    status: fc.option(fc.integer({ min: 100, max: 599 }), { nil: null }),
    cause: fc.option(fc.constantFrom('unknown' as const, 'budget_exceeded' as const), { nil: null }),
    ...{ model: name, provider: name, tenant: name, project: name, key: name, logGroup: fc.string() },
    ...{ calls: count, attempts: count, recovered: count, firstMs: count, lastMs: count },
    tokens: fc.integer({ min: 1, max: 1e9 }),
    stated: fc.constant([
      {
        ...{ dimension: 'requests' as const, owner: 'key' as const, limit: 60, used: 61 },
        ...{ resetsAtMs: null, minRetryAfterMs: 1, maxRetryAfterMs: 2 },
      },
    ]),
  },
  {
    requiredKeys: [
      ...(['kind', 'status', 'cause', 'model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const),
      ...(['calls', 'attempts', 'recovered', 'firstMs', 'lastMs'] as const),
    ],
  },
);

test('cells come back as they were packed, through JSON', () => {
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 20 }), (cells) => {
      expect(unpackCounted(JSON.parse(JSON.stringify(packCounted(cells))))).toEqual(cells);
    }),
  );
});

test('cells that were kept as a list are read as they are', () => {
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 5 }), (cells) => {
      expect(unpackCounted(cells)).toBe(cells);
    }),
  );
});

test('many cells of few names take a fraction of their objects', () => {
  const cells = Array.from({ length: 2000 }, (_, at): CountedCell => {
    const names = { model: `vendor-model-${at % 50}`, provider: 'openai', tenant: `tenant-${at % 20}`, project: null };
    const counts = { calls: at, attempts: at + 1, recovered: 0, firstMs: 1_794_906_600_000, lastMs: 1_794_906_660_000 };
    return {
      kind: 'failure',
      status: 429,
      cause: 'unknown',
      key: `k-${at % 200}`,
      logGroup: '/app/a',
      ...names,
      ...counts,
    };
  });
  expect(JSON.stringify(packCounted(cells)).length).toBeLessThan(JSON.stringify(cells).length / 5);
});
