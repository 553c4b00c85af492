import { formatDuration, formatRate } from '../units.ts'
import { missing } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'

type Source = CheckedInput['traffic'][number]
type Of<K extends Source['kind']> = Extract<Source, { kind: K }>
type MadeUp = Exclude<Source, { kind: 'replay' }>

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
    if (source.kind === 'tcp' && source.to === undefined && source.direction === 'out' && bridge?.nics.length === 0)
      problems.push(
        at('to', `missing; bridge ${vif.uplink} has no NIC behind which a station could answer; name a vif`),
      )
    return [...problems, ...peerProblems(source, i, input, at), ...kindProblems(source, at)]
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

function peerProblems({ vif, to, direction }: MadeUp, i: number, { vifs, bridges }: CheckedInput, at: At): Problem[] {
  if (to === undefined) return []
  if (direction === 'in') return [at('to', 'is for what a guest sends; leave out to or direction: in')]
  const peer = Object.hasOwn(vifs, to) ? vifs[to] : undefined
  if (!peer) return [missing(['traffic', i, 'to'], to, { vif: vifs })]
  if (to === vif) return [at('to', 'is the vif that sends; name another one on its bridge')]
  const uplink = vifs[vif]?.uplink ?? ''
  if (peer.uplink === uplink && Object.hasOwn(bridges, uplink)) return []
  return [at('to', `${to} is not on one bridge with ${vif}; give both the same bridge as uplink`)]
}

function kindProblems(source: MadeUp, at: At): Problem[] {
  if (source.kind === 'poisson') return mixProblems(source, at)
  if (source.kind === 'flows') return flowsProblems(source, at)
  if (source.kind === 'tcp') return tcpProblems(source, at)
  const problems = segmentProblems(source, at)
  return source.kind === 'onoff' ? [...problems, ...onTimeProblems(source, at)] : problems
}

function tcpProblems({ gso, size }: Of<'tcp'>, at: At): Problem[] {
  if (gso >= size) return []
  return [at('gso', `a frame of ${gso} bytes has no room for a segment of ${size}; write gso: ${size} or more`)]
}

function segmentProblems({ gso, size }: { gso?: number | undefined; size: number }, at: At): Problem[] {
  if (gso === undefined || size > gso + tcpHeaderBytes) return []
  const least = gso + tcpHeaderBytes + 1
  return [at('gso', `a frame of ${size} bytes is one segment already; write size: ${least} or more, or leave out gso`)]
}

function mixProblems({ size, sizes, gso }: Of<'poisson'>, at: At): Problem[] {
  if (size !== undefined && sizes !== undefined) return [at('sizes', 'is there beside size; keep one of the two')]
  if (size !== undefined) return segmentProblems({ gso, size }, at)
  if (sizes === undefined) return [at('size', 'missing; write a size from 60 to 65535 bytes, as in 1500, or sizes')]
  return gso === undefined ? [] : [at('gso', 'is for frames of one size; write size for sizes, or leave out gso')]
}

function onTimeProblems({ rate, size, on }: Of<'onoff'>, at: At): Problem[] {
  const leastNs = Math.ceil((size * 8e9) / rate)
  if (on >= leastNs) return []
  const least = formatDuration(leastNs)
  return [at('on', `${formatDuration(on)} is too short for a frame at this rate; write ${least} or more`)]
}

function flowsProblems({ distribution, sizes, load, rate, active }: Of<'flows'>, at: At): Problem[] {
  if (distribution !== undefined && sizes !== undefined)
    return [at('sizes', 'is there beside distribution; keep one of the two')]
  if (distribution === undefined && sizes === undefined)
    return [at('distribution', 'missing; write websearch or datamining, or sizes')]
  const problems = sizes === undefined ? [] : pointProblems(sizes, at)
  if (load > active * rate) {
    const most = `${active} flows at ${formatRate(rate)} offer at most ${formatRate(active * rate)}`
    problems.push(at('load', `${most}; write less, a higher rate or more active flows`))
  }
  return problems
}

/** Shares are kept in billionths. */
const sharesOf = (share: number): number => Math.round(share * 1e9)

function pointProblems(points: [bytes: number, share: number][], at: At): Problem[] {
  const [first, last] = [points.at(0)?.[1] ?? 0, points.at(-1)?.[1] ?? 0]
  if (sharesOf(first) !== 0) return [at('sizes', `begins at share ${first}; write 0 for the first point's`)]
  if (sharesOf(last) !== 1e9) return [at('sizes', `ends at share ${last}; write 1 for the last point's`)]
  const wrong = points.findIndex(([bytes, share], i) => {
    const [before, shareBefore] = points[i - 1] ?? [-1, 0]
    return bytes <= before || share < shareBefore
  })
  if (wrong < 0) return []
  return [at('sizes', `point ${wrong + 1} is not beyond the one before; let bytes rise and shares never fall`)]
}
