import type { DirectionResults, Results, VifResults } from '../simulation/results.ts'
import type { Scenario } from '../simulation/scenario.ts'
import type { Drops } from '../simulation/vif-counters.ts'
import { formatDuration } from '../units.ts'
import { colors } from './plain-table.ts'

/** Lines; the files have all. */
const maxRemarks = 16

/** Causes as people call them, in the order in which they are told. */
const words: Record<keyof Drops, string> = {
  backlog: 'backlog',
  error: 'error',
  nic: 'nic',
  bridge: 'bridge',
  noBuffer: 'no buffer',
  carrier: 'carrier',
  filtered: 'filtered',
  queue: 'queue',
  expired: 'expired',
  grant: 'grant',
  disconnected: 'disconnected',
  link: 'no link',
  bond: 'bond',
}
/** What everybody expects of a cap and a NIC: the tables say enough. */
const usual: readonly string[] = ['backlog', 'nic']

/** What a run's tables do not show: mins that did not fit, what bonds do that one may not expect, vifs that are down, packets that were lost for unusual reasons. */
export function remarks({ vifs, bonds }: Scenario, results: Results): string[] {
  const ofVifs = vifs.flatMap(({ name }) => {
    const vif = results.vifs[name]
    return vif ? [...stateOf(name, vif), ...dropsOf(name, 'tx', vif.tx), ...dropsOf(name, 'rx', vif.rx)] : []
  })
  const ofBonds = bonds.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`))
  const lines = [...scaledMins(results), ...ofBonds, ...ofVifs]
  if (lines.length === 0) return []
  const rest = lines.length - maxRemarks
  return [
    ...lines.slice(0, maxRemarks),
    ...(rest > 0 ? [`... and ${rest} more lines; --json or --out has all`] : []),
    '',
  ]
}

function scaledMins({ uplinks }: Results): string[] {
  return Object.entries(uplinks)
    .filter(([, { minsScaledSeconds }]) => minsScaledSeconds > 0)
    .map(([name, { minsScaledSeconds }]) => {
      const time = formatDuration(minsScaledSeconds * 1e9, { digits: 3 })
      return colors.yellow(`mins of ${name}: scaled for ${time}, in which they did not fit`)
    })
}

function stateOf(name: string, { fault, carrier }: VifResults): string[] {
  if (fault !== null) return [colors.yellow(`${name}: disabled, ${fault}`)]
  return carrier ? [] : [colors.yellow(`${name}: carrier off`)]
}

function dropsOf(name: string, direction: string, { drops }: DirectionResults): string[] {
  const causes = Object.entries(words).filter(([cause]) => drops[cause as keyof Drops] > 0)
  if (causes.every(([cause]) => usual.includes(cause))) return []
  const told = causes.map(([cause, word]) => `${word} ${drops[cause as keyof Drops].toLocaleString('en-US')}`)
  return [`drops: ${name} ${direction} ${told.join(', ')}`]
}
