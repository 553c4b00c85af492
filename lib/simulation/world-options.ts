import { RingbackError } from '../errors.ts'
import type { NativeReplaySource, NativeWorldOptions } from './native-binding.ts'
import { headerStride, loadCapture } from './pcap.ts'
import type { Capture } from './pcap.ts'
import type { ConstantSource, ReplaySource, Scenario } from './scenario.ts'

/**
 * A scenario in the native simulator's terms: indices instead of names, captures read.
 *
 * @throws {@link RingbackError} ERR_PCAP, with the place in the scenario that names the capture
 */
export async function worldOptions(scenario: Scenario): Promise<NativeWorldOptions> {
  const nics = new Map(scenario.nics.map(({ name }, i) => [name, i]))
  const vifs = new Map(scenario.vifs.map(({ name }, i) => [name, i]))
  const captures = new Map<string, Promise<Capture>>()
  const sources: NativeWorldOptions['sources'] = []
  for (const source of scenario.traffic) {
    const stopNs = Math.min(source.stopNs ?? scenario.durationNs, scenario.durationNs)
    if (source.startNs >= stopNs) continue // a run cut short by --duration
    const vif = indexOf(vifs, source.vif)
    sources.push(
      source.kind === 'constant' ? constant(source, vif, stopNs) : await replay(source, vif, stopNs, captures),
    )
  }
  return {
    seed: scenario.seed,
    payload: scenario.payload,
    nics: scenario.nics.map(({ rateBps, queueBytes, propagationNs, overheadBytes }) => ({
      rateBps,
      queueBytes,
      propagationNs,
      overheadBytes,
    })),
    vifs: scenario.vifs.map(({ uplink, rate, jiffiesHz, ringOrder, backlogPackets }) => ({
      nic: indexOf(nics, uplink),
      creditBytes: rate?.creditBytes ?? 0,
      creditUsec: rate?.creditUsec ?? 0,
      jiffiesHz,
      ringOrder,
      backlogPackets,
    })),
    sources,
  }
}

function indexOf(indices: ReadonlyMap<string, number>, name: string): number {
  const index = indices.get(name)
  if (index === undefined) throw new RingbackError('ERR_SCENARIO', `there is no "${name}"; use checkScenario first`)
  return index
}

function constant(source: ConstantSource, vif: number, stopNs: number): NativeWorldOptions['sources'][number] {
  const { startNs, rateBps, sizeBytes, flows } = source
  const jitterNs = Math.floor((source.jitter * sizeBytes * 8e9) / rateBps)
  return { kind: 'constant', vif, startNs, stopNs, rateBps, sizeBytes, flows, jitterNs }
}

async function replay(
  source: ReplaySource,
  vif: number,
  stopNs: number,
  captures: Map<string, Promise<Capture>>,
): Promise<NativeReplaySource> {
  const capture = await captureOf(source, captures)
  const { startNs, speed } = source
  const times = speed === 1 ? capture.timesNs : capture.timesNs.map((time) => faster(time, speed))
  const period = source.loop ? periodNs(source, capture, times.at(-1) ?? 0n) : 0n
  const length = BigInt(stopNs - startNs)
  // A damaged clock can put frames centuries ahead: what lies behind the run is left out here.
  const isOneRound = period === 0n || period >= length
  const count = isOneRound ? countBelow(times, length) : times.length
  return {
    kind: 'replay',
    vif,
    startNs,
    stopNs,
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
  const key = `${source.guest} ${source.pcap}`
  const loading = captures.get(key) ?? loadCapture(source.pcap, source.guest)
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
