import { admissionProblem } from '../policy/admission.ts'
import { formatRate } from '../units.ts'
import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'
import { nicBehind } from './shared-uplinks.ts'

type Vif = CheckedInput['vifs'][string]

/** The NIC whose capacity a vif's uplink shares; undefined where there is none. */
export function sharedNic({ nics, bridges }: CheckedInput, { uplink }: Vif): string | undefined {
  const nic = nicBehind(uplink, (name) => (Object.hasOwn(bridges, name) ? bridges[name]?.nics : undefined))
  return nic !== undefined && Object.hasOwn(nics, nic) ? nic : undefined
}

/** What is wrong with a min on an uplink that shares no NIC; undefined: nothing. */
export function unsharedProblem(input: CheckedInput, { uplink }: Vif): string | undefined {
  const bridge = Object.hasOwn(input.bridges, uplink) ? input.bridges[uplink] : undefined
  if (!bridge || bridge.nics.length === 1) return undefined
  const has = bridge.nics.length === 0 ? 'no NIC' : `${bridge.nics.length} NICs`
  return `cannot be kept: bridge ${uplink} has ${has}, so that its vifs share no one capacity; give it one NIC, or leave out min`
}

/** What is wrong with the mins as the run begins: each by itself, and together with those on its NIC. */
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
  return Object.entries(input.nics).flatMap(([nic, { rate }]): Problem[] => {
    const sharing = vifs.filter(([, vif]) => sharedNic(input, vif) === nic)
    const mins = sharing.map(([name, { min = 0 }]) => ({ name, minBps: min }))
    const message = admissionProblem(rate, mins, nic)
    if (message === null) return []
    const largest = mins.reduce((a, b) => (b.minBps > a.minBps ? b : a))
    return [{ path: ['vifs', largest.name, 'min'], message }]
  })
}
