import type { BenchmarkName, BenchRow } from './results.ts'

/** Whom every other peer is compared with. */
const baselines: Readonly<Record<BenchmarkName, { peer: RegExp; name: string }>> = {
  rings: { peer: /^Xen /, name: "Xen's macros" },
  copy: { peer: /^memcpy/, name: 'memcpy' },
  shaper: { peer: /^netback/, name: "netback's arithmetic in C++" },
  bond: { peer: /^one NIC/, name: 'one NIC without a bond' },
  sim: { peer: /^C\+\+ loop/, name: 'the C++ loop' },
  control: { peer: /^fresh objects/, name: 'fresh objects and sorting' },
}

/** Whether more is better. */
export const isRate = ({ unit }: Pick<BenchRow, 'unit'>): boolean => unit.endsWith('/s')

/** The name of what a benchmark's ratios are to; undefined where it was not measured. */
export function baselineName(benchmark: BenchmarkName, rows: readonly BenchRow[]): string | undefined {
  const { peer, name } = baselines[benchmark]
  return rows.some((row) => peer.test(row.peer)) ? name : undefined
}

/**
 * How many times better than the baseline a row is, at the same job, unit and size: of two times, the inverse.
 *
 * @returns undefined for the baseline itself and where it has no such row
 */
export function ratioToBaseline(
  benchmark: BenchmarkName,
  row: BenchRow,
  rows: readonly BenchRow[],
): number | undefined {
  const { peer } = baselines[benchmark]
  if (peer.test(row.peer)) return undefined
  const base = rows.find(
    (other) => peer.test(other.peer) && other.job === row.job && other.unit === row.unit && other.at === row.at,
  )
  if (!base) return undefined
  return isRate(row) ? row.median / base.median : base.median / row.median
}

export const formatRatio = (ratio: number): string => `${ratio < 0.01 ? ratio.toPrecision(1) : ratio.toFixed(2)}x`

/** Rows that can be compared: of one job and unit. */
export interface BenchGroup {
  job: string
  unit: string
  rows: BenchRow[]
  /** In the order of the rows. */
  peers: string[]
  /** Ascending. */
  sizes: number[]
}

/** The groups of a run, in the order of their first rows. */
export function groupRows(rows: readonly BenchRow[]): BenchGroup[] {
  const groups = new Map<string, BenchRow[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.job, row.unit])
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((members) => ({
    job: members[0]!.job,
    unit: members[0]!.unit,
    rows: members,
    peers: [...new Set(members.map(({ peer }) => peer))],
    sizes: [...new Set(members.map(({ at }) => at))].sort((a, b) => a - b),
  }))
}
