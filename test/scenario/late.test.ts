import { told, linesOf, alertsOf, minuteAt } from './late-world.ts';
import { badKey, budget, CHECKOUT, overload } from './timetable.ts';
const SUPPORT = '/app/support';
const show = async (name: string, w: any) => {
  console.log(name, linesOf(w), (await alertsOf(w)).map((a: any) => [a.state, a.reason, a.scope.value, minuteAt(a.sinceMs), minuteAt(a.untilMs), a.calls, a.failures, a.lateMs && minuteAt(a.lateMs)].join(' ')));
};
test('x', async () => {
  await show('on time', await told({ begin: 60, minutes: 220, faults: [badKey(120, 135)] }, () => 0));
  // forwarder down 110-170
  await show('whole over', await told({ begin: 60, minutes: 220, faults: [badKey(120, 135)] }, (g, m) => g === SUPPORT && m >= 110 && m < 170 ? 170 - m : 0));
  await show('lasting', await told({ begin: 60, minutes: 220, faults: [badKey(150, 190)] }, (g, m) => g === SUPPORT && m >= 110 && m < 170 ? 170 - m : 0));
  await show('steady 20', await told({ begin: 60, minutes: 260, faults: [badKey(150, 190)] }, (g) => g === SUPPORT ? 20 : 0));
  await show('steady 90', await told({ begin: 60, minutes: 360, faults: [badKey(150, 190)] }, (g) => g === SUPPORT ? 90 : 0));
});
