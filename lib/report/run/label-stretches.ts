import { many } from './words.ts'

/** More stretches than a strip has room for. */
const mostStretches = 100

/**
 * Stretches in which one label held, for a strip below a chart.
 *
 * @param labels - of the intervals that end at `t`
 * @param what - a label is one, for where there are too many
 */
export function labelStretches(
  t: readonly number[],
  labels: readonly string[],
  what: string,
): { from: number; to: number; label: string }[] {
  const all: { from: number; to: number; label: string }[] = []
  labels.forEach((label, i) => {
    const last = all.at(-1)
    if (last?.label === label) last.to = t[i]!
    else all.push({ from: last?.to ?? 0, to: t[i]!, label })
  })
  return all.length > mostStretches ? [{ from: 0, to: t.at(-1) ?? 0, label: many(all.length, what) }] : all
}
