import { nearest } from '../../shared/nearest.ts';

test.each([
  ['form', 'from'],
  ['modle', 'model'],
  ['LogGroups', 'logGroup'],
  ['tennant', 'tenant'],
])('%s is taken for %s', (written, meant) => {
  expect(nearest(written, ['from', 'model', 'logGroup', 'tenant', 'top'])).toBe(meant);
});

test.each([['colour'], [''], ['x'.repeat(10_000)]])('%.10s is taken for nothing', (written) => {
  expect(nearest(written, ['from', 'model', 'logGroup'])).toBeNull();
});
