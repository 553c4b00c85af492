import test from 'ava'

import { built } from './built.ts'

// What experiments read off a run's series, on series that were made up.

const series = await built<typeof import('../../lib/experiment/over-time.js')>('experiment/over-time')
const { idealOf, isOffIdeal, surplusError } =
  await built<typeof import('../../lib/experiment/ideal.js')>('experiment/ideal')
const {
  intervalsIn,
  isShort,
  late,
  meanRate,
  missed,
  mostAboveCap,
  pressedUse,
  settlingSeconds,
  silentSeconds,
  wakesOf,
  widthsOf,
} = series

const fill = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
/** Columns of a vif; a number stands for as many equal values as there are delivered ones. */
function vif(
  throughputBps: number[],
  parts: { demand?: number | number[]; min?: number | null | number[]; cap?: number | null | number[] } = {},
) {
  const { demand = 1000, min = null, cap = null } = parts
  const column = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : fill(throughputBps.length, value))
  return {
    throughputBps,
    demandBps: column(demand),
    minBps: column<number | null>(min),
    rateBps: column<number | null>(cap),
  }
}
const ends = [1, 2, 3, 4]
const all = [0, 1, 2, 3]

test('intervals: how long they are, and which lie within a part of the run', (t) => {
  t.deepEqual(widthsOf([0.5, 1, 1.25]), [0.5, 0.5, 0.25])
  t.deepEqual(intervalsIn(ends, { fromSeconds: 1, toSeconds: 3 }), [1, 2])
  t.deepEqual(intervalsIn(ends, { fromSeconds: 0.5, toSeconds: Infinity }), [1, 2, 3])
  // Ends are sums of fractions.
  t.deepEqual(intervalsIn([0.1, 0.2, 0.1 + 0.2], { fromSeconds: 0.1, toSeconds: 0.3 }), [1, 2])
})

test('missing: of the lesser of demand, min and cap; what is above in one interval does not help in another', (t) => {
  const widths = [1, 1, 1, 1]
  const short = (columns: ReturnType<typeof vif>) => missed(widths, all, [columns])
  t.deepEqual(short(vif([300, 300, 300, 300], { min: 300 })), { ratio: 0, shortSeconds: 0 })
  t.deepEqual(short(vif([600, 150, 300, 300], { min: 300 })), { ratio: 150 / 1200, shortSeconds: 1 })
  t.deepEqual(short(vif([100, 100, 0, 0], { min: 300, demand: [100, 100, 0, 0] })), { ratio: 0, shortSeconds: 0 })
  t.deepEqual(short(vif([200, 200, 200, 200], { min: 300, cap: 200 })), { ratio: 0, shortSeconds: 0 })
  t.deepEqual(short(vif([0, 0, 0, 0])), { ratio: null, shortSeconds: 0 })
  t.deepEqual(missed([1, 3], [0, 1], [vif([100, 200], { min: 200 }), vif([99, 100], { min: 100 })]), {
    ratio: 101 / 1200,
    shortSeconds: 1,
  })
  t.deepEqual(
    [296, 297, 298].map((bps) => isShort(vif([bps], { min: 300 }), 0)),
    [true, false, false],
  )
})

test('late: what an interval more would not have brought', (t) => {
  const widths = [8, 8, 8, 8]
  const lateOf = (columns: ReturnType<typeof vif>) => late(widths, all, [columns])
  const min = { min: 300 }
  t.is(lateOf(vif([300, 300, 300, 300], min)), 0)
  t.is(lateOf(vif([200, 400, 300, 300], min)), 0, 'a third was under way as the first ended')
  t.is(lateOf(vif([400, 200, 400, 200], min)), 0, 'nothing is paid in advance, what is owed is paid')
  t.is(lateOf(vif([0, 0, 300, 300], min)), 300 / 1200, 'the first is late, what follows is an interval behind')
  t.is(lateOf(vif([0, 0, 0, 0], min)), 900 / 1200, 'the last may still come')
  t.is(lateOf(vif([0, 0, 0, 0])), null)
  const steady = late(fill(1000, 8), [...fill(1000, 0).keys()], [vif(fill(1000, 200), min)])!
  t.true(Math.abs(steady - 1 / 3) < 0.002, 'a third is missing for good')
})

test('settling: up to the end of the last interval that is off, before the next onset', (t) => {
  const off = (numbers: number[]) => (i: number) => numbers.includes(i)
  t.deepEqual(settlingSeconds(ends, [0], off([])), [0])
  t.deepEqual(settlingSeconds(ends, [0], off([0])), [1])
  t.deepEqual(settlingSeconds(ends, [0], off([0, 2])), [3], 'what is off again had not settled')
  t.deepEqual(settlingSeconds(ends, [0, 2], off([0, 3])), [1, 2])
  t.deepEqual(settlingSeconds(ends, [0.5, 2.5], off([0, 2])), [0.5, 0.5], 'an onset within an interval')
  t.deepEqual(settlingSeconds(ends, [9], off([0])), [0])
})

test('silence: the longest time in which nobody gets anything, of what is looked at', (t) => {
  const widths = [1, 2, 4, 8]
  const of = (...vifs: ReturnType<typeof vif>[]) => silentSeconds(widths, all, vifs)
  t.is(of(vif([0, 0, 5, 0])), 8)
  t.is(of(vif([0, 0, 0, 5])), 7)
  t.is(of(vif([0, 0, 0, 5]), vif([0, 9, 0, 0])), 4)
  t.is(of(vif([1, 1, 1, 1])), 0)
  t.is(silentSeconds(widths, [0, 1, 3], [vif([0, 0, 0, 0])]), 8, 'an interval between them is not looked at')
})

test('a vif wakes in an interval in which it offers something after one in which it did not', (t) => {
  t.deepEqual(wakesOf(ends, [vif([0, 0, 0, 0], { demand: [5, 0, 7, 8] })]), [0, 2])
  t.deepEqual(wakesOf(ends, [vif(fill(4, 0), { demand: 0 }), vif(fill(4, 0), { demand: [0, 0, 0, 1] })]), [3])
})

test('above the cap: the most that any run of intervals has more than its cap', (t) => {
  const above = (columns: ReturnType<typeof vif>) => mostAboveCap([8, 8, 8, 8], columns)
  t.is(above(vif([100, 100, 100, 100], { cap: 100 })), 0)
  t.is(above(vif([150, 100, 150, 50], { cap: 100 })), 100)
  t.is(above(vif([0, 150, 90, 150], { cap: 100 })), 90, 'nothing is saved for later')
  t.is(above(vif([500, 500, 500, 500])), 0, 'there is none')
  t.is(above(vif([500, 120, 100, 100], { cap: [null, 100, 100, 100] as number[] })), 20)
})

test('NIC use counts only where more is wanted, within the caps, than it can send', (t) => {
  const nic = { utilisation: [0.9, 0.5, 1, 0], rateBps: [1000, 1000, 1000, 0] }
  const idle = vif(fill(4, 0), { demand: 0 })
  t.deepEqual(pressedUse([1, 1, 2, 1], all, nic, [vif(fill(4, 0), { demand: [2000, 1000, 1001, 2000] }), idle]), {
    mean: (0.9 + 2 * 1) / 3,
    least: 0.9,
  })
  t.is(pressedUse([1, 1, 1, 1], all, nic, [vif(fill(4, 0), { demand: 9999, cap: 1000 })]), null)
  t.is(meanRate([1, 3], [0, 1], [vif([100, 200]), vif([10, 10])]), 185)
  t.is(meanRate([1], [], [vif([1])]), null)
})

const weighted = (weight: number, columns: ReturnType<typeof vif>) => ({ weight, columns })

test('the ideal: guarantees, scaled where they do not fit, then the rest by weight', (t) => {
  const vifs = [
    weighted(1, vif([0], { min: 300 })),
    weighted(2, vif([0])),
    weighted(1, vif([0], { demand: 50, min: 100 })),
  ]
  t.deepEqual(idealOf(vifs, 1000, 0), { shareBps: [517, 433, 50], guaranteedBps: [300, 0, 50] })
  t.deepEqual(idealOf(vifs, 200, 0), { shareBps: [150, 0, 50], guaranteedBps: [150, 0, 50] })
  t.deepEqual(idealOf(vifs, 0, 0).shareBps, [0, 0, 0])
  const off = (got: number) =>
    isOffIdeal([weighted(1, vif([got], { demand: 100 }))], { shareBps: [100], guaranteedBps: [0] }, 0, 0.02, [0])
  t.deepEqual([97, 98, 102, 103].map(off), [true, false, false, true])
})

test('the error of the surplus: what others got of it than should', (t) => {
  const error = (first: number[], second: number[]) =>
    surplusError([1, 2], [0, 1], [1000, 1000], [weighted(1, vif(first, { min: 200 })), weighted(1, vif(second))])
  t.is(error([600, 600], [400, 400]), 0)
  t.is(error([680, 600], [320, 400]), 80 / 1600)
  t.is(error([680, 520], [320, 480]), 0, 'over the whole of the time')
  t.is(error([200, 200], [800, 800]), 0.5)
  t.is(surplusError([1], [0], [100], [weighted(1, vif([100], { min: 100 }))]), null)
})
