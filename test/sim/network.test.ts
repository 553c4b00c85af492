import test from 'ava'
import fc from 'fast-check'
import { checkScenario, parseDuration, RingbackError, simulate, Simulation } from 'ringback'
import type { Results, ScenarioInput } from 'ringback'

import { imbalances } from './conservation.ts'
import { scenarioInputs } from './random-scenarios.ts'

// Both directions, bridges and queues, in whole runs.

test('nothing is lost track of, whatever the network; payload or none is the same run', async (t) => {
  let [forwarded, copied, received, bridgeDrops] = [0, 0, 0, 0]
  await fc.assert(
    fc.asyncProperty(scenarioInputs, async (input) => {
      const scenario = checkScenario(input)
      const results = await simulate(scenario)
      t.deepEqual(imbalances(results), [])
      const none = await simulate({ ...scenario, payload: 'none' })
      t.is(none.traceHash, results.traceHash)
      t.deepEqual(none.vifs, results.vifs)
      t.deepEqual([none.nics, none.bridges], [results.nics, results.bridges])
      for (const vif of Object.values(results.vifs)) {
        t.deepEqual([vif.fault, vif.carrier], [null, true])
        forwarded += vif.tx.forwardedPackets
        copied += vif.tx.copiedPackets
        received += vif.rx.deliveredPackets
        bridgeDrops += vif.drops.bridge
      }
    }),
    { numRuns: 60 },
  )
  t.true(
    [forwarded, copied, received, bridgeDrops].every((count) => count > 0),
    'all of it happened',
  )
})

/** What does not depend on when samples are taken. */
const unsampled = ({ traceHash, vifs, nics }: Results): object => ({
  traceHash,
  vifs: Object.values(vifs).map((vif) => ({ ...vif, shortfall: null })),
  nics,
})

test('a run in steps, sampled anyhow, is the same run', async (t) => {
  await fc.assert(
    fc.asyncProperty(scenarioInputs, fc.array(fc.nat(40_000_000), { maxLength: 5 }), async (input, stops) => {
      const whole = await simulate(checkScenario(input))
      const simulation = await Simulation.create(checkScenario({ ...input, output: { interval: '7ms' } }))
      try {
        for (const stop of stops.toSorted((a, b) => a - b)) {
          t.is(await simulation.run(stop), stop)
          t.deepEqual(imbalances(simulation.results()), [], 'at every moment')
        }
        t.is(await simulation.run(), parseDuration('40ms'))
        t.deepEqual(unsampled(simulation.results()), unsampled(whole))
      } finally {
        simulation.close()
      }
    }),
    { numRuns: 25 },
  )
})

/** The bits a second that reach the other side of a vif with a cap. */
async function cappedBps(queues: number, uplink: 'eth0' | 'br0'): Promise<number> {
  const results = await simulate(
    checkScenario({
      name: 'queues',
      duration: '60s',
      payload: 'none',
      nics: { eth0: { rate: '40Gb/s', queue: '16MB' } },
      bridges: { br0: { nics: uplink === 'br0' ? ['eth0'] : [] } },
      vifs: { web: { uplink, rate: '10Mb/s@50ms', queues } },
      traffic: [{ kind: 'constant', vif: 'web', rate: '100Mb/s', size: 1500, flows: 64 }],
      output: { interval: '1s' },
    }),
  )
  return results.vifs.web?.tx.throughputBps ?? 0
}

for (const queues of [1, 2, 4, 8])
  test(`a cap holds for a vif, not for each of its ${queues} queues`, async (t) => {
    for (const uplink of ['eth0', 'br0'] as const) {
      const error = Math.abs((await cappedBps(queues, uplink)) / 10e6 - 1)
      t.true(error <= 0.0005, `${(error * 100).toFixed(4)} %`)
    }
  })

const lan = (change: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: 'lan',
  duration: '1s',
  nics: { eth0: { rate: '1Gb/s', propagation: '20us' } },
  bridges: { br0: { nics: ['eth0'] } },
  vifs: { a: { uplink: 'br0' }, b: { uplink: 'br0' }, c: { uplink: 'br0' } },
  traffic: [
    { kind: 'constant', vif: 'b', to: 'a', rate: '1Mb/s', size: 1000 },
    { kind: 'constant', vif: 'a', to: 'b', rate: '100Mb/s', size: 1000, start: '100ms' },
  ],
  ...change,
})

test('guests on a bridge reach one another at once, and nobody else', async (t) => {
  const { vifs, nics, bridges, packets } = await simulate(checkScenario(lan()))
  // 12,500 packets a second for 0.9 s, and 125 in the whole second.
  t.like(vifs.a?.tx, { offeredPackets: 11_250, forwardedPackets: 11_250, deliveredPackets: 11_250, copiedPackets: 0 })
  t.like(vifs.b?.rx, { offeredPackets: 11_250, arrivedPackets: 11_250, deliveredPackets: 11_250 })
  t.deepEqual([vifs.a?.rx.deliveredPackets, vifs.c?.rx.offeredPackets, nics.eth0?.sentPackets], [125, 0, 0])
  t.deepEqual(bridges, { br0: { learned: 4, moved: 0, refused: 0, flooded: 0 } }, 'three guests and the outside')
  t.deepEqual(packets, { offered: 11_375, delivered: 11_375, dropped: 0, queued: 0, copied: 0 })
  const { p50, p99, max } = vifs.b?.rx.latencyNs ?? { p50: NaN, p99: NaN, max: NaN }
  t.deepEqual([p50, p99, max], [0, 0, 0], 'polls take no time, and there is no wire between them')
  t.is(vifs.b?.rx.throughputBps, 11_250 * 8000)
})

test('a station that was not heard for the ageing time is looked for everywhere', async (t) => {
  const bridges = { br0: { nics: ['eth0'], ageing: '50ms' } }
  const { vifs, nics, packets, bridges: results } = await simulate(checkScenario(lan({ bridges })))
  // a was heard when it came up, at 0, and is again from 100 ms on: the frames of b at 56, 64 ... 96 ms go to a, c and eth0.
  t.like(vifs.b?.tx, { offeredPackets: 125 + 12, copiedPackets: 12, forwardedPackets: 125 + 6, deliveredPackets: 137 })
  t.deepEqual([vifs.a?.rx.deliveredPackets, vifs.c?.rx.deliveredPackets, nics.eth0?.sentPackets], [125, 6, 6])
  t.is(results.br0?.flooded, 6)
  t.deepEqual(packets, { offered: 11_387, delivered: 11_387, dropped: 0, queued: 0, copied: 12 })
})

test("a cap holds what a guest sends to another back, and the receiver's latency shows it", async (t) => {
  const vifs = { a: { uplink: 'br0', rate: '50Mb/s@10ms' }, b: { uplink: 'br0', rate: '8Kb/s' }, c: { uplink: 'br0' } }
  const { vifs: results } = await simulate(checkScenario(lan({ vifs })))
  t.true(Math.abs((results.b?.rx.throughputBps ?? 0) / 45.5e6 - 1) < 0.001, 'the credit of 91 windows')
  t.true((results.b?.rx.latencyNs.p50 ?? 0) > 50e6, 'a queue of 1000 frames at 50 Mb/s')
  t.is(results.b?.rx.droppedPackets, 0, "b's own cap is for what it sends")
})

test('without learning every frame is flooded', async (t) => {
  const { vifs, bridges, packets } = await simulate(
    checkScenario(lan({ bridges: { br0: { nics: ['eth0'], ageing: '0s' } } })),
  )
  t.is(vifs.c?.rx.deliveredPackets, 125 + 11_250)
  t.is(bridges.br0?.flooded, 125 + 11_250)
  t.is(packets.copied, 2 * (125 + 11_250))
})

test('frames from the wire: the NIC counts them, its queue and speed bound them', async (t) => {
  const input = lan({
    nics: { eth0: { rate: '100Mb/s', queue: '64KB', propagation: '1ms' } },
    traffic: [{ kind: 'constant', vif: 'a', rate: '200Mb/s', size: 1000, direction: 'in', stop: '900ms' }],
  })
  for (const change of [{}, { bridges: {}, vifs: { a: { uplink: 'eth0' } } }]) {
    const results = await simulate(checkScenario({ ...input, ...change }))
    const { a } = results.vifs
    t.is(a?.rx.offeredPackets, 22_500 + (a?.rx.copiedPackets ?? 0))
    const nic = results.nics.eth0
    t.is(a?.rx.drops.nic, nic?.receiveDrops)
    t.is(22_500, (nic?.receivedPackets ?? 0) + (nic?.receiveDrops ?? 0))
    t.true(Math.abs((nic?.receiveUtilisation ?? 0) - 0.905) < 0.01, `${nic?.receiveUtilisation}`)
    t.is(nic?.utilisation, 0)
    t.is(nic?.receivedBytes, (nic?.receivedPackets ?? 0) * 1000)
    t.true((a?.rx.latencyNs.p50 ?? 0) > 1e6 + 5e6, 'the wire and a full queue of 64 KB')
    t.deepEqual(imbalances(results), [])
  }
})

test('frames from the wire come in on the uplink, or on the first NIC of the bridge', async (t) => {
  const [eth0, eth1, eth2] = [{ rate: '1Gb/s' }, { rate: '1Gb/s' }, { rate: '1Gb/s' }]
  const results = await simulate(
    checkScenario({
      name: 'nics',
      duration: '10ms',
      nics: { eth0, eth1, eth2 },
      bridges: { br0: { nics: [] }, br1: { nics: ['eth2', 'eth0'] } },
      vifs: { a: { uplink: 'br1' }, b: { uplink: 'eth1' } },
      traffic: [
        { kind: 'constant', vif: 'a', rate: '80Mb/s', size: 1000, direction: 'in' },
        { kind: 'constant', vif: 'b', rate: '40Mb/s', size: 1000, direction: 'in' },
      ],
    }),
  )
  t.deepEqual(
    Object.values(results.nics).map(({ receivedPackets }) => receivedPackets),
    [0, 50, 100],
  )
})

test('the series adds up to the totals, in both directions', async (t) => {
  const traffic: ScenarioInput['traffic'] = [
    ...lan().traffic,
    { kind: 'constant', vif: 'c', rate: '30Mb/s', size: 700, direction: 'in' },
  ]
  const results: Results = await simulate(checkScenario(lan({ traffic })))
  const bytes = (column: readonly number[] | undefined): number =>
    Math.round((column ?? []).reduce((sum, bps) => sum + bps / 80, 0))
  for (const [name, vif] of Object.entries(results.vifs)) {
    const series = results.series.vifs[name]
    t.is(bytes(series?.throughputBps), vif.deliveredBytes)
    t.is(bytes(series?.demandBps), vif.offeredBytes)
    t.is(bytes(series?.receiveBps), vif.rx.deliveredBytes - vif.rx.forwardedBytes, 'what the guest got')
  }
  const busy = (results.series.nics.eth0?.receiveUtilisation ?? []).reduce((sum, part) => sum + part / 10, 0)
  t.true(Math.abs(busy - (results.nics.eth0?.receiveUtilisation ?? 0)) < 1e-9)
  t.true((results.nics.eth0?.receiveUtilisation ?? 0) > 0.02)
})

test('the captures in both directions: what the guests get is what was sent to them', async (t) => {
  const guest = 'fe:b6:f2:0c:ea:6f'
  const names = ['bulk', 'web', 'voip']
  const traffic = names.map((vif) => ({
    kind: 'replay' as const,
    vif,
    pcap: `examples/captures/${vif}.pcap`,
    guest,
    direction: 'in' as const,
  }))
  const vifs = Object.fromEntries(names.map((name) => [name, { uplink: 'eth0' }]))
  const results = await simulate(
    checkScenario({
      name: 'in',
      duration: '20s',
      nics: { eth0: { rate: '100Mb/s' } },
      vifs,
      traffic,
      output: { interval: '1s' },
    }),
  )
  const of = (name: string) => [results.vifs[name]?.rx.deliveredPackets, results.vifs[name]?.rx.deliveredBytes]
  t.deepEqual(names.map(of), [
    [684, 45_528],
    [3_029, 222_550],
    [18, 1_874],
  ])
  t.is(results.packets.delivered, 3731)
})

test('4095 vifs with one event channel each; with two there are not enough', async (t) => {
  const names = Array.from({ length: 4095 }, (_, i) => `v${i}`)
  const scenario = checkScenario({
    name: 'many',
    duration: '1ms',
    payload: 'none',
    nics: { eth0: { rate: '10Gb/s' } },
    vifs: Object.fromEntries(names.map((name) => [name, { uplink: 'eth0', splitEventChannels: false }])),
    traffic: names.map((vif) => ({ kind: 'constant', vif, rate: '100Mb/s', size: 1500 })),
    output: { interval: '1ms' },
  })
  const { packets, vifs } = await simulate(scenario)
  t.is(packets.offered, 9 * 4095)
  t.true(Object.values(vifs).every(({ tx }) => tx.deliveredPackets + tx.drops.nic > 0))
  const split = scenario.vifs.map((vif) => ({ ...vif, splitEventChannels: true }))
  await t.throwsAsync(simulate({ ...scenario, vifs: split }), { instanceOf: RingbackError, message: /event channels/ })
})

test('each queue has rings and a backlog of its own', async (t) => {
  const queuedWith = async (queues: number): Promise<number | undefined> => {
    const vifs = { web: { uplink: 'br0', rate: '8Kb/s', queues, backlog: 10 } }
    const traffic = [{ kind: 'constant' as const, vif: 'web', rate: '100Mb/s', size: 1500, flows: 64 }]
    const results = await simulate(checkScenario(lan({ vifs, traffic })))
    return results.vifs.web?.tx.queuedPackets
  }
  t.deepEqual(await Promise.all([1, 2, 4, 8].map(queuedWith)), [266, 532, 1064, 2128])
})
