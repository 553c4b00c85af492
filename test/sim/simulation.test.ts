import test from 'ava'
import fc from 'fast-check'
import { checkScenario, RingbackError, simulate, Simulation } from 'ringback'
import type { Results, ScenarioInput } from 'ringback'

import { imbalances } from './conservation.ts'
import { recordsOf } from './pcap-files.ts'
import { scenarioInputs } from './random-scenarios.ts'

// The Simulation class: steps, reconnects, and every method in every state.

const input: ScenarioInput = {
  name: 'steps',
  duration: '1s',
  nics: { eth0: { rate: '1Gb/s', propagation: '20us' } },
  bridges: { br0: { nics: ['eth0'] } },
  vifs: { a: { uplink: 'br0', rate: '40Mb/s@10ms', queues: 2 }, b: { uplink: 'br0', queues: 4 } },
  traffic: [
    { kind: 'constant', vif: 'a', to: 'b', rate: '60Mb/s', size: 1500, flows: 8 },
    { kind: 'constant', vif: 'a', rate: '20Mb/s', size: 300, jitter: 1 },
    { kind: 'constant', vif: 'b', to: 'a', rate: '80Mb/s', size: 9000, gso: 1448 },
    { kind: 'constant', vif: 'b', rate: '50Mb/s', size: 1500, flows: 8, direction: 'in' },
  ],
}

type Teardown = { teardown: (fn: () => void) => void }

async function make(t: Teardown, change: Partial<ScenarioInput> = {}): Promise<Simulation> {
  const simulation = await Simulation.create(checkScenario({ ...input, ...change }))
  t.teardown(() => simulation.close())
  return simulation
}

/** Without what depends on the machine. */
const timeless = (results: Results): object => ({ ...results, wallSeconds: 0, packetsPerWallSecond: 0 })

test('steps in nanoseconds and in words, with a look between them', async (t) => {
  const simulation = await make(t)
  t.is(simulation.nowNs, 0)
  t.is(await simulation.run('250ms'), 250e6)
  const early = simulation.results()
  t.true(early.aborted)
  t.is(early.simulatedSeconds, 0.25)
  t.deepEqual(early.series.t, [0.1, 0.2, 0.25], 'the last interval is a shorter one')
  t.is(await simulation.run(300e6), 300e6)
  t.is(await simulation.run('300ms'), 300e6, 'no step at all')
  t.is(await simulation.run(), 1e9)
  t.is(simulation.nowNs, 1e9)
  const results = simulation.results()
  t.deepEqual(timeless(results), timeless(await simulate(checkScenario(input))))
  t.true(results.wallSeconds > 0 && results.packetsPerWallSecond > 0)
  t.deepEqual(early.series.t, [0.1, 0.2, 0.25], 'a copy of its own')
  t.is(await simulation.run(), 1e9, 'at the end already')
})

/** What `value` has of the keys of `like`, all the way down. */
function pick(value: unknown, like: unknown): unknown {
  if (typeof like !== 'object' || like === null) return value
  const from = value as Record<string, unknown>
  return Object.fromEntries(Object.entries(like).map(([key, inner]) => [key, pick(from[key], inner)]))
}

test('counters of a vif are live and agree with the results', async (t) => {
  const simulation = await make(t)
  const { a, b } = simulation.vifs
  t.deepEqual(Object.keys(simulation.vifs), ['a', 'b'])
  t.deepEqual([a?.name, a?.carrier, a?.fault], ['a', true, null])
  t.is(a?.counters().offeredPackets, 0)
  let last = 0
  for (const stop of ['100ms', '500ms', '1s']) {
    await simulation.run(stop)
    const counters = a?.counters()
    t.true((counters?.offeredPackets ?? 0) > last)
    last = counters?.offeredPackets ?? 0
    const { vifs } = simulation.results()
    t.deepEqual(pick(vifs.a, counters), counters)
    t.deepEqual(pick(vifs.b?.rx, b?.counters().rx), b?.counters().rx)
  }
})

test('a reconnect drops what was under way, and the vif goes on', async (t) => {
  for (const payload of ['copy', 'none'] as const) {
    const simulation = await make(t, { payload })
    const { a, b } = simulation.vifs
    if (!a || !b) return t.fail()
    for (let ms = 50; ms < 1000; ms += 50) {
      await simulation.run(`${ms}ms`)
      const before = a.counters()
      if (ms % 100 === 0) b.reconnect()
      a.reconnect()
      const after = a.counters()
      t.is(after.offeredPackets, before.offeredPackets)
      t.true(after.tx.drops.disconnected > before.tx.drops.disconnected, 'frames waited for credit')
      t.deepEqual([a.fault, a.carrier, b.fault, b.carrier], [null, true, null, true])
      t.deepEqual(imbalances(simulation.results()), [])
    }
    const before = { a: a.counters(), b: b.counters() }
    await simulation.run()
    t.true(a.counters().tx.deliveredPackets > before.a.tx.deliveredPackets)
    t.true(b.counters().rx.deliveredPackets > before.b.rx.deliveredPackets)
    t.deepEqual(imbalances(simulation.results()), [])
  }
})

test('whoever reconnects when: nothing is lost track of, and payload or none is the same run', async (t) => {
  const reconnects = fc.array(fc.tuple(fc.nat(40_000_000), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 8 })
  let disconnected = 0
  await fc.assert(
    fc.asyncProperty(scenarioInputs, reconnects, async (any, unsorted) => {
      const hashes = new Set<string>()
      for (const payload of ['copy', 'none'] as const) {
        const simulation = await Simulation.create(checkScenario({ ...any, payload }))
        for (const [when, name] of unsorted.toSorted(([a], [b]) => a - b)) {
          await simulation.run(when)
          simulation.vifs[name]?.reconnect()
          t.deepEqual(imbalances(simulation.results()), [])
        }
        await simulation.run()
        const results = simulation.results()
        t.deepEqual(imbalances(results), [])
        hashes.add(results.traceHash)
        for (const { drops } of Object.values(results.vifs)) disconnected += drops.disconnected
        simulation.close()
      }
      t.is(hashes.size, 1)
    }),
    { numRuns: 40 },
  )
  t.true(disconnected > 0)
})

test('a reconnect at the same times gives the same run', async (t) => {
  const hashes = new Set<string>()
  for (const payload of ['copy', 'none', 'copy'] as const) {
    const simulation = await make(t, { payload })
    await simulation.run('333ms')
    simulation.vifs.a?.reconnect()
    await simulation.run()
    hashes.add(simulation.results().traceHash)
  }
  t.is(hashes.size, 1)
  t.false(hashes.has((await simulate(checkScenario(input))).traceHash), 'and another one than without')
})

test('a reconnect before the first step and after the last one', async (t) => {
  const simulation = await make(t)
  simulation.vifs.a?.reconnect()
  await simulation.run()
  simulation.vifs.a?.reconnect()
  simulation.vifs.a?.reconnect()
  t.deepEqual(imbalances(simulation.results()), [])
})

test('captures are complete after each step', async (t) => {
  const pieces: Uint8Array[] = []
  const scenario = checkScenario({ ...input, output: { pcap: { vifs: ['a'] } } })
  const simulation = await Simulation.create(scenario, {
    onCapture: ({ file, bytes }) => void (file === 'vif-a-out.pcap' && pieces.push(bytes)),
  })
  t.teardown(() => simulation.close())
  for (const stop of ['1ns', '40ms', '41ms', '1s']) {
    await simulation.run(stop)
    const records = recordsOf(Buffer.concat(pieces))
    const { offeredPackets, droppedPackets } = simulation.vifs.a?.counters().tx ?? {
      offeredPackets: 0,
      droppedPackets: 0,
    }
    t.true(records.length > 0 && records.length <= offeredPackets - droppedPackets)
    t.true(records.every(({ timeNs }) => timeNs < simulation.nowNs))
  }
})

test('a signal stops a step between two slices, and the next step goes on', async (t) => {
  const simulation = await make(t, { duration: '1h', output: { interval: '1m' } })
  const controller = new AbortController()
  const reached = await simulation.run('1h', { signal: controller.signal, onProgress: () => controller.abort() })
  t.true(reached > 0 && reached < 3600e9)
  t.is(simulation.nowNs, reached)
  t.true(simulation.results().aborted)
  t.is(await simulation.run(reached + 1), reached + 1)
  t.is(await simulation.run('1h', { signal: AbortSignal.abort() }), reached + 1, 'aborted before it began')
})

test('one run at a time', async (t) => {
  const simulation = await make(t, { duration: '20s', output: { interval: '20s' } })
  const running = simulation.run('10s')
  await t.throwsAsync(simulation.run('11s'), { code: 'ERR_STATE', message: /under way already; wait/ })
  t.is(await running, 10e9)
  t.is(await simulation.run('11s'), 11e9)
  const failing = simulation.run('12s', {
    onProgress: () => {
      throw new Error('no more')
    },
  })
  await t.throwsAsync(failing, { message: 'no more' })
  t.is(await simulation.run('13s'), 13e9, 'a run that failed is over')
})

test('closed while it runs: the run says so', async (t) => {
  const simulation = await make(t, { duration: '1h', output: { interval: '1h' } })
  let calls = 0
  const running = simulation.run('1h', {
    onProgress: () => {
      calls += 1
      simulation.close()
    },
  })
  await t.throwsAsync(running, { instanceOf: RingbackError, code: 'ERR_CLOSED' })
  t.is(calls, 1)
})

test('closed: twice is fine, everything else says so', async (t) => {
  const simulation = await make(t)
  const { a } = simulation.vifs
  await simulation.run('10ms')
  simulation.close()
  simulation.close()
  const calls: (() => unknown)[] = [
    () => simulation.nowNs,
    () => simulation.vifs,
    () => simulation.results(),
    () => a?.fault,
    () => a?.carrier,
    () => a?.counters(),
    () => a?.reconnect(),
  ]
  for (const call of calls) t.throws(call, { instanceOf: RingbackError, code: 'ERR_CLOSED' }, String(call))
  for (const words of [[], ['20ms'], [NaN], [1, null]])
    await t.throwsAsync((simulation.run as (...words: unknown[]) => Promise<unknown>).apply(simulation, words), {
      instanceOf: RingbackError,
      code: 'ERR_CLOSED',
    })
  t.is(a?.name, 'a')
})

const integers: unknown[] = [NaN, -1, 0.5, Infinity, 2 ** 53, 1e9 + 1, 9e6, null, 1n, {}, [], true, Symbol.iterator]

test('wrong arguments are refused by name and change nothing', async (t) => {
  const simulation = await make(t)
  await simulation.run('10ms')
  const run = simulation.run.bind(simulation) as (...words: unknown[]) => Promise<unknown>
  for (const until of integers)
    await t.throwsAsync(run(until), {
      instanceOf: RingbackError,
      message: /^until must be an integer from 10000000 to 1000000000$/,
    })
  for (const until of ['', '5', 'soon', '-1s']) await t.throwsAsync(run(until), { code: 'ERR_UNIT' })
  for (const until of ['9ms', '2s']) await t.throwsAsync(run(until), { code: 'ERR_OUT_OF_RANGE', message: /^until / })
  for (const options of [null, 1, 'x'])
    await t.throwsAsync(run('1s', options), { code: 'ERR_INVALID_ARGUMENT', message: /^options/ })
  for (const signal of [null, 1, {}, { aborted: true }])
    await t.throwsAsync(run('1s', { signal }), { code: 'ERR_INVALID_ARGUMENT', message: /^options\.signal must be/ })
  for (const onProgress of [null, 1, {}])
    await t.throwsAsync(run('1s', { onProgress }), {
      code: 'ERR_INVALID_ARGUMENT',
      message: /^options\.onProgress must be/,
    })
  t.is(simulation.nowNs, 10e6)
  const create = Simulation.create.bind(Simulation) as (...words: unknown[]) => Promise<unknown>
  const scenario = checkScenario(input)
  const wrong: unknown[][] = [
    [],
    [null],
    [1],
    [{}],
    [scenario, null],
    [scenario, { onCapture: 1 }],
    [{ ...scenario, bridges: undefined }],
    [{ ...scenario, output: { ...scenario.output, pcap: 1 } }],
    [{ ...scenario, output: { ...scenario.output, pcap: { nics: [] } } }],
    [
      { ...scenario, output: { ...scenario.output, pcap: { nics: ['eth9'], vifs: [] } } },
      { onCapture: () => undefined },
    ],
    [{ ...scenario, vifs: scenario.vifs.map((vif) => ({ ...vif, queues: 9 })) }],
    [{ ...scenario, vifs: scenario.vifs.map((vif) => ({ ...vif, uplink: 'eth9' })) }],
    [{ ...scenario, bridges: scenario.bridges.map((bridge) => ({ ...bridge, ageingNs: -1 })) }],
    [{ ...scenario, traffic: scenario.traffic.map((source) => ({ ...source, to: 'nobody' })) }],
    [{ ...scenario, traffic: scenario.traffic.map((source) => ({ ...source, gsoBytes: 65_536 })) }],
  ]
  for (const words of wrong)
    await t.throwsAsync(create(...words), { instanceOf: RingbackError }, JSON.stringify(words[1]))
  const construct = Simulation as unknown as new (...words: unknown[]) => unknown
  t.throws(() => new construct(scenario), { code: 'ERR_INVALID_ARGUMENT', message: /Simulation\.create/ })
})

test('methods on a wrong receiver', async (t) => {
  const simulation = await make(t)
  const receivers: [prototype: object, names: string[]][] = [
    [Simulation.prototype, ['results', 'close']],
    [Object.getPrototypeOf(simulation.vifs.a) as object, ['counters', 'reconnect']],
  ]
  for (const [prototype, names] of receivers)
    for (const name of names) {
      const method = Reflect.get(prototype, name) as () => unknown
      t.throws(() => method.call({}), { instanceOf: TypeError }, name)
    }
})

test('many simulations at a time', async (t) => {
  const simulations = await Promise.all(Array.from({ length: 20 }, () => make(t, { duration: '50ms' })))
  await Promise.all(simulations.map((simulation) => simulation.run()))
  t.is(new Set(simulations.map((simulation) => simulation.results().traceHash)).size, 1)
})
