import fc from 'fast-check'
import type { ScenarioInput } from 'ringback'

// Scenarios with two NICs, up to two bridges, and four vifs that talk to one another and to the outside.

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
  })
  .map(({ seed, costs: spent, plugs: at, nics, vifs, sources }) => {
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
    return {
      name: 'any',
      duration: '40ms',
      seed,
      ...(spent && { costs: spent }),
      nics: { x: nics[0], y: nics[1] },
      bridges: { br1: { nics: nicsOf(1), ageing: at.ageing }, br2: { nics: nicsOf(2) } },
      vifs: Object.fromEntries(names.map((name, i) => [name, { uplink: uplinkOf(i), ...vifs[i] }])),
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
