import { checkScenario, enforcedBps } from 'ringback'
import type { Scenario, ScenarioInput } from 'ringback'
import type { PolicyName } from 'ringback/policy'

// Guests that share a NIC of 1 Gb/s, for tests of the policies.

export const nicBps = 1e9

/** web has a min and sends a little more from `wakes` on; three neighbours without one want all they get from 1 s to 5 s. */
export function guarantee(policy: PolicyName, options: { wakes: string; interval: string }): Scenario {
  const neighbours = ['a', 'b', 'c']
  const input: ScenarioInput = {
    name: 'guarantee',
    duration: '6s',
    payload: 'none',
    nics: { eth0: { rate: '1Gb/s', propagation: '20us' } },
    vifs: {
      web: { uplink: 'eth0', min: '300Mb/s' },
      ...Object.fromEntries(neighbours.map((name) => [name, { uplink: 'eth0' }])),
    },
    traffic: [
      { kind: 'constant', vif: 'web', rate: '350Mb/s', size: 1500, start: options.wakes },
      ...neighbours.map((vif) => ({
        kind: 'constant' as const,
        vif,
        rate: '900Mb/s',
        size: 1500,
        flows: 8,
        start: '1s',
        stop: '5s',
      })),
    ],
    control: { policy },
    output: { interval: options.interval },
  }
  return checkScenario(input)
}

/** Vifs with caps, backlogged, off and on, and one that takes the rest for a while. */
export function capped(policy: PolicyName): {
  scenario: Scenario
  caps: Record<string, { bps: number; creditBytes: number }>
} {
  const bursts = { kind: 'onoff', rate: '900Mb/s', size: 1500, on: '30ms', off: '50ms' } as const
  const scenario = checkScenario({
    name: 'capped',
    duration: '3s',
    payload: 'none',
    nics: { eth0: { rate: '1Gb/s', queue: '512KB' } },
    vifs: {
      web: { uplink: 'eth0', rate: '300Mb/s@1ms', min: '200Mb/s' },
      a: { uplink: 'eth0', rate: '200Mb/s@5ms' },
      b: { uplink: 'eth0', rate: '100Mb/s@20ms' },
      free: { uplink: 'eth0' },
    },
    traffic: [
      { kind: 'constant', vif: 'web', rate: '900Mb/s', size: 1500 },
      { ...bursts, vif: 'a' },
      { ...bursts, vif: 'b' },
      { kind: 'constant', vif: 'free', rate: '900Mb/s', size: 1500, start: '1s', stop: '2s' },
    ],
    control: { policy },
    output: { interval: '1ms' },
  })
  const caps = scenario.vifs.flatMap(({ name, rate }) =>
    rate ? [[name, { bps: enforcedBps(rate), creditBytes: rate.creditBytes }] as const] : [],
  )
  return { scenario, caps: Object.fromEntries(caps) }
}

/** xorshift32: the same vifs on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed * 2654435761 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/**
 * 64 guests with random mins (300 Mb/s to 900 Mb/s in all), weights and demand. They are on and off for even numbers of seconds, so
 * that demand changes between two samples and never within one; their backlogs are short, so that demand is what is offered.
 */
export function many(policy: PolicyName, seed: number): Scenario {
  const random = randomFrom(seed)
  const guests = Array.from({ length: 64 }, (_, i) => {
    const shares = random(3) > 0 ? 1 + random(20) : 0
    return { name: `v${i}`, shares, weight: 1 + random(8), part: 50 + random(400), free: 10 + random(80) }
  })
  const sum = guests.reduce((all, { shares }) => all + shares, 0)
  const minsKbps = 300_000 + random(600_001)
  const minOf = (shares: number): number => Math.floor((shares * minsKbps) / sum)
  return checkScenario({
    name: `many-${seed}`,
    duration: '14s',
    payload: 'none',
    nics: { eth0: { rate: '1Gb/s' } },
    vifs: Object.fromEntries(
      guests.map(({ name, shares, weight }) => [
        name,
        { uplink: 'eth0', weight, backlog: 32, txSlots: 32, ...(shares > 0 && { min: `${minOf(shares)}Kb/s` }) },
      ]),
    ),
    traffic: guests.map(({ name, shares, part, free }) => ({
      kind: 'onoff' as const,
      vif: name,
      rate: `${shares > 0 ? Math.ceil((minOf(shares) * part) / 100) : free * 1000}Kb/s`,
      size: 1500,
      on: `${2 + 2 * random(4)}s`,
      off: `${2 + 2 * random(4)}s`,
      distribution: 'fixed' as const,
    })),
    control: { policy },
    output: { interval: '100ms' },
  })
}
