/** How much of its min a vif missed of what it had to send. */
export interface Shortfall {
  /** Of what was due to it the part that was not delivered, 0 to 1; 0 without a min. */
  ratio: number
  /** The intervals in which more than 1 % of what was due was missing. */
  seconds: number
}

/** Part of what is due in an interval that may be missing: what is on the way as it ends is delivered in the next one. */
const tolerated = 0.01

/** Sums of the intervals so far; plain data, which can be copied. */
export interface ShortfallSums {
  dueBytes: number
  missingBytes: number
  shortNs: number
}

export const noShortfall = (): ShortfallSums => ({ dueBytes: 0, missingBytes: 0, shortNs: 0 })

/**
 * Adds an interval. Due is what was offered in it, but no more than the min's part: more than that was never promised.
 *
 * @param minBytes - what the min, as it was over the interval, comes to
 */
export function addInterval(
  sums: ShortfallSums,
  interval: { elapsedNs: number; offeredBytes: number; deliveredBytes: number; minBytes: number },
): void {
  const { elapsedNs, offeredBytes, deliveredBytes, minBytes } = interval
  const due = Math.min(offeredBytes, minBytes)
  const missing = Math.max(0, due - deliveredBytes)
  sums.dueBytes += due
  sums.missingBytes += missing
  if (missing > tolerated * due) sums.shortNs += elapsedNs
}

export function shortfallOf({ dueBytes, missingBytes, shortNs }: ShortfallSums): Shortfall {
  return { ratio: dueBytes > 0 ? missingBytes / dueBytes : 0, seconds: shortNs / 1e9 }
}
