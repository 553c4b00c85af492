import process from 'node:process'

import { stringify } from 'yaml'

import type { BondConfig } from '../bonding/config.ts'
import { fromIpLink } from '../bonding/from-ip-link.ts'
import { fromNetplan } from '../bonding/from-netplan.ts'
import { toIpLink, toNetplan } from '../bonding/host.ts'
import { bondWords } from '../bonding/option-values.ts'
import { parseScenario } from '../simulation/check-scenario.ts'
import { readInput } from './input.ts'
import { UsageError } from './output.ts'

/** Forms in which hosts have bonds. */
export const hostForms = ['netplan', 'ip'] as const
export type HostForm = (typeof hostForms)[number]

export interface BondOptions {
  from?: HostForm
  to?: HostForm
}

const readers = { netplan: fromNetplan, ip: fromIpLink }
const writers = { netplan: toNetplan, ip: toIpLink }

/** `ringback bond FILE`: a scenario's bonds for a host, a host's for a scenario. Returns the exit code. */
export async function bond(file: string, { from, to }: BondOptions): Promise<number> {
  if (from === undefined && to === undefined)
    throw new UsageError('say where the bonds go: --to netplan or --to ip; or --from one of the two, for a scenario')
  const text = await readInput(file, from ? `name a file of ${from}'s` : 'name a scenario, as in examples/')
  const { bonds, notes } = from ? readers[from](text, { file }) : { bonds: bondsOf(text, file), notes: [] }
  const written = to ? writers[to](bonds) : scenarioPart(bonds)
  process.stdout.write(notes.map((note) => `# ${note}\n`).join('') + written)
  return 0
}

function bondsOf(text: string, file: string): BondConfig[] {
  const { bonds } = parseScenario(text, { file })
  if (bonds.length > 0) return bonds
  throw new UsageError(`${file}: there are no bonds in it; write some, as in bonds: { bond0: { nics: [eth0, eth1] } }`)
}

/** The `bonds:` of a scenario. */
function scenarioPart(bonds: readonly BondConfig[]): string {
  const notes = bonds.flatMap(({ name, notes: own }) => own.map((note) => `# ${name}: ${note}\n`))
  return notes.join('') + stringify({ bonds: Object.fromEntries(bonds.map((each) => [each.name, bondWords(each)])) })
}
