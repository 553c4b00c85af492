import test from 'ava'
import { checkScenario, simulate, Simulation } from 'ringback'
import type { Results, ScenarioInput } from 'ringback'

import { imbalances } from './conservation.ts'

// What the work of back ends costs, as results tell it. test/native/sim/costs_test.cc has the model's rules.

const input = (changes: Partial<ScenarioInput> = {}, vif: object = {}): ScenarioInput => ({
  name: 'costs',
  duration: '20ms',
  payload: 'none',
  costs: { packet: '300ns', byte: '0.05ns', notify: '1us' },
  nics: { eth0: { rate: '1000Gb/s' } },
  vifs: { web: { uplink: 'eth0', ...vif } },
  traffic: [{ kind: 'constant', vif: 'web', rate: '50Gb/s', size: 1500 }],
  ...changes,
})
const run = (scenario: ScenarioInput): Promise<Results> => simulate(checkScenario(scenario))

test('a saturated core: its busy time, its polls, and what they let through', async (t) => {
  for (const batch of [1, 16, 64]) {
    const { backEnd, vifs, ...results } = await run(input({}, { batch }))
    if (!backEnd || !vifs.web) return t.fail()
    t.deepEqual(imbalances({ backEnd, vifs, ...results }), [])
    t.is(backEnd.cores, 1)
    t.true(backEnd.utilisation > 0.9999 && backEnd.utilisation <= 1)
    t.is(backEnd.busySeconds, backEnd.utilisation * 0.02)
    const nsPerPacket = 375 + 1000 / batch
    t.true(Math.abs(backEnd.nsPerPacket / nsPerPacket - 1) < 0.001, `${backEnd.nsPerPacket}`)
    t.true(Math.abs(backEnd.packetsPerPoll / batch - 1) < 0.01)
    t.true(Math.abs(vifs.web.deliveredPackets - 20e6 / nsPerPacket) <= 3 * batch, `${vifs.web.deliveredPackets}`)
    // Each poll's event reaches the guest; the first ones are still of an idle back end.
    t.true(Math.abs(vifs.web.notifications.toFrontEnd - backEnd.polls) <= 2)
    t.true(vifs.web.notifications.toBackEnd >= 1 && vifs.web.notifications.toBackEnd === backEnd.wakeups)
    t.true(backEnd.wakeups < 10)
  }
})

test('two vifs have twice as much on two cores', async (t) => {
  const of = async (cores: number): Promise<number> => {
    const { packets } = await run(
      input({
        costs: { packet: '1us', cores },
        vifs: { a: { uplink: 'eth0' }, b: { uplink: 'eth0' } },
        traffic: ['a', 'b'].map((vif) => ({ kind: 'constant', vif, rate: '50Gb/s', size: 1500 })),
      }),
    )
    return packets.delivered
  }
  const [one, two, four] = [await of(1), await of(2), await of(4)]
  t.true(Math.abs(one - 20_000) <= 128 && Math.abs(two - 40_000) <= 256)
  t.is(four, two, 'a queue is on one core at a time')
})

test('without costs there is no back end to tell of, and costs of nothing take no time', async (t) => {
  const { costs, ...free } = input({ traffic: [{ kind: 'constant', vif: 'web', rate: '1Gb/s', size: 1500 }] })
  t.truthy(costs)
  const results = await run(free)
  t.false('backEnd' in results)
  t.true((results.vifs.web?.notifications.toBackEnd ?? 0) > 0)
  const { backEnd, vifs } = await run({ ...free, costs: {} })
  t.like(backEnd, { cores: 1, busySeconds: 0, utilisation: 0, nsPerPacket: 0 })
  t.deepEqual(vifs.web?.tx, results.vifs.web?.tx)
})

test('a guest that uses a part of its ring has that much under way at most', async (t) => {
  for (const txSlots of [17, 100, 256]) {
    const scenario = input({ costs: { packet: '10us' } }, { txSlots, backlog: 1 })
    const { vifs } = await run(scenario)
    t.true(Math.abs((vifs.web?.queuedPackets ?? 0) - (txSlots + 1)) <= 64, `${vifs.web?.queuedPackets}`)
    // A frame waits for those before it, which are as many as the guest lets wait.
    t.true(Math.abs((vifs.web?.latencyNs.p50 ?? 0) / ((txSlots + 1) * 10_000) - 1) < 0.02)
  }
})

test('events for each push cost what they cost', async (t) => {
  const of = (notifications: string) =>
    run(
      input(
        { traffic: [{ kind: 'constant', vif: 'web', rate: '1Gb/s', size: 1500 }] },
        { notifications, rate: '500Mb/s@1ms' },
      ),
    )
  const [suppressed, always] = [await of('suppressed'), await of('always')]
  t.is(suppressed.packets.delivered, always.packets.delivered)
  t.true((suppressed.backEnd?.wakeups ?? 0) * 1.5 < (always.backEnd?.wakeups ?? 0))
  t.true((suppressed.backEnd?.busySeconds ?? 0) * 1.5 < (always.backEnd?.busySeconds ?? 0))
})

test('a run in small steps, and guests that come back while their frames are on a core', async (t) => {
  const scenario = checkScenario(input({ duration: '2ms', costs: { packet: '3us', notify: '7us', cores: 2 } }))
  const whole = await simulate(scenario)
  const of = async (reconnectNs: number): Promise<Results> => {
    const simulation = await Simulation.create(scenario)
    try {
      for (let ns = 777; ns < scenario.durationNs; ns += 777) {
        await simulation.run(ns)
        if (ns % reconnectNs === 0) simulation.vifs.web?.reconnect()
        t.deepEqual(imbalances(simulation.results()), [])
      }
      await simulation.run()
      return simulation.results()
    } finally {
      simulation.close()
    }
  }
  t.is((await of(Infinity)).traceHash, whole.traceHash)
  const interrupted = await of(777 * 100)
  t.true((interrupted.vifs.web?.drops.disconnected ?? 0) > 0)
  t.true(interrupted.packets.delivered > 0)
})
