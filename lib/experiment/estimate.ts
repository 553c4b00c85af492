/** What some runs say about a figure. */
export interface Estimate {
  mean: number
  /** The ends of the 95 % confidence interval of the mean: where it lies unless one is unlucky. The mean, of one run. */
  low: number
  high: number
  /** A figure a seed. */
  samples: number[]
}

/** Student's t for 95 % on both sides, for 1, 2, ... degrees of freedom. */
const students = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const
/** And for many. */
const manyDegrees = [
  [40, 2.021],
  [60, 2.0],
  [99, 1.984],
] as const

/** Student's t: of the next smaller number of degrees of freedom where there is none for this one, which is on the safe side. */
function student(degrees: number): number {
  const [, more] = manyDegrees.findLast(([least]) => degrees >= least) ?? [0, students.at(-1)]
  return students[degrees - 1] ?? more!
}

/** @param samples - at least one, independent of one another */
export function estimate(samples: readonly number[]): Estimate {
  const count = samples.length
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0)
  // Equal samples have no spread, whatever the mean was rounded to.
  const isEven = samples.every((sample) => sample === samples[0])
  if (isEven) return { mean: samples[0]!, low: samples[0]!, high: samples[0]!, samples: [...samples] }
  const half = (student(count - 1) * Math.sqrt(squares / (count - 1))) / Math.sqrt(count)
  return { mean, low: mean - half, high: mean + half, samples: [...samples] }
}
