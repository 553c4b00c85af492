import { bondCapacityBps } from '../bonding/capacity.ts'
import { toBond } from '../bonding/to-bond.ts'
import { admissionProblem } from '../policy/admission.ts'
import { formatRate } from '../units.ts'
import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'
import { wayOutOf } from './shared-uplinks.ts'

type Vif = CheckedInput['vifs'][string]

/** The NIC or bond whose capacity a vif's uplink shares; undefined where there is none. */
export function sharedWayOut({ nics, bonds, bridges }: CheckedInput, { uplink }: Vif): string | undefined {
  const name = wayOutOf(uplink, (bridge) => (Object.hasOwn(bridges, bridge) ? bridges[bridge]?.nics : undefined))
  return name !== undefined && (Object.hasOwn(nics, name) || Object.hasOwn(bonds, name)) ? name : undefined
}

/**
 * What a NIC or a bond carries while all is up, in bits a second.
 *
 * @param rateOf - the speed of a NIC
 */
export function wayOutBps({ bonds }: CheckedInput, name: string, rateOf: (nic: string) => number): number {
  const bond = Object.hasOwn(bonds, name) ? bonds[name] : undefined
  return bond ? bondCapacityBps(toBond(name, bond), rateOf) : rateOf(name)
}

/** What is wrong with a min on an uplink that shares no NIC and no bond; undefined: nothing. */
export function unsharedProblem(input: CheckedInput, { uplink }: Vif): string | undefined {
  const bridge = Object.hasOwn(input.bridges, uplink) ? input.bridges[uplink] : undefined
  if (!bridge || bridge.nics.length === 1) return undefined
  const has = bridge.nics.length === 0 ? 'no NIC' : `${bridge.nics.length} NICs`
  return `cannot be kept: bridge ${uplink} has ${has}, so that its vifs share no one capacity; give it one NIC, or leave out min`
}

/** What is wrong with the mins as the run begins: each by itself, and together with those on its NIC or bond. */
export function minProblems(input: CheckedInput): Problem[] {
  const vifs = Object.entries(input.vifs)
  const problems = vifs.flatMap(([name, vif]): Problem[] => {
    const { min, rate } = vif
    if (min === undefined) return []
    const path = ['vifs', name, 'min']
    const unshared = unsharedProblem(input, vif)
    if (unshared !== undefined) return [{ path, message: unshared }]
    if (rate === undefined || min <= rate.bitsPerSecond) return []
    const message = `${formatRate(min)} is above its cap, rate: ${formatRate(rate.bitsPerSecond)}; lower min or raise rate`
    return [{ path, message }]
  })
  if (problems.length > 0) return problems
  const rateOf = (nic: string): number => input.nics[nic]?.rate ?? 0
  return [...Object.keys(input.nics), ...Object.keys(input.bonds)].flatMap((wayOut): Problem[] => {
    const sharing = vifs.filter(([, vif]) => sharedWayOut(input, vif) === wayOut)
    const mins = sharing.map(([name, { min = 0 }]) => ({ name, minBps: min }))
    const message = admissionProblem(wayOutBps(input, wayOut, rateOf), mins, wayOut)
    if (message === null) return []
    const largest = mins.reduce((a, b) => (b.minBps > a.minBps ? b : a))
    return [{ path: ['vifs', largest.name, 'min'], message }]
  })
}
