import { readFileSync } from 'node:fs'

import test from 'ava'
import fc from 'fast-check'
import { checkScenario, parseScenario, RingbackError, simulate } from 'ringback'
import type { Results, Scenario, ScenarioInput } from 'ringback'

// Whole runs of the native simulator through the library.

const totals = {
  bulk: { packets: 13_948, bytes: 20_975_102 },
  web: { packets: 4_535, bytes: 5_878_124 },
  voip: { packets: 1_626, bytes: 346_080 },
}

const file = 'examples/captures.yaml'
const captures = () => parseScenario(readFileSync(file, 'utf8'), { file })

function isConserved({ vifs }: Results): boolean {
  return Object.values(vifs).every(
    (vif) =>
      vif.offeredPackets === vif.deliveredPackets + vif.droppedPackets + vif.queuedPackets &&
      vif.offeredBytes === vif.deliveredBytes + vif.droppedBytes + vif.queuedBytes &&
      vif.droppedPackets === vif.drops.backlog + vif.drops.error + vif.drops.nic,
  )
}

/** What must be the same in every run: all but the wall clock's. */
function reproducible(results: Results): object {
  return { ...results, wallSeconds: 0, packetsPerWallSecond: 0 }
}

test('every packet of the captures is accounted for', async (t) => {
  const results = await simulate(captures())
  t.deepEqual(Object.keys(results.vifs), Object.keys(totals))
  for (const [name, { packets, bytes }] of Object.entries(totals)) {
    t.is(results.vifs[name]?.offeredPackets, packets)
    t.is(results.vifs[name]?.offeredBytes, bytes)
  }
  t.true(isConserved(results))
  t.is(results.packets.offered, 20_109)
  t.is(results.bytes.offered, 27_199_306)
  t.is(results.nics.eth0?.sentBytes, results.bytes.delivered)
  t.true((results.vifs.bulk?.droppedPackets ?? 0) > 0, 'the cap of bulk shows')
  t.true((results.vifs.web?.heldBackSeconds ?? 0) > 0)
})

/** Without caps, and with room for the bursts of the web server. */
function uncapped(): Scenario {
  const scenario = captures()
  return {
    ...scenario,
    nics: scenario.nics.map((nic) => ({ ...nic, queueBytes: 4e6 })),
    vifs: scenario.vifs.map((vif) => ({ ...vif, rate: null })),
  }
}

test('without caps everything arrives', async (t) => {
  const free = uncapped()
  const results = await simulate(free)
  t.is(results.packets.delivered, 20_109)
  t.is(results.bytes.delivered, 27_199_306)
  t.true(Object.values(results.vifs).every(({ rateBps, heldBackSeconds }) => rateBps === null && heldBackSeconds === 0))
})

test('the results have the documented shape', async (t) => {
  const results = await simulate(captures())
  t.like(results, { schema: 'ringback.results/1', scenario: 'captures', seed: 1, policy: 'credit', aborted: false })
  t.is(results.simulatedSeconds, 12)
  t.regex(results.traceHash, /^[0-9a-f]{16}$/)
  t.deepEqual(new Set(Object.values(results.vifs).map(({ fault }) => fault)), new Set([null]))
  const { series } = results
  t.is(series.intervalSeconds, 0.1)
  t.is(series.t.length, 120)
  t.is(series.t.at(-1), 12)
  for (const [name, { throughputBps, demandBps, allocationBps }] of Object.entries(series.vifs)) {
    t.deepEqual([throughputBps.length, demandBps.length, allocationBps.length], [120, 120, 120])
    const bytes = throughputBps.reduce((sum, bps) => sum + bps / 80, 0)
    t.true(Math.abs(bytes - (results.vifs[name]?.deliveredBytes ?? 0)) < 1, 'the series adds up')
    t.true(Math.abs(demandBps.reduce((sum, bps) => sum + bps / 80, 0) - (results.vifs[name]?.offeredBytes ?? 0)) < 1)
  }
  t.true(series.nics.eth0?.utilisation.every((part) => part >= 0 && part <= 1.01))
  t.deepEqual(new Set(series.vifs.bulk?.allocationBps), new Set([16e6]))
  const { p50, p99, max } = results.vifs.bulk?.latencyNs ?? { p50: 0, p99: 0, max: 0 }
  t.true(0 < p50 && p50 <= p99 && p99 <= max * 1.01)
  t.true((results.uplinks.eth0?.fairness ?? 0) > 1 / 3 && (results.uplinks.eth0?.fairness ?? 2) < 1)
})

const jittered = (seed: number): ScenarioInput => ({
  name: 'jittered',
  duration: '2s',
  seed,
  nics: { eth0: { rate: '100Mb/s', queue: '16KB' } },
  vifs: { a: { uplink: 'eth0', rate: '30Mb/s' }, b: { uplink: 'eth0' } },
  traffic: [
    { kind: 'constant', vif: 'a', rate: '60Mb/s', size: 700, jitter: 1, flows: 3 },
    { kind: 'constant', vif: 'b', rate: '90Mb/s', size: 1500, start: '100ms', stop: '1.5s' },
  ],
})

test('the same seed gives the same run, another one another where randomness plays', async (t) => {
  const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => simulate(checkScenario(jittered(seed)))))
  if (!first || !again || !other) return t.fail()
  t.deepEqual(reproducible(first), reproducible(again))
  t.not(first.traceHash, other.traceHash)
  const [even, evenToo] = await Promise.all(
    [1, 2].map((seed) => simulate({ ...captures(), seed })), // captures replay: no randomness
  )
  t.is(even?.traceHash, evenToo?.traceHash)
})

test('the sampling interval and the slices change nothing but the series', async (t) => {
  const scenario = checkScenario(jittered(1))
  const coarse = await simulate({ ...scenario, output: { intervalNs: 2e9 } })
  const fine = await simulate({ ...scenario, output: { intervalNs: 1_234_567 } })
  t.deepEqual(reproducible({ ...fine, series: coarse.series }), reproducible(coarse))
  t.is(fine.series.t.length, Math.ceil(2e9 / 1_234_567))
})

test('payload none moves the same packets', async (t) => {
  const scenario = captures()
  const [copy, none] = [await simulate(scenario), await simulate({ ...scenario, payload: 'none' })]
  t.deepEqual(none.vifs, copy.vifs)
})

const source = fc.record({
  kind: fc.constant('constant' as const),
  vif: fc.constantFrom('a', 'b'),
  rate: fc.integer({ min: 1, max: 400 }).map((rate) => `${rate}Mb/s`),
  size: fc.integer({ min: 60, max: 65_535 }),
  flows: fc.integer({ min: 1, max: 9 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
})
const vif = fc.record(
  {
    uplink: fc.constantFrom('x', 'y'),
    rate: fc
      .tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 10, max: 200 }))
      .map(([kb, ms]) => `${kb}Kb/s@${ms}ms`),
    ringOrder: fc.integer({ min: 0, max: 4 }),
    backlog: fc.integer({ min: 1, max: 2000 }),
    jiffies: fc.constantFrom(100, 250, 1000),
  },
  { requiredKeys: ['uplink'] },
)
const nic = fc.record({
  rate: fc.integer({ min: 1, max: 1000 }).map((rate) => `${rate}Mb/s`),
  queue: fc.integer({ min: 1514, max: 600_000 }),
  propagation: fc.integer({ min: 0, max: 5_000_000 }).map((ns) => `${ns}ns`),
  overhead: fc.integer({ min: 0, max: 100 }),
})

test('nothing is lost track of, whatever the scenario', async (t) => {
  const scenarios = fc.record({
    x: nic,
    y: nic,
    a: vif,
    b: vif,
    traffic: fc.array(source, { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(scenarios, fc.nat(), async ({ x, y, a, b, traffic }, seed) => {
      const input = { name: 'any', duration: '150ms', seed, nics: { x, y }, vifs: { a, b }, traffic }
      const results = await simulate(checkScenario(input))
      t.true(isConserved(results))
      t.is(
        results.packets.offered,
        Object.values(results.vifs).reduce((sum, { offeredPackets }) => sum + offeredPackets, 0),
      )
      for (const [name, { sentBytes }] of Object.entries(results.nics)) {
        const delivered = Object.entries({ a, b })
          .filter(([, { uplink }]) => uplink === name)
          .reduce((sum, [vifName]) => sum + (results.vifs[vifName]?.deliveredBytes ?? 0), 0)
        t.true(sentBytes >= delivered, 'what arrived was sent')
      }
    }),
    { numRuns: 60 },
  )
})

test('speed, loop, start and stop of a replay', async (t) => {
  const free = uncapped()
  const [replay] = free.traffic.filter(({ vif }) => vif === 'voip')
  if (replay?.kind !== 'replay') return t.fail()
  const offered = async (durationNs: number, change: Partial<typeof replay>): Promise<number | undefined> =>
    (await simulate({ ...free, durationNs, traffic: [{ ...replay, ...change }] })).vifs.voip?.offeredPackets
  t.is(await offered(9e9, {}), 1626)
  t.is(await offered(1e9, { speed: 10 }), 1626, 'ten times faster')
  t.is(await offered(0.5e9, { speed: 10 }), await offered(5e9, {}), 'half of the capture, in a tenth of the time')
  const span = 8_007_096_000 // from the first record to the last
  t.is(await offered(2 * span + 1e9, { loop: true, stopNs: 2 * span + 5e6 }), 2 * 1626, 'twice')
  t.is(await offered(12e9, { startNs: 3e9 }), 1626)
  t.is(await offered(12e9, { startNs: 3e9, stopNs: 6e9 }), await offered(3e9, {}))
  t.is(await offered(1e9, { startNs: 3e9 }), 0, 'a run cut short before the source starts')
})

test('an abort stops between two slices and keeps what was reached', async (t) => {
  const scenario = { ...checkScenario(jittered(1)), durationNs: 3600e9, output: { intervalNs: 60e9 } }
  const controller = new AbortController()
  const seen: number[] = []
  const results = await simulate(scenario, {
    signal: controller.signal,
    onProgress: ({ simulatedNs, durationNs }) => {
      seen.push(simulatedNs / durationNs)
      if (seen.length === 3) controller.abort()
    },
  })
  t.true(results.aborted)
  t.true(results.simulatedSeconds > 0 && results.simulatedSeconds < 3600)
  t.true(isConserved(results))
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  await t.throwsAsync(simulate(scenario, { signal: AbortSignal.abort(new Error('not today')) }), {
    message: 'not today',
  })
})

test('the event loop turns while a run goes on', async (t) => {
  const scenario = { ...checkScenario(jittered(1)), durationNs: 200e9, output: { intervalNs: 200e9 } }
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const { wallSeconds } = await simulate(scenario)
  clearInterval(timer)
  t.true(turns >= Math.min(3, wallSeconds * 20), `${turns} turns in ${wallSeconds} s`)
})

test('a capture that lasts no time cannot be looped', async (t) => {
  const scenario = captures()
  const traffic = scenario.traffic.map((replay) => ({ ...replay, loop: true, speed: 1e15 }))
  await t.throwsAsync(simulate({ ...scenario, traffic }), {
    code: 'ERR_PCAP',
    message: /^examples\/captures\.yaml:\d+: .*lasts no time; /,
  })
})

test("fairness is Jain's index over what the vifs of an uplink delivered", async (t) => {
  const fairness = async (rates: Record<string, string | undefined>): Promise<number | null | undefined> => {
    const vifs = Object.fromEntries(Object.keys(rates).map((name) => [name, { uplink: 'eth0' }]))
    const traffic = Object.entries(rates).flatMap(([vif, rate]) =>
      rate === undefined ? [] : [{ kind: 'constant', vif, rate, size: 1000, stop: '1s' }],
    )
    const input = { name: 'fair', duration: '1.1s', nics: { eth0: { rate: '1Gb/s' } }, vifs, traffic }
    return (await simulate(checkScenario(input))).uplinks.eth0?.fairness
  }
  t.is(await fairness({ a: '8Mb/s', b: '8Mb/s', c: '8Mb/s' }), 1)
  t.is(await fairness({ a: '8Mb/s', b: undefined, c: undefined, d: undefined }), 0.25)
  t.is(await fairness({ a: '8Mb/s', b: '24Mb/s' }), 0.8)
})

test('simulate refuses what parseScenario and checkScenario do not return', async (t) => {
  const scenario = captures()
  const wrong: Record<string, unknown>[] = [
    ...[undefined, null, 1, 'x'].map((value) => ({ scenario: value })),
    ...[0, -1, 0.5, NaN, Infinity, '5s', undefined].map((durationNs) => ({ scenario: { ...scenario, durationNs } })),
    ...[0, -1, 0.5, NaN, undefined].map((intervalNs) => ({ scenario: { ...scenario, output: { intervalNs } } })),
    ...['nics', 'vifs', 'traffic', 'output'].map((key) => ({ scenario: { ...scenario, [key]: undefined } })),
    ...[-1, 0.5, 2 ** 53, '1'].map((seed) => ({ scenario: { ...scenario, seed } })),
    { scenario: { ...scenario, payload: 'zero' } },
    { scenario: { ...scenario, nics: [] } },
    { scenario: { ...scenario, vifs: scenario.vifs.map((vif) => ({ ...vif, ringOrder: 99 })) } },
    {
      scenario: {
        ...scenario,
        vifs: scenario.vifs.map((vif) => ({ ...vif, rate: { creditBytes: -1, creditUsec: 1 } })),
      },
    },
    { scenario, options: null },
  ]
  const anyhow = simulate as (scenario: unknown, options?: unknown) => Promise<Results>
  for (const call of wrong)
    await t.throwsAsync(anyhow(call.scenario, 'options' in call ? call.options : {}), { instanceOf: RingbackError })
})
