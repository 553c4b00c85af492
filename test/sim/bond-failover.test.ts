import fc from 'fast-check'
import test from 'ava'
import { checkScenario, simulate } from 'ringback'
import type { BondInput, Results } from 'ringback'

import { imbalances } from './conservation.ts'

// A NIC of a bond dies and comes back: every frame is where the moments of the link monitor say, to the nanosecond.

/** Frames of 500 bytes at 800 Mb/s: one each 5 us, never as the monitor looks, on a wire of 1 Gb/s for 4 us. */
const startNs = 2500
const apartNs = 5000
const wireNs = 4000
const miimonNs = 1_000_000
const stopNs = 60_000_000

/** What happens, in nanoseconds: the delays are multiples of miimon. */
interface Failure {
  diesNs: number
  backNs: number
  downdelay: number
  updelay: number
}

/** When the monitor looks for the first time after something. */
const nextLook = (ns: number): number => Math.ceil(ns / miimonNs) * miimonNs
const ns = (value: number): string => `${value}ns`

function run(bond: Pick<BondInput, 'mode' | 'primary' | 'numGratArp'>, failure: Failure): Promise<Results> {
  const delays = { updelay: ns(failure.updelay * miimonNs), downdelay: ns(failure.downdelay * miimonNs) }
  return simulate(
    checkScenario({
      name: 'failover',
      duration: ns(stopNs + apartNs),
      payload: 'none',
      nics: { eth0: { rate: '1Gb/s' }, eth1: { rate: '1Gb/s' } },
      bonds: { bond0: { ...bond, nics: ['eth0', 'eth1'], miimon: ns(miimonNs), ...delays } },
      vifs: { web: { uplink: 'bond0' } },
      traffic: [
        { kind: 'constant', vif: 'web', rate: '800Mb/s', size: 500, flows: 8, start: ns(startNs), stop: ns(stopNs) },
      ],
      events: [
        { at: ns(failure.diesNs), nic: 'eth0', link: 'down' },
        { at: ns(failure.backNs), nic: 'eth0', link: 'up' },
      ],
    }),
  )
}

/** The moments at which frames are offered, that fulfil something. */
function frames(fulfils: (ns: number, index: number) => boolean): number {
  let count = 0
  for (let k = 0; startNs + k * apartNs < stopNs; ++k) if (fulfils(startNs + k * apartNs, k)) ++count
  return count
}

/** Nothing happens at the very moment at which a frame is offered or has left. */
const offBeat = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least / apartNs, max: most / apartNs }), fc.integer({ min: 1, max: apartNs - 1 }))
    .map(([k, rest]) => startNs + k * apartNs + (rest === wireNs ? rest + 1 : rest))
const failures: fc.Arbitrary<Failure> = fc.record({
  diesNs: offBeat(5_000_000, 15_000_000),
  backNs: offBeat(25_000_000, 35_000_000),
  downdelay: fc.integer({ min: 0, max: 5 }),
  updelay: fc.integer({ min: 0, max: 10 }),
})

const wire = (results: Results) => ({
  sent: ['eth0', 'eth1'].map((name) => results.nics[name]?.sentPackets),
  lost: results.vifs['web']?.drops.link,
  dropped: results.vifs['web']?.droppedPackets,
  failovers: results.bonds['bond0']?.failovers,
})

test('active-backup: what is sent between the death and the look that ends downdelay is lost, and nothing else', (t) =>
  fc.assert(
    fc.asyncProperty(failures, async (failure) => {
      const results = await run({ mode: 'active-backup', primary: 'eth0', numGratArp: 0 }, failure)
      const awayNs = nextLook(failure.diesNs) + failure.downdelay * miimonNs
      const returnNs = nextLook(failure.backNs) + failure.updelay * miimonNs
      const lost = frames((at) => at + wireNs > failure.diesNs && at < awayNs)
      const onBackup = frames((at) => at >= awayNs && at < returnNs)
      const all = frames(() => true)
      t.deepEqual(wire(results), { sent: [all - lost - onBackup, onBackup], lost, dropped: lost, failovers: 2 })
      t.deepEqual(imbalances(results), [])
    }),
    { numRuns: 40 },
  ))

test('balance-rr: nothing is sent on a dead NIC, nor before the look that ends updelay', (t) =>
  fc.assert(
    fc.asyncProperty(failures, async (failure) => {
      const results = await run({ mode: 'balance-rr' }, failure)
      const returnNs = nextLook(failure.backNs) + failure.updelay * miimonNs
      const isAlone = (at: number): boolean => at >= failure.diesNs && at < returnNs
      const lost = frames((at, k) => k % 2 === 1 && at < failure.diesNs && at + wireNs > failure.diesNs)
      const onOther = frames((at, k) => isAlone(at) || k % 2 === 0)
      const all = frames(() => true)
      t.deepEqual(wire(results), { sent: [all - lost - onOther, onOther], lost, dropped: lost, failovers: 1 })
    }),
    { numRuns: 40 },
  ))
