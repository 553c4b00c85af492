import { Counters } from './counters.ts'
import type { NativeWorld } from './native-binding.ts'
import type { Latency } from './latency.ts'

/** What the TCP connections of a vif's sources did, all together. */
export interface TcpResults {
  flows: number
  /** Bytes of their streams that have arrived, each once, without a gap. */
  goodputBytes: number
  /** Over the whole run. */
  goodputBps: number
  /** Sent, those that were sent again included. */
  segments: number
  /** Sent again. */
  retransmits: number
  /** Segments that the receiver had already: they were sent again in vain. */
  spuriousRetransmits: number
  /** Times that a loss was seen by what came after it. */
  fastRecoveries: number
  /** Times that the retransmission timer ran out. */
  timeouts: number
  /** Times that a sender took back that it had slowed down, since nothing had been lost. */
  undos: number
  /** Segments that came before an earlier one. */
  outOfOrder: number
  /** As the senders measure it, what waits in their own guests included. */
  rttNs: Latency
}

/** Of vif `row`; nothing where it has no connections. */
export function tcpResults(world: NativeWorld, row: number, simulatedNs: number): { tcp?: TcpResults } {
  const counters = new Counters(world.tcpCounters, world.tcpCounterNames)
  const of = (name: string): number => counters.get(row, name)
  if (of('flows') === 0) return {}
  const goodputBytes = of('receivedBytes')
  return {
    tcp: {
      flows: of('flows'),
      goodputBytes,
      goodputBps: simulatedNs > 0 ? (goodputBytes * 8e9) / simulatedNs : 0,
      segments: of('segments'),
      retransmits: of('retransmits'),
      spuriousRetransmits: of('spuriousRetransmits'),
      fastRecoveries: of('fastRecoveries'),
      timeouts: of('timeouts'),
      undos: of('undos'),
      outOfOrder: of('outOfOrder'),
      rttNs: world.tcpRtt(row),
    },
  }
}
