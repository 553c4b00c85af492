export interface Spread {
  median: number
  min: number
  max: number
}

/** The middle and the ends of some samples, at least one. */
export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b)
  const [below, above] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!]
  return { median: (below + above) / 2, min: sorted[0]!, max: sorted.at(-1)! }
}
