import { bondCapacityBps } from '../bonding/capacity.ts'
import type { Scenario, ScenarioBond, ScenarioNic } from './scenario.ts'

/**
 * The NIC or bond whose capacity the vifs of an uplink share: itself, or the only one of that bridge. Undefined for a
 * bridge with none or several: what its vifs send has no one way out.
 *
 * @param portsOf - the NICs and bonds of the bridge of this name; undefined where there is none
 */
export function wayOutOf(
  uplink: string,
  portsOf: (bridge: string) => readonly string[] | undefined,
): string | undefined {
  const ports = portsOf(uplink)
  if (!ports) return uplink
  return ports.length === 1 ? ports[0] : undefined
}

/** An uplink whose vifs share the capacity of a NIC or a bond. */
export interface SharedUplink {
  /** Of the NIC, bond or bridge. */
  name: string
  /** The NIC or bond itself. */
  wayOut: string
  /** Its NIC, or its bond's NICs, each with its row. */
  nics: (ScenarioNic & { row: number })[]
  /** Undefined: a NIC by itself. */
  bond: (ScenarioBond & { row: number }) | undefined
  /** The rows of its vifs. */
  vifs: number[]
}

/** The uplinks that vifs share, in the order of their first vifs. */
export function sharedUplinks({ nics, bonds, bridges, vifs }: Scenario): SharedUplink[] {
  const nicOf = new Map(nics.map((nic, row) => [nic.name, { ...nic, row }]))
  const bondOf = new Map(bonds.map((bond, row) => [bond.name, { ...bond, row }]))
  const ports = new Map(bridges.map((bridge) => [bridge.name, bridge.nics]))
  const shared = new Map<string, SharedUplink>()
  vifs.forEach(({ uplink: name }, row) => {
    const wayOut = wayOutOf(name, (bridge) => ports.get(bridge)) ?? ''
    const bond = bondOf.get(wayOut)
    const own = (bond?.nics ?? [wayOut]).flatMap((nic) => nicOf.get(nic) ?? [])
    if (own.length === 0) return
    const uplink = shared.get(name) ?? { name, wayOut, nics: own, bond, vifs: [] }
    uplink.vifs.push(row)
    shared.set(name, uplink)
  })
  return [...shared.values()]
}

/**
 * What an uplink carries while all of its NICs are up, in bits a second.
 *
 * @param rateOf - the speed of the NIC of a row
 */
export function fullCapacityBps(
  { nics, bond }: Pick<SharedUplink, 'nics' | 'bond'>,
  rateOf: (row: number) => number,
): number {
  const rates = new Map(nics.map(({ name, row }) => [name, rateOf(row)]))
  const byName = (nic: string): number => rates.get(nic) ?? 0
  return bond ? bondCapacityBps(bond, byName) : byName(nics[0]?.name ?? '')
}
