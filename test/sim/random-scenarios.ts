import fc from 'fast-check'
import type { ScenarioInput } from 'ringback'
import { policyNames } from 'ringback/policy'

// Scenarios with two NICs, up to two bridges, and four vifs that talk to one another and to the outside, with mins, weights,
// events and any policy.

const vif = fc.record(
  {
    rate: fc
      .tuple(fc.integer({ min: 10, max: 99_999 }), fc.integer({ min: 1, max: 100 }))
      .map(([kb, ms]) => `${kb}Kb/s@${ms}ms`),
    ringOrder: fc.integer({ min: 0, max: 2 }),
    backlog: fc.integer({ min: 1, max: 500 }),
    queues: fc.integer({ min: 1, max: 8 }),
    splitEventChannels: fc.boolean(),
    jiffies: fc.constantFrom(100, 250, 1000),
    batch: fc.integer({ min: 1, max: 64 }),
    notifications: fc.constantFrom('suppressed' as const, 'always' as const),
    txSlots: fc.integer({ min: 17, max: 256 }),
    weight: fc.integer({ min: 1, max: 10_000 }),
  },
  { requiredKeys: [] },
)
const costs = fc.record(
  {
    packet: fc.integer({ min: 0, max: 5000 }).map((ns) => `${ns}ns`),
    byte: fc.integer({ min: 0, max: 2000 }).map((ps) => `${ps / 1000}ns`),
    notify: fc.integer({ min: 0, max: 50 }).map((us) => `${us}us`),
    cores: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: [] },
)
const nic = fc.record({
  rate: fc.integer({ min: 1, max: 1000 }).map((rate) => `${rate}Mb/s`),
  queue: fc.integer({ min: 1514, max: 600_000 }),
  propagation: fc.integer({ min: 0, max: 5_000_000 }).map((ns) => `${ns}ns`),
  overhead: fc.integer({ min: 0, max: 100 }),
})
const source = fc.record({
  from: fc.nat(3),
  to: fc.option(fc.nat(3)),
  isInbound: fc.boolean(),
  rate: fc.integer({ min: 1, max: 300 }).map((rate) => `${rate}Mb/s`),
  size: fc.integer({ min: 60, max: 65_535 }),
  gso: fc.option(fc.integer({ min: 536, max: 8960 })),
  flows: fc.integer({ min: 1, max: 9 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
})
/** Of each thing the number of its bridge, 0 for none. */
const plugs = fc.record({
  nics: fc.tuple(fc.nat(2), fc.nat(2)),
  vifs: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)),
  ageing: fc.constantFrom('0s', '1ms', '300s'),
})
/** In kilobits a second: so little that four of them fit in any NIC, where the vif has one. */
const min = fc.option(fc.integer({ min: 1, max: 200 }))
const mostMin = 200
const time = fc.integer({ min: 0, max: 39_999_999 }).map((ns) => `${ns}ns`)
const kbps = (least: number, most: number) => fc.integer({ min: least, max: most }).map((rate) => `${rate}Kb/s`)
/** Caps stay above every min. */
const vifEvent = fc.record({
  at: time,
  of: fc.nat(3),
  change: fc.record(
    {
      rate: fc.oneof(fc.constant('none'), kbps(mostMin, 99_999)),
      min: fc.option(kbps(1, mostMin), { nil: 'none' }),
      weight: fc.integer({ min: 1, max: 10_000 }),
    },
    { requiredKeys: [] },
  ),
})
const nicEvent = fc.record({
  at: time,
  of: fc.nat(1),
  change: fc.record(
    { rate: kbps(1000, 2_000_000), link: fc.constantFrom('up' as const, 'down' as const) },
    { requiredKeys: [] },
  ),
})
const control = fc.record(
  {
    policy: fc.constantFrom(...policyNames),
    interval: fc.integer({ min: 100, max: 50_000 }).map((us) => `${us}us`),
    window: fc.integer({ min: 10, max: 100_000 }).map((us) => `${us}us`),
    detector: fc.record({ accumulate: fc.integer({ min: 1, max: 3 }), dwell: fc.constantFrom('0ns', '10ms') }),
  },
  { requiredKeys: ['policy'] },
)
const names = ['a', 'b', 'c', 'd'] as const
const nicNames = ['x', 'y'] as const

/** Any such scenario that is valid. */
export const scenarioInputs: fc.Arbitrary<ScenarioInput> = fc
  .record({
    seed: fc.nat(),
    costs: fc.option(costs),
    plugs,
    nics: fc.tuple(nic, nic),
    vifs: fc.tuple(vif, vif, vif, vif),
    sources: fc.array(source, { minLength: 1, maxLength: 6 }),
    mins: fc.tuple(min, min, min, min),
    vifEvents: fc.array(vifEvent, { maxLength: 4 }),
    nicEvents: fc.array(nicEvent, { maxLength: 3 }),
    control,
  })
  .map(({ seed, costs: spent, plugs: at, nics, vifs, sources, mins, vifEvents, nicEvents, control: controlled }) => {
    const nicsOf = (bridge: number) => nicNames.filter((_, i) => at.nics[i] === bridge)
    const free = nicsOf(0)
    // 0 and 3 stand for a NIC without a bridge, where there is one.
    const uplinkOf = (i: number): string => {
      const plug = at.vifs[i] ?? 0
      const bridge = plug === 0 || plug === 3 ? free[plug % Math.max(1, free.length)] : undefined
      return bridge ?? `br${plug === 2 ? 2 : 1}`
    }
    const hasWire = (i: number): boolean => !uplinkOf(i).startsWith('br') || nicsOf(Number(uplinkOf(i)[2])).length > 0
    const isNeighbour = (i: number, k: number | null): k is number =>
      k !== null && k !== i && uplinkOf(i) === uplinkOf(k) && uplinkOf(i).startsWith('br')
    /** Whether it shares the capacity of one NIC. */
    const shares = (i: number): boolean => !uplinkOf(i).startsWith('br') || nicsOf(Number(uplinkOf(i)[2])).length === 1
    const minOf = (i: number): { min?: string } => {
      const kilobits = mins[i] ?? null
      const cap = Number.parseInt(vifs[i]?.rate ?? `${mostMin}`)
      return kilobits !== null && shares(i) ? { min: `${Math.min(kilobits, cap)}Kb/s` } : {}
    }
    const events = [
      ...vifEvents
        .filter(({ of, change }) => Object.keys(change).length > 0 && (change.min === undefined || shares(of)))
        // A min alone might be above the cap that it begins with.
        .map(({ at, of, change }) => ({
          at,
          vif: names[of] ?? 'a',
          ...(change.min && { rate: '99999Kb/s' }),
          ...change,
        })),
      ...nicEvents
        .filter(({ change }) => Object.keys(change).length > 0)
        .map(({ at, of, change }) => ({ at, nic: nicNames[of] ?? 'x', ...change })),
    ]
    return {
      name: 'any',
      duration: '40ms',
      seed,
      ...(spent && { costs: spent }),
      nics: { x: nics[0], y: nics[1] },
      bridges: { br1: { nics: nicsOf(1), ageing: at.ageing }, br2: { nics: nicsOf(2) } },
      vifs: Object.fromEntries(names.map((name, i) => [name, { uplink: uplinkOf(i), ...vifs[i], ...minOf(i) }])),
      events,
      control: controlled,
      traffic: sources.map(({ from, to, isInbound, gso, size, ...others }) => ({
        kind: 'constant' as const,
        vif: names[from] ?? 'a',
        ...others,
        size,
        ...(gso !== null && size > gso + 54 && { gso }),
        ...(isInbound && hasWire(from) && { direction: 'in' as const }),
        ...(!(isInbound && hasWire(from)) && isNeighbour(from, to) && { to: names[to] ?? 'a' }),
      })),
    }
  })
