import type { Results } from '../simulation/results.ts'
import type { TcpResults } from '../simulation/tcp-results.ts'
import type { Measure, Scope } from './measure.ts'

// Measures of TCP connections, over whole runs: of all sources of the vifs that are looked at; null where these have none.

const connectionsOf = ({ vifs }: Results, { vifs: names }: Scope): TcpResults[] =>
  (names ?? Object.keys(vifs)).flatMap((name) => (Object.hasOwn(vifs, name) ? (vifs[name]!.tcp ?? []) : []))

const total =
  (of: (tcp: TcpResults) => number): Measure['of'] =>
  (results, scope) => {
    const all = connectionsOf(results, scope)
    return all.length > 0 ? all.reduce((sum, tcp) => sum + of(tcp), 0) : null
  }

const heeds = ['vifs'] as const

export const ofTcp = {
  goodput: { title: 'goodput', unit: 'b/s', heeds, of: total(({ goodputBps }) => goodputBps) },
  retransmits: { title: 'sent again', unit: 'packets', heeds, of: total(({ retransmits }) => retransmits) },
  spurious: { title: 'in vain', unit: 'packets', heeds, of: total(({ spuriousRetransmits }) => spuriousRetransmits) },
  timeouts: { title: 'timeouts', unit: 'count', heeds, of: total(({ timeouts }) => timeouts) },
  undos: { title: 'undone', unit: 'count', heeds, of: total(({ undos }) => undos) },
  rtt: {
    title: 'median rtt',
    unit: 'ns',
    heeds,
    of: (results, scope) => {
      const medians = connectionsOf(results, scope).map(({ rttNs }) => rttNs.p50)
      return medians.length > 0 ? Math.max(...medians) : null
    },
  },
} as const satisfies Record<string, Measure>
