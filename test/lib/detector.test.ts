import test from 'ava'
import fc from 'fast-check'
import { loadCapture } from 'ringback'
import { BusynessDetector, type DetectorOptions, type DetectorSample } from 'ringback/policy'

// The detector on counters as they are and on counters that want to mislead it.

const intervalNs = 100_000_000
const allottedBps = 1e9
/** What is sent in an interval at the allotted rate. */
const fullBytes = 12_500_000

/** A detector and the counters that it reads. */
class Watched {
  readonly detector: BusynessDetector
  timeNs = 0
  bytes = 0
  heldBackNs = 0
  /** Changes between busy and idle. */
  changes = 0

  constructor(options: Partial<DetectorOptions> = {}) {
    this.detector = new BusynessDetector({ dwellNs: 0, ...options })
    this.read()
  }

  /** One reading; returns whether an interval was measured. */
  read(sample: Partial<DetectorSample> = {}): boolean {
    const { timeNs, bytes, heldBackNs } = this
    const wasBusy = this.detector.isBusy
    const isMeasured = this.detector.update({ timeNs, bytes, heldBackNs, allottedBps, ...sample })
    if (this.detector.isBusy !== wasBusy) this.changes++
    return isMeasured
  }

  /** An interval in which this part of the allotted rate is sent; returns whether it is busy then. */
  send(part: number, sample: Partial<DetectorSample> = {}): boolean {
    this.timeNs += intervalNs
    this.bytes += Math.round(part * fullBytes)
    this.read(sample)
    return this.detector.isBusy
  }
}

test('three samples at the rate make it busy, three below make it idle, those between do nothing', (t) => {
  const watched = new Watched()
  t.deepEqual(
    [1, 0.8, 1, 0.8, 1, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5].map((part) => watched.send(part)),
    [false, false, false, false, true, true, true, true, true, true, false],
  )
})

test('a sample exactly at enter counts, one exactly at leave does not', (t) => {
  const watched = new Watched({ accumulate: 1 })
  t.true(watched.send(0.9))
  t.true(watched.send(0.7))
  t.false(watched.send(0.7 - 1 / fullBytes))
  t.false(watched.send(0.9 - 1 / fullBytes))
  t.true(watched.send(0.9))
})

test('the score is bounded: a long time of the one does not delay the other', (t) => {
  const watched = new Watched()
  for (let i = 0; i < 100; i++) watched.send(1)
  t.is(watched.detector.score, 3)
  for (let i = 0; i < 3; i++) watched.send(0)
  t.false(watched.detector.isBusy)
  for (let i = 0; i < 100; i++) watched.send(0)
  t.is(watched.detector.score, 0)
  for (let i = 0; i < 3; i++) watched.send(1)
  t.true(watched.detector.isBusy)
})

test('being held back is being busy, however little was sent', (t) => {
  const watched = new Watched()
  for (let i = 0; i < 3; i++) {
    watched.heldBackNs += intervalNs / 2
    watched.send(0.01)
  }
  t.true(watched.detector.isBusy)
  t.true(watched.detector.isHeldBack)
  t.false(watched.detector.isAtRate)
  watched.heldBackNs += intervalNs / 2 - 1
  watched.send(0.01)
  t.false(watched.detector.isHeldBack, 'for a moment only')
  watched.send(0.01, { heldBackNs: undefined })
  t.is(watched.detector.isHeldBack, null)
})

test('nothing sent of nothing allotted is idle, anything is at the rate', (t) => {
  const watched = new Watched({ accumulate: 1 })
  t.true(watched.send(0.1, { allottedBps: 0 }))
  t.false(watched.send(0, { allottedBps: 0 }))
  t.false(watched.send(1, { allottedBps: Infinity }))
})

test('the measured time counts, not the interval that was meant', (t) => {
  const watched = new Watched()
  watched.timeNs += 3 * intervalNs
  watched.bytes += fullBytes
  t.true(watched.read())
  t.is(watched.detector.rateBps, 333_333_333)
})

test('a sample at the same time is ignored, and its bytes are in the next one', (t) => {
  const watched = new Watched()
  watched.send(0.5)
  watched.bytes += fullBytes / 4
  t.false(watched.read())
  t.is(watched.detector.rateBps, 500e6)
  watched.send(0.25)
  t.is(watched.detector.rateBps, 500e6)
})

for (const [bits, top, as] of [
  [32, 2 ** 32, Number],
  [32, 2 ** 32, BigInt],
  [64, 2n ** 64n, BigInt],
] as const)
  test(`a ${bits}-bit ${as.name.toLowerCase()} that wraps goes on`, (t) => {
    const detector = new BusynessDetector({ counterBits: bits })
    const update = (timeNs: number, bytes: bigint) => detector.update({ timeNs, bytes: as(bytes), allottedBps })
    update(0, BigInt(top) - 10_000_000n)
    t.true(update(intervalNs, 2_500_000n))
    t.is(detector.rateBps, 1e9)
    t.is(detector.score, 1)
  })

test('bigints beyond 2^53 are exact', (t) => {
  const detector = new BusynessDetector()
  detector.update({ timeNs: 0, bytes: 2n ** 60n, allottedBps })
  t.true(detector.update({ timeNs: 8e9, bytes: 2n ** 60n + 1n, allottedBps }))
  t.is(detector.rateBps, 1)
})

test('a counter that was reset starts it anew', (t) => {
  for (const [bits, before, after] of [
    [64, 5e9, 1_000],
    [64, 2 ** 32 - 1_000, 1_000],
    [64, 2n ** 60n, 1_000n],
    // Would be a wrap of 3.3 GB, at 26 times the rate that is allotted.
    [32, 1e9, 1_000],
  ] as const) {
    const detector = new BusynessDetector({ counterBits: bits, accumulate: 1 })
    const update = (seconds: number, bytes: number | bigint) =>
      detector.update({ timeNs: seconds * 1e9, bytes, allottedBps })
    update(0, typeof before === 'bigint' ? before - 125_000_000n : before - 125_000_000)
    t.true(update(1, before))
    t.true(detector.isBusy)
    t.false(update(2, after))
    t.false(detector.isBusy)
    t.is(detector.score, 0)
    t.true(update(3, typeof after === 'bigint' ? after + 125_000_000n : after + 125_000_000))
    t.is(detector.rateBps, 1e9)
    t.true(detector.isBusy)
  }
})

test('held-back time that was reset starts it anew', (t) => {
  const watched = new Watched()
  watched.heldBackNs = 5e9
  watched.send(1)
  watched.heldBackNs = 0
  watched.send(1)
  t.is(watched.detector.score, 0)
})

test('the limit tells a wrap from a reset; without one it is what was allotted', (t) => {
  const wraps = (limits: Partial<DetectorSample>): boolean => {
    const detector = new BusynessDetector({ counterBits: 32 })
    detector.update({ timeNs: 0, bytes: 2 ** 32 - 500_000_000, allottedBps })
    return detector.update({ timeNs: 1e9, bytes: 0, allottedBps, ...limits })
  }
  t.false(wraps({}))
  t.true(wraps({ limitBps: 2e9 }))
  t.true(wraps({ speedBps: 2e9 }))
  t.true(wraps({ allottedBps: 2e9 }))
  t.false(wraps({ allottedBps: 2e9, limitBps: 1e9 }))
})

test('a clock that went back starts it anew', (t) => {
  const watched = new Watched({ accumulate: 1 })
  watched.send(1)
  watched.timeNs -= 5 * intervalNs
  t.false(watched.read())
  t.false(watched.detector.isBusy)
  t.true(watched.send(1))
})

test('a new speed starts it anew, a new allotted rate and a speed that varies a little do not', (t) => {
  const watched = new Watched()
  for (let i = 0; i < 3; i++) watched.send(1, { speedBps: 1e9 })
  for (const speedBps of [0.75e9, 0.7e9, 1.4e9]) t.true(watched.send(1, { speedBps }), `${speedBps}`)
  t.false(watched.send(1, { speedBps: 0.5e9 }))
  for (let i = 0; i < 3; i++) watched.send(1, { speedBps: 0.5e9 })
  t.true(watched.detector.isBusy)
  t.false(watched.send(1, { speedBps: 1e9 }))
  for (let i = 0; i < 3; i++) watched.send(1, { allottedBps: 10 ** (7 + i) })
  t.true(watched.detector.isBusy)
  watched.detector.restart()
  t.false(watched.detector.isBusy)
})

test('two changes are at least the dwell time apart', (t) => {
  const watched = new Watched({ accumulate: 1, dwellNs: 5 * intervalNs })
  t.true(watched.send(1), 'the first change waits for nothing')
  t.deepEqual(
    Array.from({ length: 5 }, () => watched.send(0)),
    [true, true, true, true, false],
  )
  t.deepEqual(
    Array.from({ length: 5 }, () => watched.send(1)),
    [false, false, false, false, true],
  )
})

test('square waves: no change where they are shorter than what accumulates, one a half wave where they are longer', (t) => {
  for (let accumulate = 1; accumulate <= 5; accumulate++)
    for (let half = 1; half <= 20; half++) {
      const watched = new Watched({ accumulate })
      const waves = 50
      for (let i = 0; i < 2 * half * waves; i++) watched.send(Math.floor(i / half) % 2 === 0 ? 1 : 0)
      t.is(watched.changes, half < accumulate ? 0 : 2 * waves, `${accumulate}, ${half}`)
    }
})

test('bursts at the threshold, a byte above and below: no flapping', (t) => {
  const watched = new Watched()
  for (let i = 0; i < 1000; i++) watched.send(0.9 + (i % 2 ? 1 : -1) / fullBytes)
  t.is(watched.changes, 1)
  for (let i = 0; i < 1000; i++) watched.send(0.7 + (i % 2 ? 1 : -1) / fullBytes)
  t.is(watched.changes, 2, 'it becomes idle, for what is below leave counts')
})

test('property: no series changes it more often than the dwell time and what accumulates allow', (t) => {
  const series = fc.record({
    parts: fc.array(fc.tuple(fc.constantFrom(0, 0.69, 0.7, 0.8, 0.9, 1, 3), fc.boolean()), { maxLength: 60 }),
    accumulate: fc.integer({ min: 1, max: 4 }),
    dwell: fc.nat(7),
  })
  fc.assert(
    fc.property(series, ({ parts, accumulate, dwell }) => {
      const watched = new Watched({ accumulate, dwellNs: dwell * intervalNs })
      for (const [part, isHeldBack] of parts) {
        if (isHeldBack) watched.heldBackNs += intervalNs
        watched.send(part)
      }
      return watched.changes <= Math.ceil(parts.length / Math.max(accumulate, dwell))
    }),
    { numRuns: 5_000 },
  )
  t.pass()
})

test('property: counters of 32 bits, however they wrap, say what counters that never wrap say', (t) => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000_000 }), fc.nat(3)), { maxLength: 60 })
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), steps, (start, all) => {
      const [narrow, wide] = [new BusynessDetector({ counterBits: 32 }), new BusynessDetector()]
      const [huge, limitBps] = [new BusynessDetector(), 4e9]
      let [bytes, timeNs] = [start, 0]
      for (const [sent, intervals] of all) {
        const sample = { timeNs, allottedBps, limitBps }
        const measured = narrow.update({ ...sample, bytes: bytes % 2 ** 32 })
        if (wide.update({ ...sample, bytes }) !== measured) return false
        huge.update({ ...sample, bytes: BigInt.asUintN(64, BigInt(bytes) - BigInt(start) - 1_000n) })
        if (narrow.rateBps !== wide.rateBps || narrow.isBusy !== wide.isBusy || huge.rateBps !== wide.rateBps)
          return false
        // Without time nothing is sent.
        if (intervals > 0) bytes += sent
        timeNs += intervals * intervalNs
      }
      return true
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})

/** What a capture's guest sent up to the end of each interval. */
async function countersOf(name: string, everyNs: number): Promise<number[]> {
  const { timesNs, sizesBytes, spanNs } = await loadCapture(`examples/captures/${name}.pcap`, 'fe:b6:f2:0c:ea:6f')
  const counters = Array.from({ length: Math.floor(Number(spanNs) / everyNs) + 1 }, () => 0)
  for (const [i, timeNs] of timesNs.entries()) counters[Math.floor(Number(timeNs) / everyNs)]! += sizesBytes[i]!
  let bytes = 0
  return counters.map((sent) => (bytes += sent))
}

for (const name of ['bulk', 'web', 'voip'])
  test(`recorded traffic, ${name}: busy with a tenth of its rate, idle with ten times as much, and steady at any rate`, async (t) => {
    for (const everyNs of [10_000_000, 50_000_000, intervalNs]) {
      const counters = await countersOf(name, everyNs)
      const meanBps = (counters.at(-1)! * 8e9) / (counters.length * everyNs)
      const run = (rateBps: number) => {
        const [detector, narrow] = [new BusynessDetector(), new BusynessDetector({ counterBits: 32 })]
        let [changes, busy] = [0, 0]
        for (const [i, bytes] of counters.entries()) {
          const wasBusy = detector.isBusy
          const sample = { timeNs: i * everyNs, allottedBps: rateBps, limitBps: 1e9 }
          detector.update({ ...sample, bytes })
          narrow.update({ ...sample, bytes: (bytes + 2 ** 32 - 100_000) % 2 ** 32 })
          if (detector.isBusy !== wasBusy) changes++
          if (detector.isBusy) busy++
          t.is(narrow.isBusy, detector.isBusy)
        }
        return { changes, busy: busy / counters.length }
      }
      for (const factor of [0.1, 0.5, 0.9, 1, 1.1, 2, 10, 1000]) {
        const { changes, busy } = run(meanBps * factor)
        const least = Math.max(200e6, 3 * everyNs)
        t.true(changes <= Math.ceil((counters.length * everyNs) / least), `${factor}: ${changes} changes`)
        if (factor >= 10) t.is(busy, 0)
        // Guests send in bursts: in short intervals there is often nothing.
        if (everyNs === intervalNs && factor === 0.1) t.true(busy > 0.7)
      }
    }
  })

test('what cannot be a sample is refused and changes nothing', (t) => {
  const watched = new Watched({ accumulate: 1, counterBits: 32 })
  watched.send(1)
  for (const sample of [
    { timeNs: Number.NaN },
    { timeNs: Infinity },
    { bytes: -1 },
    { bytes: 0.5 },
    { bytes: 2 ** 32 },
    { bytes: 2n ** 32n },
    { bytes: Number.NaN },
    { allottedBps: -1 },
    { allottedBps: Number.NaN },
    { heldBackNs: -1 },
    { heldBackNs: Infinity },
  ])
    t.throws(
      () => watched.read({ timeNs: 1e12, ...sample }),
      { code: 'ERR_OUT_OF_RANGE' },
      JSON.stringify(Object.keys(sample)),
    )
  t.throws(() => watched.read({ bytes: '5' as never }), { code: 'ERR_INVALID_ARGUMENT' })
  t.true(watched.detector.isBusy)
  t.true(watched.send(1))
  t.throws(() => new BusynessDetector().update({ timeNs: 0, bytes: 2 ** 53, allottedBps }), { message: /as a bigint/ })
  t.throws(() => new BusynessDetector().update({ timeNs: 0, bytes: 2n ** 64n, allottedBps }), {
    code: 'ERR_OUT_OF_RANGE',
  })
})

test('options are checked', (t) => {
  for (const options of [
    { enter: 0 },
    { enter: 1.1 },
    { enter: Number.NaN },
    { leave: -0.1 },
    { enter: 0.5, leave: 0.6 },
    { accumulate: 0 },
    { accumulate: 1.5 },
    { dwellNs: -1 },
    { counterBits: 16 as never },
  ])
    t.throws(() => new BusynessDetector(options), { code: 'ERR_OUT_OF_RANGE' }, JSON.stringify(options))
  for (const options of [null, { enter: '1' }, { accumulate: '3' }])
    t.throws(() => new BusynessDetector(options as never), { code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(options))
  t.notThrows(() => new BusynessDetector({ enter: 0.5 }), 'leave is never above enter by itself')
})
