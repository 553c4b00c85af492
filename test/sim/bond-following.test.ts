import fc from 'fast-check'
import test from 'ava'
import { checkScenario, simulate, Simulation } from 'ringback'
import type { BondInput, Results, Scenario, ScenarioInput } from 'ringback'
import { policyNames } from 'ringback/policy'

import { built } from '../lib/built.ts'
import { imbalances } from './conservation.ts'

// The vifs of a bond share what it carries from the very nanosecond on at which it notices that this has changed.

const miimonNs = 1_000_000
const ns = (value: number): string => `${value}ns`

const input: ScenarioInput = {
  name: 'following',
  duration: '400ms',
  payload: 'none',
  nics: { eth0: { rate: '1Gb/s' }, eth1: { rate: '1Gb/s' } },
  bonds: {
    bond0: { mode: 'balance-xor', nics: ['eth0', 'eth1'], miimon: '1ms', downdelay: '2ms', updelay: '5ms' },
  },
  vifs: { web: { uplink: 'bond0', min: '600Mb/s', ringOrder: 2 }, bulk: { uplink: 'bond0', min: '900Mb/s' } },
  traffic: [
    { kind: 'constant', vif: 'web', rate: '700Mb/s', size: 1500, flows: 64 },
    { kind: 'constant', vif: 'bulk', rate: '3Gb/s', size: 1500, flows: 64 },
  ],
  events: [
    { at: '130300us', nic: 'eth1', link: 'down' },
    { at: '240700us', nic: 'eth1', link: 'up' },
  ],
  control: { policy: 'reserved', interval: '100ms' },
  output: { interval: '50ms' },
}
/** The first look, after which nothing is sent there, and the one that ends updelay. */
const awayNs = 131_000_000
const backNs = 246_000_000

const changed = (change: Partial<ScenarioInput>): Scenario => checkScenario({ ...input, ...change })
/** Without what depends on the machine. */
const timeless = (results: Results): object => ({ ...results, wallSeconds: 0, packetsPerWallSecond: 0 })

interface Teardown {
  teardown: (fn: () => void) => void
}

async function make(t: Teardown, change: Partial<ScenarioInput>): Promise<Simulation> {
  const simulation = await Simulation.create(changed(change))
  t.teardown(() => simulation.close())
  return simulation
}

const allocated = ({ vifs }: Simulation): number =>
  Object.values(vifs).reduce((sum, { allocationBps }) => sum + (allocationBps ?? Infinity), 0)

/** Asks between all steps of a run, without cutting it, whether it is to end. */
function signalWhen(isEnough: () => boolean): AbortSignal {
  return Object.defineProperty(new AbortController().signal, 'aborted', { get: isEnough })
}

for (const policy of ['adaptive', 'reserved'] as const)
  test(`${policy}: the decision stands when the bond has noticed, and not a nanosecond before`, async (t) => {
    const simulation = await make(t, { control: { policy, interval: '100ms' } })
    for (const [atNs, before, after] of [
      [awayNs, 2e9, 1e9],
      [backNs, 1e9, 2e9],
    ] as const) {
      await simulation.run(atNs)
      t.is(simulation.bonds['bond0']?.capacityBps, before, 'what happens at that time waits')
      const earlier = allocated(simulation)
      t.true(before === 1e9 ? earlier === 1e9 : earlier > 1.5e9, `${earlier}`)
      await simulation.run(atNs + 1)
      t.is(simulation.bonds['bond0']?.capacityBps, after)
      const later = allocated(simulation)
      t.true(after === 1e9 ? later === 1e9 : later > 1.5e9, `${later}`)
    }
    await simulation.run()
    t.is(simulation.results().uplinks['bond0']?.minsScaledSeconds, (backNs - awayNs) / 1e9)
  })

for (const policy of policyNames)
  test(`${policy}: a run that bonds stop is the same however it is cut`, async (t) => {
    const control = { policy, interval: '100ms' }
    const whole = await simulate(changed({ control }))
    t.deepEqual(imbalances(whole), [])
    const cut = await make(t, { control })
    for (let us = 777; us < 400_000; us += 777) await cut.run(us * 1000)
    await cut.run()
    t.deepEqual(timeless(cut.results()), timeless(whole))
  })

test('mins are scaled for as long as the bond is without its fast NIC, whenever that dies', (t) =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        diesNs: fc.integer({ min: 1_000_000, max: 120_000_000 }),
        forNs: fc.integer({ min: 20_000_000, max: 60_000_000 }),
        downdelay: fc.integer({ min: 0, max: 9 }),
        updelay: fc.integer({ min: 0, max: 9 }),
        mode: fc.constantFrom('active-backup', 'balance-xor', 'balance-edpf', 'balance-rr', 'balance-tlb'),
      }),
      async ({ diesNs, forNs, downdelay, updelay, mode }) => {
        const bond: BondInput = { mode, nics: ['eth0', 'eth1'], miimon: '1ms', downdelay: `${downdelay}ms` }
        const primary = mode === 'active-backup' && { primary: 'eth0' }
        const results = await simulate(
          changed({
            duration: '200ms',
            nics: { eth0: { rate: '2Gb/s' }, eth1: { rate: '1Gb/s' } },
            bonds: { bond0: { ...bond, ...primary, updelay: `${updelay}ms` } },
            traffic: [{ kind: 'constant', vif: 'web', rate: '1Mb/s', size: 1500 }],
            events: [
              { at: ns(diesNs), nic: 'eth0', link: 'down' },
              { at: ns(diesNs + forNs), nic: 'eth0', link: 'up' },
            ],
          }),
        )
        const look = (atNs: number): number => Math.ceil(atNs / miimonNs) * miimonNs
        // Only active-backup goes on sending there while downdelay runs.
        const isLost = look(diesNs) + (mode === 'active-backup' ? downdelay * miimonNs : 0)
        const isBack = look(diesNs + forNs) + updelay * miimonNs
        t.is(results.uplinks['bond0']?.minsScaledSeconds, (isBack - isLost) / 1e9)
      },
    ),
    { numRuns: 40 },
  ))

test('802.3ad: while it waits for LACP no step of a run leaves the vifs with what the bond does not carry', async (t) => {
  const simulation = await make(t, {
    duration: '4s',
    bonds: { bond0: { mode: '802.3ad', nics: ['eth0', 'eth1'], xmitHashPolicy: 'layer3+4', lacpRate: 'fast' } },
    events: [
      { at: '1010ms', nic: 'eth1', link: 'down' },
      { at: '1310ms', nic: 'eth1', link: 'up' },
    ],
    control: { policy: 'adaptive', interval: '700ms' },
    output: { interval: '1s' },
  })
  const carried: number[] = []
  const watch = signalWhen(() => {
    const { capacityBps = -1 } = simulation.bonds['bond0'] ?? {}
    if (capacityBps !== carried.at(-1)) carried.push(capacityBps)
    t.true(allocated(simulation) <= capacityBps, `${simulation.nowNs}`)
    return false
  })
  await simulation.run('4s', { signal: watch })
  t.deepEqual(carried, [2e9, 1e9, 2e9])
})

test('a run that is aborted where a bond stopped it has decided, and goes on as if it had not ended', async (t) => {
  const simulation = await make(t, {})
  const reachedNs = await simulation.run('400ms', { signal: signalWhen(() => simulation.nowNs >= awayNs) })
  t.is(reachedNs, awayNs)
  t.is(simulation.bonds['bond0']?.capacityBps, 1e9)
  t.is(allocated(simulation), 1e9)
  const { aborted, simulatedSeconds } = simulation.results()
  t.deepEqual([aborted, simulatedSeconds], [true, awayNs / 1e9])
  await simulation.run()
  t.deepEqual(timeless(simulation.results()), timeless(await simulate(changed({}))))
})

test('two bonds that notice at one time are both followed then, and so is a link that is lost at a tick', async (t) => {
  const simulation = await make(t, {
    nics: Object.fromEntries(['eth0', 'eth1', 'eth2', 'eth3'].map((name) => [name, { rate: '1Gb/s' }])),
    bonds: {
      bond0: { mode: 'balance-edpf', nics: ['eth0', 'eth1'], miimon: '1ms' },
      bond1: { mode: 'balance-edpf', nics: ['eth2', 'eth3'], miimon: '1ms' },
    },
    vifs: { web: { uplink: 'bond0', min: '1200Mb/s' }, bulk: { uplink: 'bond1', min: '1500Mb/s' } },
    events: ['eth1', 'eth3'].map((nic) => ({ at: '200ms', nic, link: 'down' as const })),
  })
  await simulation.run(200_000_001)
  const scaled = simulation.results().uplinks
  t.deepEqual([scaled['bond0']?.minsScaledSeconds, scaled['bond1']?.minsScaledSeconds], [1e-9, 1e-9])
})

test('runs stop for bonds that vifs share, and for no other', async (t) => {
  const { WorldControl } =
    await built<typeof import('../../lib/simulation/world-control.js')>('simulation/world-control')
  const { worldOptions } =
    await built<typeof import('../../lib/simulation/world-options.js')>('simulation/world-options')
  const names = ['own', 'bridged', 'beside', 'unused']
  const scenario = changed({
    nics: Object.fromEntries(['alone', ...names].map((name) => [`${name}0`, { rate: '1Gb/s' }])),
    bonds: Object.fromEntries(names.map((name) => [name, { mode: 'balance-rr', nics: [`${name}0`], miimon: '1ms' }])),
    bridges: { one: { nics: ['bridged'] }, two: { nics: ['beside', 'alone0'] } },
    vifs: { web: { uplink: 'own' }, bulk: { uplink: 'one' }, far: { uplink: 'two' } },
    events: [],
  })
  const { bonds } = await worldOptions(scenario, [], new WorldControl(scenario))
  t.deepEqual(
    bonds.map(({ isWatched }) => isWatched),
    [true, true, false, false],
  )
})
