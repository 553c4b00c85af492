import type { Scenario, ScenarioNic } from './scenario.ts'

/**
 * The NIC whose capacity the vifs of an uplink share: itself, or the only one of that bridge. Undefined for a bridge with
 * none or several: what its vifs send has no one way out.
 *
 * @param nicsOf - the NICs of the bridge of this name; undefined where there is none
 */
export function nicBehind(
  uplink: string,
  nicsOf: (bridge: string) => readonly string[] | undefined,
): string | undefined {
  const nics = nicsOf(uplink)
  if (!nics) return uplink
  return nics.length === 1 ? nics[0] : undefined
}

/** An uplink whose vifs share a NIC's capacity. */
export interface SharedUplink {
  /** Of the NIC or bridge. */
  name: string
  /** The row of its NIC. */
  nicRow: number
  nic: ScenarioNic
  /** The rows of its vifs. */
  vifs: number[]
}

/** The uplinks that vifs share, in the order of their first vifs. */
export function sharedUplinks({ nics, bridges, vifs }: Scenario): SharedUplink[] {
  const rows = new Map(nics.map(({ name }, row) => [name, row]))
  const ports = new Map(bridges.map((bridge) => [bridge.name, bridge.nics]))
  const shared = new Map<string, SharedUplink>()
  vifs.forEach(({ uplink: name }, row) => {
    const nicRow = rows.get(nicBehind(name, (bridge) => ports.get(bridge)) ?? '') ?? -1
    const nic = nics[nicRow]
    if (!nic) return
    const uplink = shared.get(name) ?? { name, nicRow, nic, vifs: [] }
    uplink.vifs.push(row)
    shared.set(name, uplink)
  })
  return [...shared.values()]
}
