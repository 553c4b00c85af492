import { formatDuration } from '../units.ts'
import { missing } from './scenario-problems.ts'
import type { Problem } from './scenario-problems.ts'
import type { CheckedInput } from './schema.ts'

type Source = CheckedInput['traffic'][number]
type Constant = Extract<Source, { kind: 'constant' }>

/** The Ethernet, IPv4 and TCP headers of a made-up frame. */
const tcpHeaderBytes = 54

/** What is wrong with the sources: times, names, and directions for which there is no way. */
export function trafficProblems(input: CheckedInput): Problem[] {
  return input.traffic.flatMap((source, i) => {
    const at = (key: string, message: string): Problem => ({ path: ['traffic', i, key], message })
    const vif = Object.hasOwn(input.vifs, source.vif) ? input.vifs[source.vif] : undefined
    if (!vif)
      return [missing(['traffic', i, 'vif'], source.vif, { vif: input.vifs }), ...timeProblems(source, input, at)]
    const bridge = Object.hasOwn(input.bridges, vif.uplink) ? input.bridges[vif.uplink] : undefined
    const problems = timeProblems(source, input, at)
    if (source.direction === 'in' && bridge?.nics.length === 0)
      problems.push(
        at(
          'direction',
          `bridge ${vif.uplink} has no NIC on which frames could come in; give it one, or send from a vif with to`,
        ),
      )
    if (source.kind === 'replay') return problems
    return [...problems, ...peerProblems(source, i, input, at), ...segmentProblems(source, at)]
  })
}

type At = (key: string, message: string) => Problem

function timeProblems({ start, stop }: Source, { duration }: CheckedInput, at: At): Problem[] {
  if (start >= duration)
    return [at('start', `${formatDuration(start)} is not within the run; start before ${formatDuration(duration)}`)]
  if (stop !== undefined && stop <= start)
    return [at('stop', `stops before it starts; stop after ${formatDuration(start)}`)]
  return []
}

function peerProblems({ vif, to, direction }: Constant, i: number, { vifs, bridges }: CheckedInput, at: At): Problem[] {
  if (to === undefined) return []
  if (direction === 'in') return [at('to', 'is for what a guest sends; leave out to or direction: in')]
  const peer = Object.hasOwn(vifs, to) ? vifs[to] : undefined
  if (!peer) return [missing(['traffic', i, 'to'], to, { vif: vifs })]
  if (to === vif) return [at('to', 'is the vif that sends; name another one on its bridge')]
  const uplink = vifs[vif]?.uplink ?? ''
  if (peer.uplink === uplink && Object.hasOwn(bridges, uplink)) return []
  return [at('to', `${to} is not on one bridge with ${vif}; give both the same bridge as uplink`)]
}

function segmentProblems({ gso, size }: Constant, at: At): Problem[] {
  if (gso === undefined || size > gso + tcpHeaderBytes) return []
  const least = gso + tcpHeaderBytes + 1
  return [at('gso', `a frame of ${size} bytes is one segment already; write size: ${least} or more, or leave out gso`)]
}
