import type { Results } from '../simulation/results.ts'
import { idealOf, isOffIdeal, surplusError } from './ideal.ts'
import type { WeightedVif } from './ideal.ts'
import type { Measure, Scope } from './measure.ts'
import {
  intervalsIn,
  isShort,
  late,
  meanRate,
  missed,
  mostAboveCap,
  pressedUse,
  settlingSeconds,
  silentSeconds,
  wakesOf,
  widthsOf,
} from './over-time.ts'
import type { NicColumns, VifColumns } from './over-time.ts'

// Measures of what happens in the course of a run: they read its series.

const nsPerSecond = 1e9
/** Frames do not end with intervals. */
const usualTolerance = 0.02

const columnsOf = ({ series }: Results, { vifs }: Scope): VifColumns[] =>
  (vifs ?? Object.keys(series.vifs)).flatMap((name) => series.vifs[name] ?? [])

const weightedVifs = ({ series, vifs }: Results): WeightedVif[] =>
  Object.entries(series.vifs).map(([name, columns]) => ({ columns, weight: vifs[name]?.weight ?? 1 }))

/** The only NIC, or the only bond of all NICs; undefined where there are several, for nobody knows which vif is on which. */
function onlyNic({ series: { nics, bonds }, bonds: totals }: Results): NicColumns | undefined {
  const all = Object.entries(nics)
  const [bond, ...others] = Object.entries(bonds)
  if (!bond) return all.length === 1 ? all[0]?.[1] : undefined
  const [name, { capacityBps }] = bond
  const members = totals[name]?.nics ?? []
  if (others.length > 0 || all.length !== members.length) return undefined
  return {
    rateBps: capacityBps,
    utilisation: capacityBps.map((bps, i) =>
      usedPart(
        all.map(([, nic]) => nic),
        bps,
        i,
      ),
    ),
  }
}

/** What NICs sent in an interval over what they carry together. */
function usedPart(nics: readonly NicColumns[], capacityBps: number, i: number): number {
  const sent = nics.reduce((sum, { utilisation, rateBps }) => sum + utilisation[i]! * rateBps[i]!, 0)
  return capacityBps > 0 ? Math.min(1, sent / capacityBps) : 0
}

function onsetsOf(results: Results, scope: Scope): number[] {
  const { changes, series } = results
  const { afterSeconds } = scope
  if (afterSeconds === 'wakes') return wakesOf(series.t, columnsOf(results, scope))
  if (afterSeconds) return [...afterSeconds]
  return [...new Set(changes.map(({ seconds }) => seconds))].sort((a, b) => a - b)
}

/** The intervals that are looked at. */
function looked(results: Results, scope: Scope): number[] {
  const { t } = results.series
  const { fromSeconds = 0, toSeconds = Infinity, skipSeconds = 0 } = scope
  const skipped =
    skipSeconds === 0
      ? []
      : onsetsOf(results, scope).flatMap((onset) =>
          t.flatMap((end, i) => (end > onset + 1e-9 && (t[i - 1] ?? 0) < onset + skipSeconds - 1e-9 ? [i] : [])),
        )
  const isSkipped = new Set(skipped)
  return intervalsIn(t, { fromSeconds, toSeconds }).filter((i) => !isSkipped.has(i))
}

/** The longest of the times that it took to settle, in nanoseconds; null where nothing had to. */
function longestNs(results: Results, scope: Scope, isOff: (interval: number) => boolean): number | null {
  const times = settlingSeconds(results.series.t, onsetsOf(results, scope), isOff)
  return times.length > 0 ? Math.round(Math.max(...times) * nsPerSecond) : null
}

const use = (which: 'mean' | 'least') => (results: Results, scope: Scope) => {
  const nic = onlyNic(results)
  const widths = widthsOf(results.series.t)
  return nic ? (pressedUse(widths, looked(results, scope), nic, columnsOf(results, {}))?.[which] ?? null) : null
}

const spanKeys = ['fromSeconds', 'toSeconds', 'afterSeconds', 'skipSeconds'] as const

export const overTime = {
  delivered: {
    title: 'delivered',
    unit: 'b/s',
    heeds: ['vifs', ...spanKeys],
    of: (results, scope) => meanRate(widthsOf(results.series.t), looked(results, scope), columnsOf(results, scope)),
  },
  missing: {
    title: 'missing',
    unit: 'share',
    heeds: ['vifs', ...spanKeys],
    of: (results, scope) => missed(widthsOf(results.series.t), looked(results, scope), columnsOf(results, scope)).ratio,
  },
  late: {
    title: 'late',
    unit: 'share',
    heeds: ['vifs', ...spanKeys],
    of: (results, scope) => late(widthsOf(results.series.t), looked(results, scope), columnsOf(results, scope)),
  },
  shortTime: {
    title: 'short for',
    unit: 'ns',
    heeds: ['vifs', ...spanKeys],
    of: (results, scope) =>
      missed(widthsOf(results.series.t), looked(results, scope), columnsOf(results, scope)).shortSeconds * nsPerSecond,
  },
  settling: {
    title: 'settled after',
    unit: 'ns',
    heeds: ['vifs', 'afterSeconds'],
    of: (results, scope) => {
      const vifs = columnsOf(results, scope)
      return longestNs(results, scope, (i) => vifs.some((columns) => isShort(columns, i)))
    },
  },
  following: {
    title: 'right after',
    unit: 'ns',
    heeds: ['vifs', 'afterSeconds', 'within'],
    of: (results, scope) => {
      const nic = onlyNic(results)
      if (!nic) return null
      const vifs = weightedVifs(results)
      const names = Object.keys(results.series.vifs)
      const wanted = (scope.vifs ?? names).map((name) => names.indexOf(name)).filter((k) => k >= 0)
      const { within = usualTolerance } = scope
      return longestNs(results, scope, (i) => isOffIdeal(vifs, idealOf(vifs, nic.rateBps[i]!, i), i, within, wanted))
    },
  },
  silence: {
    title: 'silence',
    unit: 'ns',
    heeds: ['vifs', ...spanKeys],
    of: (results, scope) => {
      const { t } = results.series
      return Math.round(silentSeconds(widthsOf(t), looked(results, scope), columnsOf(results, scope)) * nsPerSecond)
    },
  },
  pressedUse: { title: 'NIC use', unit: 'share', heeds: spanKeys, of: use('mean') },
  leastUse: { title: 'least NIC use', unit: 'share', heeds: spanKeys, of: use('least') },
  aboveCap: {
    title: 'above cap',
    unit: 'bytes',
    heeds: ['vifs'],
    of: (results, scope) => {
      const widths = widthsOf(results.series.t)
      return Math.max(0, ...columnsOf(results, scope).map((columns) => mostAboveCap(widths, columns)))
    },
  },
  shareError: {
    title: 'share error',
    unit: 'share',
    heeds: spanKeys,
    of: (results, scope) => {
      const nic = onlyNic(results)
      const { t } = results.series
      return nic ? surplusError(t, looked(results, scope), nic.rateBps, weightedVifs(results)) : null
    },
  },
  scaledTime: {
    title: 'mins scaled for',
    unit: 'ns',
    heeds: [],
    of: ({ uplinks }) =>
      Math.max(...Object.values(uplinks).map(({ minsScaledSeconds }) => minsScaledSeconds)) * nsPerSecond,
  },
} as const satisfies Record<string, Measure>
