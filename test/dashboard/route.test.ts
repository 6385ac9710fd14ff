import fc from 'fast-check';
import { asked, filtered, hrefOf, parseRoute, type Route, START, VIEWS } from '../../functions/dashboard/route.ts';
import { DIMENSIONS } from '../../functions/dashboard/words.ts';

test.each([
  ['', START],
  ['#/', START],
  ['#/alerts', { ...START, view: 'alerts' }],
  ['#/alerts/685ddb641931', { ...START, view: 'alerts', id: '685ddb641931' }],
  ['#/alerts?state=firing', { ...START, view: 'alerts', state: 'firing' }],
  ['#/?from=-6h&by=cause', { ...START, from: '-6h', by: 'cause' }],
  ['#/?model=gpt-4o&tenant=', { ...START, filters: { model: 'gpt-4o', tenant: '' } }],
  ['#/causes/budget_exceeded', { ...START, view: 'causes', id: 'budget_exceeded' }],
  ['#/nowhere?by=colour&x=1', START],
  ['#/health/x', { ...START, view: 'health' }],
  ['#/alerts/%E0%A4%A', { ...START, view: 'alerts', id: '%E0%A4%A' }],
])('reads %s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((s) => s.isWellFormed());
const chosen = text.filter((s) => s !== '');
const route = fc.record({
  view: fc.constantFrom(...VIEWS),
  id: fc.option(chosen),
  from: fc.option(chosen),
  to: fc.option(chosen),
  by: fc.constantFrom(...DIMENSIONS),
  state: fc.option(chosen),
  filters: fc.dictionary(fc.constantFrom(...DIMENSIONS), text, { noNullPrototype: true }),
});
/** What has no place in a view's address is not in it. */
const placed = (r: Route): Route => ({
  ...r,
  id: r.view === 'alerts' || r.view === 'causes' ? r.id : null,
  state: r.view === 'alerts' ? r.state : null,
});

test('an address says the same when it is read back', () => {
  fc.assert(
    fc.property(route, (r) => {
      expect(parseRoute(hrefOf(placed(r)))).toEqual(placed(r));
    }),
  );
});

test('any text after the # is some page', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (hash) => {
      expect(VIEWS).toContain(parseRoute(hash).view);
    }),
  );
});

test('a filter is added, changed and taken away', () => {
  const one = filtered(START, 'model', 'a');
  expect(hrefOf(one)).toBe('#/?model=a');
  expect(filtered(one, 'model', 'b').filters).toEqual({ model: 'b' });
  expect(filtered(one, 'model', undefined)).toEqual(START);
});

test('a question carries range, filters and what else is asked', () => {
  const { filters } = filtered(START, 'key', 'a&b=c');
  expect(asked({ filters }, { from: '-1h', to: null }, { by: 'cause', top: 8 })).toBe(
    '?from=-1h&by=cause&top=8&key=a%26b%3Dc',
  );
  expect(asked(START, START)).toBe('');
});
