import { resolve } from 'node:path'

import type { CheckedInput } from './schema.ts'

/** What every source has. */
interface SourceBase {
  /** The name of its vif. */
  vif: string
  /** out: the guest sends the frames; in: they arrive on its uplink's (first) NIC and go to the guest. */
  direction: 'out' | 'in'
  startNs: number
  /** null: the end of the run. */
  stopNs: number | null
}

/** What sources of made-up frames have. */
interface MadeUpBase extends SourceBase {
  /** The vif whose address the frames have; null: a station outside. */
  to: string | null
}

/** What sources whose frames belong to flows in turn have. */
interface TurnsBase extends MadeUpBase {
  flows: number
  /** 0: UDP frames. Above: TCP frames to be cut into segments with so many bytes of payload. */
  gsoBytes: number
}

export interface ConstantSource extends TurnsBase {
  kind: 'constant'
  rateBps: number
  sizeBytes: number
  /** Each frame is late by a random part of the distance between two, below this fraction. */
  jitter: number
}

/** Frames with exponentially distributed distances. */
export interface PoissonSource extends TurnsBase {
  kind: 'poisson'
  /** The mean. */
  rateBps: number
  /** Each frame has one of these at random, by weight. */
  sizes: { sizeBytes: number; weight: number }[]
}

/** Frames at even distances of the time in which it is on; the mean rate is rateBps * onNs / (onNs + offNs). */
export interface OnOffSource extends TurnsBase {
  kind: 'onoff'
  /** While it is on. */
  rateBps: number
  sizeBytes: number
  /** Means. */
  onNs: number
  offNs: number
  /** Whether on and off times are random about their means, or exactly these. */
  distribution: 'exponential' | 'fixed'
}

/** Flows that arrive as a Poisson process and send side by side. */
export interface FlowsSource extends MadeUpBase {
  kind: 'flows'
  /** Of flows in bytes, without headers: a distribution of the literature, or points [bytes, share of flows up to it]. */
  sizes: 'websearch' | 'datamining' | [bytes: number, share: number][]
  /** The mean of all flows' frames together. */
  loadBps: number
  /** A flow's own. */
  rateBps: number
  /** Of a full frame. */
  sizeBytes: number
  /** Flows at a time; more wait for one to end. */
  active: number
}

export interface ReplaySource extends SourceBase {
  kind: 'replay'
  /** Absolute path of the capture. */
  pcap: string
  /** The guest's MAC, lower case, with colons. out: the frames from it; in: those from others to it or to a group. */
  guest: string
  loop: boolean
  speed: number
  /** Where the scenario names the capture, for messages: `web.yaml:12: traffic[0].pcap`. */
  origin: string
}

/** TCP connections: they send what their windows allow, and answer to what becomes of it. */
export interface TcpSource extends MadeUpBase {
  kind: 'tcp'
  flows: number
  congestion: 'cubic' | 'reno'
  /** The delay behind the wire, or between two guests. */
  rttNs: number
  /** Of a full segment's frame. */
  sizeBytes: number
  /** Of the largest frame that a guest hands down at once. */
  gsoBytes: number
  sack: boolean
  /** How many segments must overtake another before it counts as lost: three, or as many as once did for nothing. */
  reordering: 'fixed' | 'adaptive' | 'rack'
  /** Of each connection; null: it never ends. */
  bytes: number | null
  delayedAckNs: number
  minRtoNs: number
  windowBytes: number
}

export type ScenarioSource = ConstantSource | PoissonSource | OnOffSource | FlowsSource | ReplaySource | TcpSource

/**
 * A source with defaults filled in.
 *
 * @param directory - what captures' paths are relative to
 * @param origin - where the scenario names the capture, if this is a replay
 */
export function toSource(source: CheckedInput['traffic'][number], directory: string, origin: string): ScenarioSource {
  const base: SourceBase = {
    vif: source.vif,
    direction: source.direction,
    startNs: source.start,
    stopNs: source.stop ?? null,
  }
  if (source.kind === 'replay') {
    const { pcap, guest, loop, speed } = source
    const mac = guest.toLowerCase().replaceAll('-', ':')
    return { kind: 'replay', ...base, pcap: resolve(directory, pcap), guest: mac, loop, speed, origin }
  }
  if (source.kind === 'tcp') return toTcp(source, base)
  const { rate, to = null } = source
  if (source.kind === 'flows') {
    const { distribution, sizes = [], load, size, active } = source
    return {
      kind: 'flows',
      ...base,
      to,
      sizes: distribution ?? sizes,
      loadBps: load,
      rateBps: rate,
      sizeBytes: size,
      active,
    }
  }
  const { flows, gso = 0 } = source
  const turns: TurnsBase = { ...base, to, flows, gsoBytes: gso }
  if (source.kind === 'poisson') return { kind: 'poisson', ...turns, rateBps: rate, sizes: mixOf(source) }
  if (source.kind === 'onoff') {
    const { size, on, off, distribution } = source
    return { kind: 'onoff', ...turns, rateBps: rate, sizeBytes: size, onNs: on, offNs: off, distribution }
  }
  return { kind: 'constant', ...turns, rateBps: rate, sizeBytes: source.size, jitter: source.jitter }
}

function toTcp(source: Extract<CheckedInput['traffic'][number], { kind: 'tcp' }>, base: SourceBase): TcpSource {
  const { to = null, flows, congestion, rtt, size, gso, sack, reordering, bytes = null } = source
  return {
    kind: 'tcp',
    ...base,
    to,
    flows,
    congestion,
    rttNs: rtt,
    sizeBytes: size,
    gsoBytes: Math.max(size, gso),
    sack,
    reordering,
    bytes,
    delayedAckNs: source.delayedAck,
    minRtoNs: source.minRto,
    windowBytes: source.window,
  }
}

type PoissonInput = Extract<CheckedInput['traffic'][number], { kind: 'poisson' }>

function mixOf({ size, sizes }: PoissonInput): PoissonSource['sizes'] {
  if (size !== undefined) return [{ sizeBytes: size, weight: 1 }]
  return (sizes ?? []).map(({ size: sizeBytes, weight }) => ({ sizeBytes, weight }))
}
