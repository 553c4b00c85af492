import process from 'node:process'

/** How long some work took, in nanoseconds, at least one. */
export function elapsedNsOf(work: () => void): number {
  const start = process.hrtime.bigint()
  work()
  return Math.max(1, Number(process.hrtime.bigint() - start))
}

const mostRepeats = 5

/** Repeats a measurement while the scheduler takes a core from this process, within reason. */
export async function undisturbed(measure: () => number | Promise<number>): Promise<number> {
  for (let repeats = 0; ; repeats++) {
    const before = process.resourceUsage().involuntaryContextSwitches
    const value = await measure()
    if (process.resourceUsage().involuntaryContextSwitches === before || repeats === mostRepeats) return value
  }
}
