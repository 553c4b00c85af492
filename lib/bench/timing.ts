import process from 'node:process'

/** How long some work took, in nanoseconds, at least one. */
export function elapsedNsOf(work: () => void): number {
  const start = process.hrtime.bigint()
  work()
  return Math.max(1, Number(process.hrtime.bigint() - start))
}

/** A figure, and whether something else than what is measured made it. */
export interface Sample {
  value: number
  isDisturbed: boolean
}

const mostRepeats = 20
/** So many times as long as a measurement should last is spent on its repeats: disturbed ones can last much longer. */
const patience = 200

/**
 * Repeats a measurement while it is disturbed or the scheduler takes a core from this process, within reason.
 *
 * @param sampleMs - how long it should last
 */
export async function undisturbed(measure: () => Sample | Promise<Sample>, sampleMs: number): Promise<number> {
  const start = performance.now()
  for (let repeats = 0; ; repeats++) {
    const before = process.resourceUsage().involuntaryContextSwitches
    const { value, isDisturbed } = await measure()
    const isPreempted = process.resourceUsage().involuntaryContextSwitches !== before
    if ((!isDisturbed && !isPreempted) || repeats === mostRepeats) return value
    if (performance.now() - start > patience * sampleMs) return value
  }
}

/** {@link undisturbed} for what runs in this thread alone. */
export const undisturbedValue = (measure: () => number, sampleMs: number): Promise<number> =>
  undisturbed(() => ({ value: measure(), isDisturbed: false }), sampleMs)
