import test from 'ava'
import fc from 'fast-check'

import { built } from './built.ts'

// The parts of a simulation's control, each by itself.

const { Gauge } = await built<typeof import('../../lib/simulation/gauge.js')>('simulation/gauge')
const { Pace } = await built<typeof import('../../lib/simulation/pace.js')>('simulation/pace')
const { creditFor } = await built<typeof import('../../lib/simulation/credits.js')>('simulation/credits')
const { Slices } = await built<typeof import('../../lib/simulation/slices.js')>('simulation/slices')
const { Timeline } = await built<typeof import('../../lib/simulation/timeline.js')>('simulation/timeline')
const limits = await built<typeof import('../../lib/simulation/uplink-limits.js')>('simulation/uplink-limits')
const { addInterval, noShortfall, shortfallOf } =
  await built<typeof import('../../lib/simulation/shortfall.js')>('simulation/shortfall')
const { UplinkMeter } = await built<typeof import('../../lib/simulation/uplink-meter.js')>('simulation/uplink-meter')
const { Counters } = await built<typeof import('../../lib/simulation/counters.js')>('simulation/counters')
const { Settings } = await built<typeof import('../../lib/simulation/settings.js')>('simulation/settings')

test('a gauge sums what it held', (t) => {
  const gauge = new Gauge(3)
  t.is(gauge.sum(10), 30)
  gauge.set(5, 10)
  gauge.set(7, 10)
  t.deepEqual([gauge.value, gauge.sum(10), gauge.sum(20)], [7, 30, 100])
})

test('shortfall: what is due is offered and promised, what is more than 1 % missing is short', (t) => {
  const sums = noShortfall()
  t.deepEqual(shortfallOf(sums), { ratio: 0, seconds: 0 })
  const add = (offeredBytes: number, deliveredBytes: number, minBytes: number): void =>
    addInterval(sums, { elapsedNs: 1e8, offeredBytes, deliveredBytes, minBytes })
  add(1000, 500, 0)
  t.deepEqual(shortfallOf(sums), { ratio: 0, seconds: 0 }, 'nothing is promised')
  add(0, 0, 1000)
  t.deepEqual(shortfallOf(sums), { ratio: 0, seconds: 0 }, 'nothing is offered')
  add(5000, 1000, 1000)
  add(1000, 5000, 5000)
  t.deepEqual(shortfallOf(sums), { ratio: 0, seconds: 0 }, 'all that is due is delivered, and once more')
  add(1000, 990, 1000)
  t.deepEqual(shortfallOf(sums), { ratio: 10 / 3000, seconds: 0 }, '1 % may be on its way')
  add(1000, 989, 2000)
  t.deepEqual(shortfallOf(sums), { ratio: 21 / 4000, seconds: 0.1 })
  add(9000, 0, 1000)
  t.deepEqual(shortfallOf(sums), { ratio: 1021 / 5000, seconds: 0.2 })
})

test('property: a credit is never above the rate, below it by less than 0.1 %, in the window or a longer one', (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 2n, max: 10n ** 13n }), fc.integer({ min: 1, max: 1_000_000 }), (rate, windowUsec) => {
      const { creditBytes, creditUsec } = creditFor(Number(rate), windowUsec)
      const passed = BigInt(creditBytes) * 8_000_000n
      const decided = rate * BigInt(creditUsec)
      const isLongest = creditUsec === 2 ** 32 - 1
      return (
        creditBytes >= 1 &&
        creditUsec >= windowUsec &&
        passed <= decided &&
        (isLongest || decided - passed < decided / 1000n + 1n) &&
        (creditUsec === windowUsec || rate * BigInt(creditUsec - 1) < 1000n * 8_000_000n)
      )
    }),
    { numRuns: 20_000 },
  )
  t.deepEqual(creditFor(300e6, 1000), { creditBytes: 37_500, creditUsec: 1000 })
  t.deepEqual(creditFor(1e6, 1000), { creditBytes: 1000, creditUsec: 8000 })
  t.deepEqual(creditFor(0, 1000), { creditBytes: 1, creditUsec: 2 ** 32 - 1 })
  t.deepEqual(creditFor(1, 1000), { creditBytes: 536, creditUsec: 2 ** 32 - 1 })
})

test('windows are an eighth shorter at most, and differ among neighbours', (t) => {
  const windows = Array.from({ length: 1000 }, (_, row) => limits.staggered(1000, row))
  t.is(windows[0], 1000)
  t.true(windows.every((usec) => usec > 875 && usec <= 1000))
  t.true(new Set(windows.slice(0, 100)).size > 90)
  t.true(windows.slice(1).every((usec, i) => Math.abs(usec - (windows[i] ?? 0)) > 40))
  t.is(limits.staggered(1, 1000), 1)
})

const nic = { name: 'eth0', rateBps: 1e9, queueBytes: 512_000, propagationNs: 0, overheadBytes: 24 }
const scenarioOf = (queueBytes: number, windowNs: number | null, rateBps = 0) => {
  const events = [
    { atNs: 1, nic: 'eth0', rateBps },
    { atNs: 1, nic: 'eth1', rateBps: 1e13 },
  ]
  const scenario = { events, control: { windowNs } } as never
  return [scenario, [{ ...nic, queueBytes }]] as const
}

test("what sharing puts into a NIC's queue is half of it at most, at the fastest that the NIC becomes", (t) => {
  t.is(limits.windowUsec(...scenarioOf(512_000, null)), 1000)
  t.is(limits.windowUsec(...scenarioOf(25_000, null)), 100)
  t.is(limits.windowUsec(...scenarioOf(25_000, null, 1e10)), 10)
  t.is(limits.windowUsec(...scenarioOf(25_000, 300_000)), 300)
  t.is(limits.windowUsec(...scenarioOf(1514, null, 1e13)), 1)
  t.deepEqual(limits.reserveOf(...scenarioOf(512_000, null), 1e9), {
    rateBps: 1e9,
    overheadBytes: 24,
    horizonNs: 1e6,
    burstNs: 1e6,
  })
  t.like(limits.reserveOf(...scenarioOf(25_000, 1), 1e9), { horizonNs: 50_000, burstNs: 50_000 })
  t.like(limits.reserveOf(...scenarioOf(25_000, 1, 1e10), 1e9), { horizonNs: 5000, burstNs: 5000 })
})

test('of several NICs that whose queue is full first decides, and the most overhead', (t) => {
  const [scenario] = scenarioOf(0, null)
  const nics = [
    { ...nic, name: 'eth2', queueBytes: 512_000 },
    { ...nic, name: 'eth3', queueBytes: 25_000, overheadBytes: 38 },
  ]
  t.is(limits.windowUsec(scenario, nics), 100)
  t.deepEqual(limits.reserveOf(scenario, nics, 2e9), {
    rateBps: 2e9,
    overheadBytes: 38,
    horizonNs: 50_000,
    burstNs: 50_000,
  })
})

test('virtual time is never ahead of the clock, and makes up for a second at most', (t) => {
  const pace = new Pace(1, 5e9, 100)
  t.is(pace.limitNs(5e9, 100), 5e9)
  t.is(pace.limitNs(5e9, 104.5), 5_004_500_000)
  t.is(pace.limitNs(5e9, 1100), 6e9, 'a second behind')
  t.is(pace.limitNs(5e9, 9100), 6e9, 'nine: eight are left out')
  t.is(pace.limitNs(6e9, 9100), 6e9)
  t.is(pace.limitNs(6e9, 9200), 6.1e9)
  t.is(pace.limitNs(6.3e9, 9200), 6.3e9, 'ahead of it: it waits')
  const fast = new Pace(4, 0, 0)
  t.is(fast.limitNs(0, 250), 1e9)
  t.is(fast.limitNs(0, 2000), 4e9)
})

test('a slice that a bond ended says nothing of how many events take its time', (t) => {
  const asked: number[] = []
  const slices = new Slices()
  const world = {
    run: (_: number, maxEvents: number) => asked.push(maxEvents),
    hasNewCapacity: true,
  }
  for (let i = 1; i <= 20; i++) t.is(slices.run(world, 1000), i)
  t.deepEqual(new Set(asked), new Set([256]))
})

test('at one time: the sample, then events in their order, then the tick', (t) => {
  const done: string[] = []
  const scenario = {
    events: [
      { atNs: 20, vif: 'b' },
      { atNs: 0, vif: 'a' },
      { atNs: 20, vif: 'c' },
      { atNs: 27, vif: 'd' },
    ],
    control: { intervalNs: 10 },
    output: { intervalNs: 20 },
  } as never
  const timeline = new Timeline(scenario, {
    sample: (nowNs) => done.push(`sample ${nowNs}`),
    happen: (event) => done.push('vif' in event ? event.vif : ''),
    tick: () => done.push('tick'),
  })
  for (const [nowNs, nextNs] of [
    [0, 10],
    [7, 10],
    [10, 20],
    [20, 27],
    [27, 30],
    [30, 40],
  ] as const) {
    timeline.reach(nowNs)
    t.is(timeline.leave(nowNs), nextNs)
    t.is(timeline.leave(nowNs), nextNs, 'once')
    done.push(`${nowNs}`)
  }
  t.deepEqual(done, ['a', '0', '7', 'tick', '10', 'sample 20', 'b', 'c', 'tick', '20', 'd', '27', 'tick', '30'])
})

test("what a NIC has for frames is what its wire's overhead left of it last", (t) => {
  const values = new BigUint64Array(2)
  const counters = new Counters(values, ['sentPackets', 'sentBytes'])
  const meter = new UplinkMeter([{ row: 0, overheadBytes: 24 }])
  const send = (packets: number, bytes: number): number => {
    values[0] = (values[0] ?? 0n) + BigInt(packets)
    values[1] = (values[1] ?? 0n) + BigInt(bytes)
    return meter.read(counters)
  }
  t.is(meter.capacityBps(1e9), 1e9, 'nothing is known')
  t.is(send(10, 10 * 1476), 14_760)
  t.is(meter.capacityBps(1e9), 984e6)
  t.is(send(0, 0), 14_760)
  t.is(meter.capacityBps(1e9), 984e6, 'as it was')
  send(10, 10 * 76)
  t.is(meter.capacityBps(1e9), 760e6)
  t.is(meter.capacityBps(0), 0)
})

test('counters are summed by readers, and an unknown one is another version', (t) => {
  const counters = new Counters(BigUint64Array.of(1n, 2n, 3n, 4n, 5n, 6n), ['a', 'b', 'c'])
  const read = counters.reader('a', 'c')
  t.deepEqual([read(0), read(1), counters.get(1, 'b')], [4, 10, 5])
  t.throws(() => counters.reader('d'), { code: 'ERR_NATIVE', message: /no counter d/ })
  t.throws(() => counters.get(0, 'd'), { code: 'ERR_NATIVE' })
  t.throws(() => counters.get(2, 'a'), { code: 'ERR_NATIVE' })
})

test('of very many changes the last ones are kept', (t) => {
  const settings = new Settings({ vifs: [], nics: [{ name: 'eth0', rateBps: 1 }] } as never)
  const [eth0] = settings.nics
  if (!eth0) return t.fail()
  for (let i = 2; i <= 100_002; i++) settings.changeNic(eth0, { rateBps: i }, i)
  t.is(settings.changes.length, 100_000)
  t.like(settings.changes.at(0), { from: 2, to: 3 })
  t.like(settings.changes.at(-1), { from: 100_001, to: 100_002 })
})

test("what a bond's NICs have for frames is of all their wires; of copies one is counted", (t) => {
  const values = new BigUint64Array(4)
  const counters = new Counters(values, ['sentPackets', 'sentBytes'])
  const nics = [
    { row: 0, overheadBytes: 24 },
    { row: 1, overheadBytes: 0 },
  ]
  const [meter, ofCopies] = [new UplinkMeter(nics), new UplinkMeter(nics, true)]
  values.set([10n, 14_760n, 10n, 15_000n])
  t.is(meter.read(counters), 29_760)
  t.is(meter.capacityBps(30_000), 29_760)
  t.is(ofCopies.read(counters), 15_000)
})
