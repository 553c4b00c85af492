import type { CaptureFile } from './capture-files.ts'
import type { NativeBond, NativeVif, NativeWorldOptions } from './native-binding.ts'
import type { Scenario, ScenarioBond, ScenarioVif } from './scenario.ts'
import { indexOf, sourceOptions } from './source-options.ts'
import type { Indices } from './source-options.ts'
import type { WorldControl } from './world-control.ts'

/**
 * A scenario in the native simulator's terms: indices instead of names, captures read.
 *
 * @param files - the captures to write
 * @param control - what the vifs begin with
 * @throws {@link RingbackError} ERR_PCAP, with the place in the scenario that names the capture
 */
export async function worldOptions(
  scenario: Scenario,
  files: readonly CaptureFile[],
  control: WorldControl,
): Promise<NativeWorldOptions> {
  const { nics, bonds, bridges, vifs } = scenario
  const indices = {
    nics: indicesOf(nics),
    bonds: indicesOf(bonds),
    bridges: indicesOf(bridges),
    vifs: indicesOf(vifs),
  }
  return {
    seed: scenario.seed,
    payload: scenario.payload,
    costs: scenario.costs,
    fillPayload: files.length > 0 && scenario.payload === 'copy',
    nics: nics.map(({ rateBps, queueBytes, propagationNs, overheadBytes }) => ({
      rateBps,
      queueBytes,
      propagationNs,
      overheadBytes,
    })),
    bonds: bonds.map((bond, row) => ({ ...bondOptions(bond, indices), isWatched: control.isWatched(row) })),
    bridges: bridges.map(({ nics: ports, ageingNs }) => ({
      nics: ports.filter((port) => !indices.bonds.has(port)).map((nic) => indexOf(indices.nics, nic)),
      bonds: ports.flatMap((port) => indices.bonds.get(port) ?? []),
      ageingNs,
    })),
    vifs: vifs.map((vif, row) => ({
      ...uplinkOf(vif, indices),
      ...control.nativeVif(row),
      jiffiesHz: vif.jiffiesHz,
      ringOrder: vif.ringOrder,
      backlogPackets: vif.backlogPackets,
      queues: vif.queues,
      splitEventChannels: vif.splitEventChannels,
      batchFrames: vif.batch,
      alwaysNotify: vif.notifications === 'always',
      txSlots: vif.txSlots ?? 0,
    })),
    reserves: control.reserves,
    sources: await sourceOptions(scenario, indices),
    captures: files.map(({ kind, name }) => ({
      kind,
      index: indexOf(kind.startsWith('nic') ? indices.nics : indices.vifs, name),
    })),
  }
}

function indicesOf(named: readonly { name: string }[]): ReadonlyMap<string, number> {
  return new Map(named.map(({ name }, i) => [name, i]))
}

function bondOptions({ primary, ...bond }: ScenarioBond, { nics }: Indices): Omit<NativeBond, 'isWatched'> {
  return {
    ...bond,
    nics: bond.nics.map((nic) => indexOf(nics, nic)),
    primary: primary === null ? -1 : bond.nics.indexOf(primary),
  }
}

function uplinkOf(
  { uplink }: ScenarioVif,
  { nics, bonds, bridges }: Indices,
): Pick<NativeVif, 'uplinkKind' | 'uplink'> {
  const bridge = bridges.get(uplink)
  if (bridge !== undefined) return { uplinkKind: 'bridge', uplink: bridge }
  const bond = bonds.get(uplink)
  if (bond !== undefined) return { uplinkKind: 'bond', uplink: bond }
  return { uplinkKind: 'nic', uplink: indexOf(nics, uplink) }
}
