import test from 'ava'
import fc from 'fast-check'
import { checkScenario, RingbackError, simulate, Simulation } from 'ringback'
import type { CaptureChunk, Results, Scenario, ScenarioInput } from 'ringback'

import { imbalances } from './conservation.ts'
import { recordsOf } from './pcap-files.ts'

// The sources that draw their times, in whole runs: what they offer, and that nothing of it is lost track of.

type Sources = ScenarioInput['traffic']

/** One guest on a wire that holds nothing back. */
const alone = (traffic: Sources, change: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: 'alone',
  duration: '1s',
  payload: 'none',
  nics: { eth0: { rate: '100Gb/s', queue: '1GB' } },
  vifs: { web: { uplink: 'eth0', ringOrder: 4 } },
  traffic,
  ...change,
})

const run = (input: ScenarioInput): Promise<Results> => simulate(checkScenario(input))

test('poisson: as many frames as the rate says, within what is random', async (t) => {
  const { vifs } = await run(alone([{ kind: 'poisson', vif: 'web', rate: '1.2Gb/s', size: 1500 }], { duration: '4s' }))
  const offered = vifs.web?.offeredPackets ?? 0
  t.true(Math.abs(offered - 400_000) < 5 * Math.sqrt(400_000), `${offered}`)
})

test('onoff: the mean rate is the part of the time in which it is on; fixed times give it exactly', async (t) => {
  const source = { kind: 'onoff', vif: 'web', rate: '1Gb/s', size: 125, on: '100us', off: '300us' } as const
  const exact = await run(alone([{ ...source, distribution: 'fixed' }], { duration: '400ms' }))
  t.is(exact.vifs.web?.offeredPackets, 100_000)
  // 10,000 rounds, each of which varies by 1.06 of its mean.
  const random = await run(alone([source], { duration: '4s' }))
  const offered = random.vifs.web?.offeredPackets ?? 0
  t.true(Math.abs(offered / 1e6 - 1) < 0.05, `${offered}`)
})

test('flows: the load of 20,000 flows from websearch, within 5 %', async (t) => {
  const source = { kind: 'flows', vif: 'web', distribution: 'websearch', load: '40Gb/s', rate: '10Gb/s' } as const
  const { vifs } = await run(alone([{ ...source, size: 65_535, active: 1000 }], { duration: '7s' }))
  const bps = (vifs.web?.offeredBytes ?? 0) * (8 / 7)
  t.true(Math.abs(bps / 40e9 - 1) < 0.05, `${bps / 1e9} Gb/s`)
})

test('flows: a flow at a time offers no more than its rate, and makes up for what had to wait', async (t) => {
  const sizes: [number, number][] = [
    [999_999, 0],
    [1_000_000, 1],
  ]
  const source = { kind: 'flows', vif: 'web', sizes, load: '100Mb/s', rate: '100Mb/s', active: 1 } as const
  const { vifs } = await run(alone([source], { duration: '20s' }))
  const offered = vifs.web?.offeredBytes ?? 0
  t.true(offered > 0.85 * 250e6 && offered <= 250e6 + 1500, `${offered}`)
})

test('percentiles of both directions are there, and in their order', async (t) => {
  const traffic: Sources = [
    { kind: 'poisson', vif: 'web', rate: '900Mb/s', size: 1500 },
    { kind: 'flows', vif: 'web', distribution: 'websearch', load: '300Mb/s', rate: '1Gb/s', direction: 'in' },
  ]
  const { vifs } = await run(alone(traffic, { nics: { eth0: { rate: '1Gb/s', propagation: '10us' } } }))
  for (const flow of [vifs.web?.tx, vifs.web?.rx]) {
    const { p50, p99, max } = flow?.latencyNs ?? { p50: 0, p99: 0, max: 0 }
    t.true(p50 >= 10_000 && p50 <= p99 && p99 <= max && max > 22_000, `${p50} ${p99} ${max}`)
  }
  // An M/D/1 queue at 0.9: the mean wait is 4.5 services of 12 us, and waits of twenty times the median's are rare.
  const { p50, p99 } = vifs.web?.tx.latencyNs ?? { p50: 0, p99: 0 }
  t.true(p50 > 40_000 && p50 < 80_000 && p99 > 200_000, `${p50} ${p99}`)
})

const size = fc.integer({ min: 60, max: 9000 })
const rate = fc.integer({ min: 1, max: 400 }).map((mbps) => `${mbps}Mb/s`)
const time = (most: number) => fc.integer({ min: 1, max: most }).map((us) => `${us}us`)
const common = {
  vif: fc.constantFrom('a', 'b'),
  direction: fc.constantFrom('in' as const, 'out' as const),
  start: fc.integer({ min: 0, max: 9000 }).map((us) => `${us}us`),
  length: fc.option(fc.integer({ min: 1, max: 15_000 })),
}
const turns = { flows: fc.integer({ min: 1, max: 9 }) }
const points = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 400 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((steps) => {
    let [bytes, share] = [0, 0]
    const inner = steps.map(([more, part]): [number, number] => [
      (bytes += more),
      (share = Math.min(1000, share + part)),
    ])
    return [[0, 0], ...inner.map(([b, s]) => [b, s / 1000]), [bytes + 1, 1]] as [number, number][]
  })
const poisson = fc.record({
  kind: fc.constant('poisson' as const),
  rate,
  sizes: fc.array(fc.record({ size, weight: fc.integer({ min: 1, max: 1000 }) }), { minLength: 1, maxLength: 16 }),
  ...common,
  ...turns,
})
const onoff = fc
  .record({
    kind: fc.constant('onoff' as const),
    mbps: fc.integer({ min: 10, max: 1000 }),
    size,
    longer: fc.integer({ min: 0, max: 3000 }),
    off: time(3000),
    distribution: fc.constantFrom('exponential' as const, 'fixed' as const),
    ...common,
    ...turns,
  })
  .map(({ mbps, longer, ...rest }) => ({
    ...rest,
    rate: `${mbps}Mb/s`,
    on: `${Math.ceil((rest.size * 8) / mbps) + longer}us`,
  }))
const flows = fc.record({
  kind: fc.constant('flows' as const),
  sizes: points,
  load: rate,
  rate: fc.constant('400Mb/s'),
  size,
  active: fc.integer({ min: 1, max: 5 }),
  ...common,
})

/** Any valid scenario with such sources only, and the last times of its sources in nanoseconds by vif and direction. */
const inputs = fc
  .record({ seed: fc.nat(), sources: fc.array(fc.oneof(poisson, onoff, flows), { minLength: 1, maxLength: 4 }) })
  .map(({ seed, sources }): ScenarioInput => ({
    name: 'any',
    duration: '20ms',
    seed,
    nics: { eth0: { rate: '1Gb/s', queue: '100KB', propagation: '10us' } },
    vifs: { a: { uplink: 'eth0', rate: '100Mb/s@1ms', backlog: 50 }, b: { uplink: 'eth0', queues: 3 } },
    traffic: sources.map(({ length, ...source }) => ({
      ...source,
      ...(length !== null && { stop: `${parseInt(source.start) + length}us` }),
    })),
    output: { interval: '5ms' },
  }))

test('any such sources: conserved, and the same in slices and without payload', async (t) => {
  let offered = 0
  await fc.assert(
    fc.asyncProperty(inputs, fc.array(fc.nat(20_000_000), { maxLength: 4 }), async (input, stops) => {
      const whole = await run(input)
      t.deepEqual(imbalances(whole), [])
      offered += whole.packets.offered
      const simulation = await Simulation.create(checkScenario({ ...input, payload: 'none' }))
      for (const stop of stops.toSorted((a, b) => a - b)) {
        await simulation.run(stop)
        t.deepEqual(imbalances(simulation.results()), [])
      }
      await simulation.run()
      t.is(simulation.results().traceHash, whole.traceHash)
      simulation.close()
    }),
    { numRuns: 40 },
  )
  t.true(offered > 1000, `${offered}`)
})

test('any such source: times never fall, start and stop are kept, sizes are in range', async (t) => {
  let records = 0
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const [source] = input.traffic
      if (source === undefined || source.kind === 'replay' || source.kind === 'constant') return t.fail()
      const chunks: Uint8Array[] = []
      const scenario = checkScenario({
        ...input,
        payload: 'none',
        nics: { eth0: { rate: '10000Gb/s', queue: '1GB' } },
        vifs: { a: { uplink: 'eth0', ringOrder: 4 }, b: { uplink: 'eth0', ringOrder: 4 } },
        traffic: [{ ...source, direction: 'out' }],
        output: { pcap: { vifs: [source.vif] } },
      })
      const onCapture = ({ file, bytes }: CaptureChunk) => void (file.endsWith('-out.pcap') && chunks.push(bytes))
      const { packets } = await simulate(scenario, { onCapture })
      const all = recordsOf(Buffer.concat(chunks))
      t.is(all.length, packets.offered)
      const [{ startNs, stopNs }] = scenario.traffic as [Scenario['traffic'][number]]
      const most =
        source.kind === 'poisson'
          ? Math.max(...(source.sizes ?? []).map((one) => Number(one.size)))
          : Number(source.size)
      for (const [i, { timeNs, originalLength }] of all.entries()) {
        t.true(timeNs >= startNs && timeNs < Math.min(stopNs ?? Infinity, scenario.durationNs))
        t.true(timeNs >= (all[i - 1]?.timeNs ?? 0))
        t.true(originalLength >= 60 && originalLength <= most)
      }
      records += all.length
    }),
    { numRuns: 60 },
  )
  t.true(records > 1000, `${records}`)
})

test('scenarios that checkScenario did not make are refused by the addon, by name', async (t) => {
  const input: Sources = [
    { kind: 'poisson', vif: 'web', rate: '1Mb/s', size: 1500 },
    { kind: 'onoff', vif: 'web', rate: '1Gb/s', size: 1500, on: '1ms', off: '1ms' },
    { kind: 'flows', vif: 'web', load: '1Mb/s', rate: '1Mb/s', sizes: [[0, 0], [10, 1]] }, // prettier-ignore
  ]
  const scenario = checkScenario(alone(input))
  const wrong: [index: number, change: object, message: RegExp][] = [
    [0, { sizes: [] }, /sources\[0\]\.sizes must have at least one element/],
    [0, { sizes: Array(17).fill({ sizeBytes: 60, weight: 1 }) }, /sources\[0\]\.sizes must have at most 16 elements/],
    [0, { sizes: [{ sizeBytes: 59, weight: 1 }] }, /sources\[0\]\.sizes\[0\]\.sizeBytes/],
    [0, { sizes: [{ sizeBytes: 60, weight: 0 }] }, /sources\[0\]\.sizes\[0\]\.weight/],
    [0, { sizes: [{ sizeBytes: 60, weight: 1001 }] }, /sources\[0\]\.sizes\[0\]\.weight/],
    [0, { rateBps: 0 }, /sources\[0\]\.rateBps/],
    [0, { rateBps: 1e13 + 1 }, /sources\[0\]\.rateBps/],
    [1, { onNs: 11_999 }, /sources\[1\]\.onNs must be at least the time of a frame/],
    [1, { onNs: 2 ** 53 }, /sources\[1\]\.onNs/],
    [1, { offNs: 0 }, /sources\[1\]\.offNs/],
    [1, { sizeBytes: 65_536 }, /sources\[1\]\.sizeBytes/],
    [2, { sizes: 'zipf' }, /sources\[2\]\.distribution must be/],
    [2, { sizes: [] }, /sources\[2\]\.points must rise/],
    [2, { sizes: [[0, 0], [0, 1]] }, /sources\[2\]\.points must rise/], // prettier-ignore
    [2, { sizes: [[0, 0], [1e12 + 1, 1]] }, /sources\[2\]\.points\[1\]\.bytes/], // prettier-ignore
    [2, { sizes: [[0, -1], [1, 1]] }, /sources\[2\]\.points\[0\]\.share/], // prettier-ignore
    [2, { active: 0 }, /sources\[2\]\.active/],
    [2, { active: 4097 }, /sources\[2\]\.active/],
    [2, { loadBps: 0 }, /sources\[2\]\.loadBps/],
    [2, { to: 'web' }, /sources\[2\]\.peer must be another vif/],
  ]
  for (const [index, change, message] of wrong) {
    const traffic = scenario.traffic.map((source, i) => (i === index ? { ...source, ...change } : source))
    await t.throwsAsync(
      simulate({ ...scenario, traffic }),
      { instanceOf: RingbackError, message },
      JSON.stringify(change),
    )
  }
})
