import { RingbackError } from '../errors.ts'
import type { NativeSource, NativeWorldOptions } from './native-binding.ts'
import { headerStride, loadCapture } from './pcap.ts'
import type { Capture } from './pcap.ts'
import type { Scenario } from './scenario.ts'
import type { FlowsSource, ReplaySource, ScenarioSource, TcpSource } from './scenario-traffic.ts'

/** Where things stand in the world's lists, by name. */
export interface Indices {
  nics: ReadonlyMap<string, number>
  bonds: ReadonlyMap<string, number>
  bridges: ReadonlyMap<string, number>
  vifs: ReadonlyMap<string, number>
}

/** @throws {@link RingbackError} ERR_SCENARIO where there is none of this name */
export function indexOf(indices: ReadonlyMap<string, number>, name: string): number {
  const index = indices.get(name)
  if (index === undefined) throw new RingbackError('ERR_SCENARIO', `there is no "${name}"; use checkScenario first`)
  return index
}

/**
 * A scenario's sources in the native simulator's terms, captures read.
 *
 * @throws {@link RingbackError} ERR_PCAP, with the place in the scenario that names the capture
 */
export async function sourceOptions(scenario: Scenario, indices: Indices): Promise<NativeWorldOptions['sources']> {
  const captures = new Map<string, Promise<Capture>>()
  const sources: NativeWorldOptions['sources'] = []
  for (const source of scenario.traffic) {
    const stopNs = Math.min(source.stopNs ?? scenario.durationNs, scenario.durationNs)
    const { direction, startNs } = source
    if (startNs >= stopNs) continue // a run cut short by --duration
    const vif = indexOf(indices.vifs, source.vif)
    const isAnswered = source.kind === 'tcp' && source.to === null
    const way = direction === 'in' || isAnswered ? wayIn(vif, scenario, indices) : { nic: 0, bond: -1 }
    const base = { vif, direction, ...way, startNs, stopNs }
    sources.push(source.kind === 'replay' ? await replay(source, base, captures) : madeUp(source, base, indices))
  }
  return sources
}

/** The NIC or bond on which frames for a vif come in: its uplink, or the first one of that bridge. */
function wayIn(vif: number, scenario: Scenario, { nics, bonds, bridges }: Indices): Pick<NativeSource, 'nic' | 'bond'> {
  const uplink = scenario.vifs[vif]?.uplink ?? ''
  const bridge = scenario.bridges[bridges.get(uplink) ?? -1]
  const port = bridge ? (bridge.nics[0] ?? '') : uplink
  const bond = bonds.get(port)
  return bond === undefined ? { nic: indexOf(nics, port), bond: -1 } : { nic: 0, bond }
}

type Base = Pick<NativeSource, 'vif' | 'direction' | 'nic' | 'bond' | 'startNs' | 'stopNs'>
type MadeUpSource = Exclude<ScenarioSource, ReplaySource>

function madeUp(source: MadeUpSource, base: Base, { vifs }: Indices): NativeSource {
  const { to } = source
  const peer = to === null ? -1 : indexOf(vifs, to)
  if (source.kind === 'tcp') return tcp(source, { ...base, peer })
  const { rateBps } = source
  const common = { ...base, peer, rateBps }
  if (source.kind === 'flows') {
    const { loadBps, sizeBytes, active } = source
    return { kind: 'flows', ...common, ...flowSizes(source), loadBps, sizeBytes, active }
  }
  const { flows, gsoBytes } = source
  const turns = { ...common, flows, gsoBytes }
  if (source.kind === 'poisson') return { kind: 'poisson', ...turns, sizes: source.sizes }
  const { sizeBytes } = source
  if (source.kind === 'onoff') {
    const { onNs, offNs, distribution } = source
    return { kind: 'onoff', ...turns, sizeBytes, onNs, offNs, fixed: distribution === 'fixed' }
  }
  return { kind: 'constant', ...turns, sizeBytes, jitterNs: Math.floor((source.jitter * sizeBytes * 8e9) / rateBps) }
}

function tcp(source: TcpSource, base: Base & { peer: number }): NativeSource {
  const { flows, congestion, rttNs, sizeBytes, gsoBytes, sack, reordering, delayedAckNs, minRtoNs, windowBytes } =
    source
  const sender = { congestion, reordering, sack, minRtoNs, gsoBytes, bytes: source.bytes ?? 0 }
  return { kind: 'tcp', ...base, flows, rttNs, sizeBytes, windowBytes, delayedAckNs, ...sender }
}

function flowSizes({ sizes }: FlowsSource): { distribution: string; points: { bytes: number; share: number }[] } {
  if (typeof sizes === 'string') return { distribution: sizes, points: [] }
  return { distribution: 'points', points: sizes.map(([bytes, share]) => ({ bytes, share: Math.round(share * 1e9) })) }
}

async function replay(
  source: ReplaySource,
  base: Base,
  captures: Map<string, Promise<Capture>>,
): Promise<NativeSource> {
  const capture = await captureOf(source, captures)
  const { speed } = source
  const times = speed === 1 ? capture.timesNs : capture.timesNs.map((time) => faster(time, speed))
  const period = source.loop ? periodNs(source, capture, times.at(-1) ?? 0n) : 0n
  const length = BigInt(base.stopNs - base.startNs)
  // A damaged clock can put frames centuries ahead: what lies behind the run is left out here.
  const isOneRound = period === 0n || period >= length
  const count = isOneRound ? countBelow(times, length) : times.length
  return {
    kind: 'replay',
    ...base,
    loopNs: isOneRound ? 0 : Number(period),
    timesNs: times.subarray(0, count),
    sizesBytes: capture.sizesBytes.subarray(0, count),
    headers: capture.headers.subarray(0, count * headerStride),
  }
}

/** How many of the rising `times` are below `end`. */
function countBelow(times: BigInt64Array, end: bigint): number {
  const first = times.findIndex((time) => time >= end)
  return first < 0 ? times.length : first
}

async function captureOf(source: ReplaySource, captures: Map<string, Promise<Capture>>): Promise<Capture> {
  const { guest, direction, pcap } = source
  const key = `${guest} ${direction} ${pcap}`
  const loading = captures.get(key) ?? loadCapture(pcap, guest, direction)
  captures.set(key, loading)
  try {
    return await loading
  } catch (cause) {
    if (!(cause instanceof RingbackError)) throw cause
    throw new RingbackError(cause.code, `${source.origin}: ${cause.message}`, { cause })
  }
}

/** A time of the capture at the replay's speed, in millionths of it: no rounding but to nanoseconds. */
function faster(timeNs: bigint, speed: number): bigint {
  return (timeNs * 1_000_000n) / BigInt(Math.round(speed * 1e6))
}

/** The period of a looped capture: its span and one mean gap, so that the last frame and the first keep a distance. */
function periodNs(source: ReplaySource, { spanNs, recordCount }: Capture, lastNs: bigint): bigint {
  const written = recordCount > 1 ? spanNs + spanNs / BigInt(recordCount - 1) : 0n
  const period = faster(written, source.speed)
  if (period === 0n)
    throw new RingbackError('ERR_PCAP', `${source.origin}: ${source.pcap}: lasts no time; replay it with loop: false`)
  return period > lastNs ? period : lastNs + 1n
}
