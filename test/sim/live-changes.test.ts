import test from 'ava'
import { checkScenario, parseRate, RingbackError, simulate, Simulation } from 'ringback'
import type { Results, ScenarioInput } from 'ringback'
import { policyNames } from 'ringback/policy'

import { imbalances } from './conservation.ts'

// What changes while a scenario runs: by events, by calls, and what the results say about it.

const input: ScenarioInput = {
  name: 'live',
  duration: '1s',
  payload: 'none',
  nics: { eth0: { rate: '1Gb/s', propagation: '20us' }, eth1: { rate: '1Gb/s' } },
  bridges: { br0: { nics: ['eth1'] }, alone: {} },
  vifs: {
    web: { uplink: 'eth0', rate: '400Mb/s@1ms', min: '300Mb/s' },
    bulk: { uplink: 'eth0', weight: 2 },
    inside: { uplink: 'br0' },
    lone: { uplink: 'alone' },
  },
  traffic: [
    { kind: 'constant', vif: 'web', rate: '350Mb/s', size: 1500 },
    { kind: 'constant', vif: 'bulk', rate: '2Gb/s', size: 1500, flows: 8 },
    { kind: 'constant', vif: 'inside', rate: '100Mb/s', size: 1500 },
  ],
  output: { interval: '10ms' },
}

const changed = (change: Partial<ScenarioInput>) => checkScenario({ ...input, ...change })
/** Without what depends on the machine. */
const timeless = (results: Results): object => ({ ...results, wallSeconds: 0, packetsPerWallSecond: 0 })

type Teardown = { teardown: (fn: () => void) => void }

async function make(t: Teardown, change: Partial<ScenarioInput> = {}): Promise<Simulation> {
  const simulation = await Simulation.create(changed(change))
  t.teardown(() => simulation.close())
  return simulation
}

function named<T>(things: Readonly<Record<string, T>>, name: string): T {
  const thing = things[name]
  if (thing === undefined) throw new Error(`there is no ${name}`)
  return thing
}

const events: ScenarioInput['events'] = [
  { at: '100ms', vif: 'bulk', rate: '200Mb/s@5ms' },
  { at: '200ms', vif: 'web', min: '100Mb/s', weight: 3 },
  { at: '333ms', vif: 'web', rate: 'none', min: '500Mb/s' },
  { at: '400ms', nic: 'eth0', rate: '400Mb/s' },
  { at: '500ms', nic: 'eth0', link: 'down' },
  { at: '600ms', nic: 'eth0', link: 'up', rate: '1Gb/s' },
  { at: '700ms', vif: 'web', min: 'none' },
]

/** The same by calls. */
const calls: [atMs: number, call: (simulation: Simulation) => void][] = [
  [100, ({ vifs }) => named(vifs, 'bulk').setRate('200Mb/s@5ms')],
  [200, ({ vifs }) => (named(vifs, 'web').setMin('100Mb/s'), named(vifs, 'web').setWeight(3))],
  [333, ({ vifs }) => (named(vifs, 'web').setRate(null), named(vifs, 'web').setMin(500e6))],
  [400, ({ nics }) => named(nics, 'eth0').setRate('400Mb/s')],
  [500, ({ nics }) => named(nics, 'eth0').setLink('down')],
  [600, ({ nics }) => (named(nics, 'eth0').setRate(1e9), named(nics, 'eth0').setLink('up'))],
  [700, ({ vifs }) => named(vifs, 'web').setMin(null)],
]

for (const policy of policyNames)
  test(`${policy}: events and calls at the same times are the same run, however it is cut`, async (t) => {
    const control = { policy, interval: '50ms' }
    const byEvents = await simulate(changed({ events, control }))
    t.deepEqual(imbalances(byEvents), [])
    const simulation = await make(t, { control })
    for (const [ms, call] of calls) {
      await simulation.run(`${ms}ms`)
      call(simulation)
    }
    await simulation.run()
    // A rate and a min that change in one event are one change for the controller, and two by calls.
    if (policy !== 'adaptive') t.deepEqual(timeless(simulation.results()), timeless(byEvents))
    const cut = await make(t, { events, control })
    for (let us = 777; us < 1_000_000; us += 7777) await cut.run(us * 1000)
    await cut.run()
    t.deepEqual(timeless(cut.results()), timeless(byEvents))
    t.not(byEvents.traceHash, (await simulate(changed({ control }))).traceHash)
  })

test('results say what was changed, from what to what', async (t) => {
  const { changes, vifs, nics } = await simulate(changed({ events }))
  t.deepEqual(changes, [
    { seconds: 0.1, vif: 'bulk', key: 'rate', from: null, to: 200e6 },
    { seconds: 0.2, vif: 'web', key: 'min', from: 300e6, to: 100e6 },
    { seconds: 0.2, vif: 'web', key: 'weight', from: 1, to: 3 },
    { seconds: 0.333, vif: 'web', key: 'rate', from: 400e6, to: null },
    { seconds: 0.333, vif: 'web', key: 'min', from: 100e6, to: 500e6 },
    { seconds: 0.4, nic: 'eth0', key: 'rate', from: 1e9, to: 400e6 },
    { seconds: 0.5, nic: 'eth0', key: 'link', from: 'up', to: 'down' },
    { seconds: 0.6, nic: 'eth0', key: 'rate', from: 400e6, to: 1e9 },
    { seconds: 0.6, nic: 'eth0', key: 'link', from: 'down', to: 'up' },
    { seconds: 0.7, vif: 'web', key: 'min', from: 500e6, to: null },
  ])
  t.like(vifs.web, { minBps: null, weight: 3, rateBps: null })
  t.like(vifs.bulk, { minBps: null, weight: 2, rateBps: 200e6 })
  t.like(nics.eth0, { rateBps: 1e9, link: 'up' })
})

test('the series has each value as it was while its interval went on', async (t) => {
  const { series } = await simulate(changed({ events, control: { policy: 'adaptive', interval: '50ms' } }))
  const at = (seconds: number): number => Math.round(seconds / 0.01) - 1
  const { web, bulk } = series.vifs
  const { eth0 } = series.nics
  t.deepEqual([web?.minBps[at(0.2)], web?.minBps[at(0.21)]], [300e6, 100e6])
  t.deepEqual([web?.rateBps[at(0.33)], web?.rateBps[at(0.34)]], [400e6, null])
  t.deepEqual([web?.minBps[at(0.7)], web?.minBps[at(0.71)]], [500e6, null])
  t.deepEqual([bulk?.rateBps[at(0.1)], bulk?.rateBps[at(0.11)]], [null, 200e6])
  t.deepEqual([eth0?.rateBps[at(0.4)], eth0?.rateBps[at(0.5)], eth0?.rateBps[at(0.6)]], [1e9, 400e6, 0])
  t.deepEqual([eth0?.rateBps[at(0.61)], series.nics.eth1?.rateBps[at(0.55)]], [1e9, 1e9])
  t.true((bulk?.allocationBps[at(0.1)] ?? 0) > 400e6 && bulk?.allocationBps[at(0.11)] === 200e6)
  t.true(bulk?.busy[at(0.3)])
  t.false(series.vifs.inside?.busy[at(0.3)])
  t.is(series.vifs.lone?.allocationBps[0], null)
})

test('mins that do not fit for a time are told, and nothing is sent without a link', async (t) => {
  for (const policy of policyNames) {
    const { uplinks, nics, vifs, series } = await simulate(changed({ events, control: { policy } }))
    t.is(uplinks.eth0?.minsScaledSeconds, 0.2, `${policy}: 500 Mb/s of 400, then of none`)
    t.is(uplinks.eth0?.capacityBps, 1e9)
    t.like(uplinks.br0, { minsScaledSeconds: 0, capacityBps: 1e9 })
    t.like(uplinks.alone, { minsScaledSeconds: 0, capacityBps: null })
    const { linkDrops = 0, linkDroppedBytes = 0 } = nics.eth0 ?? {}
    t.true(linkDrops > 0 && linkDroppedBytes === linkDrops * 1500, policy)
    t.is((vifs.web?.drops.link ?? 0) + (vifs.bulk?.drops.link ?? 0), linkDrops)
    const throughput = series.vifs.web?.throughputBps ?? []
    t.deepEqual(throughput.slice(50, 60), Array(10).fill(0), policy)
    t.true((throughput[65] ?? 0) > 300e6, policy)
  }
})

test('a change takes effect at once: what is held back begins a new window, and a cap is kept from there', async (t) => {
  const simulation = await make(t, { output: { interval: '1ms' } })
  const bulk = named(simulation.vifs, 'bulk')
  await simulation.run('500ms')
  bulk.setRate('80Mb/s@1ms')
  await simulation.run('700ms')
  bulk.setRate(parseRate('160Mb/s@1ms'))
  await simulation.run()
  const throughput = simulation.results().series.vifs.bulk?.throughputBps ?? []
  const over = (from: number, to: number): number =>
    throughput.slice(from, to).reduce((sum, bps) => sum + bps, 0) / (to - from)
  // The NIC's queue held 4 ms of what came before.
  t.true(Math.abs(over(506, 700) - 80e6) < 1e6, String(over(506, 700)))
  t.true(Math.abs(over(702, 1000) - 160e6) < 1e6, String(over(702, 1000)))
})

test('what vifs and NICs have is readable', async (t) => {
  const simulation = await make(t, { control: { policy: 'adaptive' } })
  const [web, bulk, lone] = ['web', 'bulk', 'lone'].map((name) => named(simulation.vifs, name))
  const eth0 = named(simulation.nics, 'eth0')
  t.deepEqual(Object.keys(simulation.nics), ['eth0', 'eth1'])
  t.deepEqual([web?.rate, web?.min, web?.weight], [parseRate('400Mb/s@1ms'), 300e6, 1])
  t.deepEqual([bulk?.rate, bulk?.min, bulk?.weight, bulk?.isBusy], [null, null, 2, false])
  t.deepEqual([web?.allocationBps, bulk?.allocationBps, lone?.allocationBps], [400e6, 600e6, null])
  t.deepEqual([eth0.name, eth0.rateBps, eth0.link], ['eth0', 1e9, 'up'])
  await simulation.run('900ms')
  t.true(bulk?.isBusy)
  t.false(lone?.isBusy)
  t.true(eth0.counters().sentPackets > 10_000)
  const { eth0: results } = simulation.results().nics
  t.like(results, { ...eth0.counters() })
  eth0.setLink('down')
  t.deepEqual([eth0.rateBps, eth0.link, web?.allocationBps], [1e9, 'down', 0])
})

test('what is set to what it was is no change', async (t) => {
  const control = { policy: 'adaptive' } as const
  const plain = await simulate(changed({ control }))
  const simulation = await make(t, { control })
  for (let ms = 25; ms < 1000; ms += 25) {
    await simulation.run(`${ms}ms`)
    named(simulation.vifs, 'web').setRate('400Mb/s@1ms')
    named(simulation.vifs, 'web').setMin(300e6)
    named(simulation.vifs, 'bulk').setWeight(2)
    named(simulation.nics, 'eth0').setRate(1e9)
    named(simulation.nics, 'eth0').setLink('up')
  }
  await simulation.run()
  t.deepEqual(timeless(simulation.results()), timeless(plain))
})

test('a call while a run is awaited applies at the time that was reached', async (t) => {
  const simulation = await make(t, { duration: '20s', output: { interval: '1s' } })
  const bulk = named(simulation.vifs, 'bulk')
  let calledNs = 0
  await simulation.run('20s', {
    onProgress: ({ simulatedNs }) => {
      if (calledNs > 0) return
      calledNs = simulatedNs
      bulk.setRate('10Mb/s')
    },
  })
  t.true(calledNs > 0 && calledNs < 20e9)
  const { changes } = simulation.results()
  t.deepEqual(changes, [{ seconds: calledNs / 1e9, vif: 'bulk', key: 'rate', from: null, to: 10e6 }])
})

test('paced by the clock it is the same run, and takes as long', async (t) => {
  const control = { policy: 'reserved' } as const
  const paced = await make(t, { events, control })
  const began = performance.now()
  let calls = 0
  await paced.run('1s', { realtime: 4, onProgress: () => (calls += 1) })
  t.true(performance.now() - began >= 250, 'never ahead of the clock')
  t.true(calls > 1, 'it turns while it waits')
  t.deepEqual(timeless(paced.results()), timeless(await simulate(changed({ events, control }))))
})

test('a paced run stops at a signal', async (t) => {
  const simulation = await make(t)
  const controller = new AbortController()
  const reached = await simulation.run('1s', {
    realtime: true,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  })
  t.true(reached < 1e9)
  t.is(await simulation.run('1s', { realtime: false }), 1e9)
})

test('bad values are answered and change nothing', async (t) => {
  const simulation = await make(t, { control: { policy: 'reserved' } })
  await simulation.run('10ms')
  const [web, bulk, lone] = ['web', 'bulk', 'lone'].map((name) => named(simulation.vifs, name))
  const eth0 = named(simulation.nics, 'eth0')
  if (!web || !bulk || !lone) return t.fail()
  const call = (thing: object, method: string, value: unknown) => (): void =>
    (Reflect.get(thing, method) as (value: unknown) => void).call(thing, value)
  const bad: [code: string, call: () => void][] = [
    ...['', '5', 'fast', '0Mb/s', '1Mb/s@0us'].flatMap((text): [string, () => void][] => [
      ['ERR_UNIT', call(web, 'setRate', text)],
      ['ERR_UNIT', call(web, 'setMin', text)],
      ['ERR_UNIT', call(eth0, 'setRate', text)],
    ]),
    ['ERR_UNIT', call(web, 'setMin', '1Mb/s@1ms')],
    ['ERR_OUT_OF_RANGE', call(web, 'setRate', '299Mb/s')],
    ['ERR_OUT_OF_RANGE', call(web, 'setMin', '401Mb/s')],
    ['ERR_ADMISSION', call(bulk, 'setMin', '701Mb/s')],
    ['ERR_ADMISSION', call(lone, 'setMin', 1)],
    ...[NaN, -1, 0.5, Infinity, 1e13 + 1, 2 ** 53].flatMap((value): [string, () => void][] => [
      ['ERR_OUT_OF_RANGE', call(web, 'setMin', value)],
      ['ERR_OUT_OF_RANGE', call(eth0, 'setRate', value)],
      ['ERR_OUT_OF_RANGE', call(web, 'setWeight', value)],
    ]),
    ['ERR_OUT_OF_RANGE', call(eth0, 'setRate', 0)],
    ...[0, 10_001].map((value): [string, () => void] => ['ERR_OUT_OF_RANGE', call(web, 'setWeight', value)]),
    ...[undefined, true, {}, [], 1n, Symbol.iterator].flatMap((value): [string, () => void][] => [
      ['ERR_INVALID_ARGUMENT', call(web, 'setRate', value)],
      ['ERR_INVALID_ARGUMENT', call(web, 'setMin', value)],
      ['ERR_INVALID_ARGUMENT', call(web, 'setWeight', value)],
      ['ERR_INVALID_ARGUMENT', call(eth0, 'setRate', value)],
      ['ERR_INVALID_ARGUMENT', call(eth0, 'setLink', value)],
    ]),
    ['ERR_INVALID_ARGUMENT', call(eth0, 'setLink', 'off')],
    ...[{ creditBytes: 0 }, { creditUsec: 2 ** 32 }, { bitsPerSecond: 0.5 }].map((part): [string, () => void] => [
      'ERR_OUT_OF_RANGE',
      call(web, 'setRate', { ...parseRate('400Mb/s'), ...part }),
    ]),
  ]
  for (const [code, change] of bad) t.throws(change, { instanceOf: RingbackError, code }, String(change))
  t.deepEqual([web.rate, web.min, web.weight], [parseRate('400Mb/s@1ms'), 300e6, 1])
  t.deepEqual([bulk.min, lone.min, eth0.rateBps, eth0.link], [null, null, 1e9, 'up'])
  await simulation.run()
  t.deepEqual(timeless(simulation.results()), timeless(await simulate(changed({ control: { policy: 'reserved' } }))))
})

test('a min may be lowered while it does not fit, and raised as far as the NIC has with its link up', async (t) => {
  const simulation = await make(t, { control: { policy: 'adaptive' } })
  const web = named(simulation.vifs, 'web')
  const eth0 = named(simulation.nics, 'eth0')
  eth0.setRate('100Mb/s')
  web.setMin('200Mb/s')
  t.throws(() => web.setMin('201Mb/s'), { code: 'ERR_ADMISSION' })
  eth0.setRate('1Gb/s')
  eth0.setLink('down')
  web.setMin('400Mb/s')
  t.is(web.allocationBps, 0)
  eth0.setLink('up')
  t.is(web.allocationBps, 400e6)
})

test('a bad speed is refused by name', async (t) => {
  const simulation = await make(t)
  const run = simulation.run.bind(simulation) as (...words: unknown[]) => Promise<unknown>
  for (const realtime of [null, 'fast', {}, 1n])
    await t.throwsAsync(run('1s', { realtime }), {
      code: 'ERR_INVALID_ARGUMENT',
      message: /^options\.realtime must be/,
    })
  for (const realtime of [0, -1, NaN, Infinity, 1e7])
    await t.throwsAsync(run('1s', { realtime }), { code: 'ERR_OUT_OF_RANGE', message: /^options\.realtime must be/ })
  t.is(simulation.nowNs, 0)
})

test('closed: everything says so, also with bad values', async (t) => {
  const simulation = await make(t)
  const web = named(simulation.vifs, 'web')
  const eth0 = named(simulation.nics, 'eth0')
  simulation.close()
  const all: (() => unknown)[] = [
    () => simulation.nics,
    () => web.rate,
    () => web.min,
    () => web.weight,
    () => web.allocationBps,
    () => web.isBusy,
    () => web.setRate('fast'),
    () => web.setMin(-1),
    () => web.setWeight(0),
    () => eth0.rateBps,
    () => eth0.link,
    () => eth0.counters(),
    () => eth0.setRate('fast'),
    () => eth0.setLink('up'),
  ]
  for (const call of all) t.throws(call, { instanceOf: RingbackError, code: 'ERR_CLOSED' }, String(call))
  t.is(eth0.name, 'eth0')
})

test('scenarios that checkScenario would not make are refused', async (t) => {
  const scenario = changed({})
  const wrong: object[] = [
    { events: undefined },
    { events: [{ atNs: 0, vif: 'nobody', weight: 1 }] },
    { events: [{ atNs: 0, nic: 'nobody', link: 'up' }] },
    { control: undefined },
    { control: { ...scenario.control, intervalNs: 0 } },
    { control: { ...scenario.control, policy: 'fair' } },
    { control: { ...scenario.control, detector: { enter: 2 } } },
    { vifs: scenario.vifs.map((vif) => ({ ...vif, minBps: 900e6 })) },
    { vifs: scenario.vifs.map((vif) => ({ ...vif, weight: 0 })) },
    { vifs: scenario.vifs.map((vif) => ({ ...vif, minBps: NaN })) },
  ]
  for (const change of wrong)
    await t.throwsAsync(
      Simulation.create({ ...scenario, ...change }),
      { instanceOf: RingbackError },
      JSON.stringify(change),
    )
})
