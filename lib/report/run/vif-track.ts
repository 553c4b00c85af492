import type { SavedResults } from '../../simulation/results-schema.ts'
import { namesIn } from './labelled-run.ts'
import type { LabelledRun } from './labelled-run.ts'
import { isKept } from './verdict.ts'

/** A vif over time, as its chart shows it. */
export interface VifTrack {
  t: readonly number[]
  /** What the guest sent and was delivered: a min and a cap are for this. */
  sent: number[]
  /** What it wanted to send. */
  offered: number[]
  /** Undefined where nothing came for it. */
  received?: readonly number[]
  /** Undefined where it is the cap. */
  allocated?: readonly (number | null)[]
  min?: readonly (number | null)[]
  cap?: readonly (number | null)[]
  /** Undefined in results of an earlier version. */
  busy?: readonly boolean[]
  /** What it should have sent by its min: no more than it wanted. */
  promised: number[]
}

/** Undefined where the run has no such vif. */
export function trackOf({ vifs, series }: SavedResults, name: string): VifTrack | undefined {
  const columns = series.vifs[name]
  const vif = vifs[name]
  if (!columns || !vif) return undefined
  const { throughputBps, receiveBps, demandBps, allocationBps, busy } = columns
  const isAnyReceived = receiveBps.some((bps) => bps > 0)
  const without = (values: readonly number[]): number[] => values.map((bps, i) => Math.max(bps - receiveBps[i]!, 0))
  const min = columns.minBps ?? allocationBps.map(() => vif.minBps)
  const cap = columns.rateBps ?? allocationBps.map(() => vif.rateBps)
  const offered = without(demandBps)
  const isAny = (values: readonly (number | null)[]): boolean => values.some((value) => value !== null)
  return {
    t: series.t,
    sent: without(throughputBps),
    offered,
    ...(isAnyReceived && { received: receiveBps }),
    ...(isAny(allocationBps) && allocationBps.some((bps, i) => bps !== cap[i]) && { allocated: allocationBps }),
    ...(isAny(min) && { min }),
    ...(isAny(cap) && { cap }),
    ...(busy && { busy }),
    promised: offered.map((bps, i) => Math.min(bps, min[i] ?? 0)),
  }
}

const mostOf = (values: readonly (number | null)[] = []): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)

/** A line that is no higher than so many times what went through is drawn whole; a higher one leaves the chart. */
const mostReach = 1.5

/** What the axis of a vif's chart must reach, in all runs: what went through, and what is near to that. */
export function reachOf(tracks: readonly VifTrack[]): number {
  const through = Math.max(...tracks.map(({ sent, received, min }) => Math.max(...[sent, received, min].map(mostOf))))
  const others = tracks.flatMap(({ offered, allocated, cap }) => [offered, allocated, cap].map(mostOf))
  const near = others.filter((most) => most <= through * mostReach)
  return through > 0 ? Math.max(through, ...near) : Math.max(...others, 1)
}

/** Vifs that are drawn; the tables have all. */
export const mostDrawn = 12

/** All vifs, the worst first: by what their mins lacked, then by what they dropped, in any run. */
export function rankVifs(runs: readonly LabelledRun[]): string[] {
  const worst = (name: string, of: (vif: SavedResults['vifs'][string]) => number): number =>
    Math.max(...runs.map(({ results }) => (results.vifs[name] ? of(results.vifs[name]) : 0)))
  const ranked = namesIn(runs, 'vifs').map((name) => ({
    name,
    lacking: worst(name, (vif) => (isKept(vif) ? 0 : vif.shortfall.ratio)),
    dropped: worst(name, ({ droppedBytes, offeredBytes }) => (offeredBytes > 0 ? droppedBytes / offeredBytes : 0)),
  }))
  ranked.sort((a, b) => b.lacking - a.lacking || b.dropped - a.dropped)
  return ranked.map(({ name }) => name)
}

/** All vifs in their order or, where there are many, the worst. */
export function drawnVifs(runs: readonly LabelledRun[]): { drawn: string[]; all: number } {
  const names = namesIn(runs, 'vifs')
  return { drawn: names.length <= mostDrawn ? names : rankVifs(runs).slice(0, mostDrawn), all: names.length }
}
