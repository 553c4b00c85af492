// What can be read off a run's series: pure functions of columns that have one value an interval.

/** What a series has of a vif. Rates are bits a second, each that of its interval. */
export interface VifColumns {
  /** Offered. */
  demandBps: readonly number[]
  /** Delivered. */
  throughputBps: readonly number[]
  /** null: nothing is guaranteed. */
  minBps: readonly (number | null)[]
  /** The cap; null: none. */
  rateBps: readonly (number | null)[]
}

/** Part of what is due that may be missing: what is on the way as an interval ends is delivered in the next one. */
const tolerated = 0.01
/** Intervals begin and end at sums of fractions. */
const sameSeconds = 1e-9

/** How long each interval is, from the seconds at which they end. */
export const widthsOf = (ends: readonly number[]): number[] => ends.map((end, i) => end - (ends[i - 1] ?? 0))

/** Bytes of a rate over a time: whole, so that nothing is left of sums that are even. */
const bytesOf = (bps: number, seconds: number): number => Math.round((bps * seconds) / 8)

/** A part of the run. */
export interface Span {
  fromSeconds: number
  toSeconds: number
}

/** The numbers of the intervals that lie within a part of the run. */
export function intervalsIn(ends: readonly number[], { fromSeconds, toSeconds }: Span): number[] {
  return [...ends.keys()].filter(
    (i) => (ends[i - 1] ?? 0) >= fromSeconds - sameSeconds && ends[i]! <= toSeconds + sameSeconds,
  )
}

/** What some vifs got together, bits a second; null: there is no interval. */
export function meanRate(
  widths: readonly number[],
  intervals: readonly number[],
  vifs: readonly VifColumns[],
): number | null {
  const seconds = intervals.reduce((sum, i) => sum + widths[i]!, 0)
  const bits = intervals.reduce(
    (sum, i) => sum + widths[i]! * vifs.reduce((bps, { throughputBps }) => bps + throughputBps[i]!, 0),
    0,
  )
  return seconds > 0 ? bits / seconds : null
}

/** What is due in an interval: what is offered, but no more than the min and the cap. */
function dueBps({ demandBps, minBps, rateBps }: VifColumns, i: number): number {
  return Math.min(demandBps[i]!, minBps[i] ?? 0, rateBps[i] ?? Infinity)
}

/** Whether more than 1 % of what is due in an interval is missing. */
export function isShort(columns: VifColumns, i: number): boolean {
  return columns.throughputBps[i]! < (1 - tolerated) * dueBps(columns, i)
}

/** Of what was due to some vifs the part that was missing, and the time in which one of them was short; null: nothing was due. */
export function missed(
  widths: readonly number[],
  intervals: readonly number[],
  vifs: readonly VifColumns[],
): { ratio: number | null; shortSeconds: number } {
  let due = 0
  let missing = 0
  let shortSeconds = 0
  for (const i of intervals) {
    for (const columns of vifs) {
      const here = dueBps(columns, i)
      due += here * widths[i]!
      missing += Math.max(0, here - columns.throughputBps[i]!) * widths[i]!
    }
    if (vifs.some((columns) => isShort(columns, i))) shortSeconds += widths[i]!
  }
  return { ratio: due > 0 ? missing / due : null, shortSeconds }
}

/**
 * Of what was due to some vifs the part that came later than one interval after its own, or not at all; null: nothing was
 * due. Where guests send at random, frames that are on the way as a short interval ends are late by no means, and missing is
 * what {@link missed} calls them. What comes pays what is owed first, and nothing is paid in advance.
 */
export function late(
  widths: readonly number[],
  intervals: readonly number[],
  vifs: readonly VifColumns[],
): number | null {
  let due = 0
  let lateBytes = 0
  for (const columns of vifs) {
    let owed = 0
    for (const i of intervals) {
      const here = bytesOf(dueBps(columns, i), widths[i]!)
      const came = bytesOf(columns.throughputBps[i]!, widths[i]!)
      lateBytes += Math.max(0, owed - came)
      owed = Math.max(0, here - Math.max(0, came - owed))
      due += here
    }
  }
  return due > 0 ? lateBytes / due : null
}

/**
 * How long it takes after each onset until nothing is off any more: up to the end of the last interval that is off, before
 * the next onset or the end of the run. 0 where none is.
 *
 * @param onsets - seconds, rising
 * @param isOff - whether the interval with this number is not yet as it is to be
 */
export function settlingSeconds(
  ends: readonly number[],
  onsets: readonly number[],
  isOff: (interval: number) => boolean,
): number[] {
  return onsets.map((onset, k) => {
    const next = onsets[k + 1] ?? Infinity
    // The interval in which an onset lies is the onset's, and no longer that of the one before.
    const mine = [...ends.keys()].filter(
      (i) => ends[i]! > onset + sameSeconds && (next === Infinity || ends[i]! <= next + sameSeconds),
    )
    const last = mine.findLast(isOff)
    return last === undefined ? 0 : ends[last]! - onset
  })
}

/** The longest time, in seconds, in which none of some vifs got anything: of intervals that follow one another. */
export function silentSeconds(
  widths: readonly number[],
  intervals: readonly number[],
  vifs: readonly VifColumns[],
): number {
  let longest = 0
  let here = 0
  for (const [k, i] of intervals.entries()) {
    const isSilent = vifs.every(({ throughputBps }) => throughputBps[i] === 0)
    const goesOn = intervals[k - 1] === i - 1
    here = isSilent ? (goesOn ? here : 0) + widths[i]! : 0
    longest = Math.max(longest, here)
  }
  return longest
}

/** When a vif begins to offer something after an interval in which it offered nothing; seconds, rising. */
export function wakesOf(ends: readonly number[], vifs: readonly VifColumns[]): number[] {
  return ends.flatMap((_, i) => {
    const wakes = vifs.some(({ demandBps }) => demandBps[i]! > 0 && (demandBps[i - 1] ?? 0) === 0)
    return wakes ? [ends[i - 1] ?? 0] : []
  })
}

/** The most by which what was sent in any run of intervals exceeds what the cap allows in it, in bytes. */
export function mostAboveCap(widths: readonly number[], { throughputBps, rateBps }: VifColumns): number {
  let most = 0
  let here = 0
  for (const [i, width] of widths.entries()) {
    const cap = rateBps[i] ?? null
    here = cap === null ? 0 : Math.max(0, here + bytesOf(throughputBps[i]! - cap, width))
    most = Math.max(most, here)
  }
  return most
}

/** What a series has of a NIC. */
export interface NicColumns {
  utilisation: readonly number[]
  /** 0: the link is down. */
  rateBps: readonly number[]
}

/**
 * How busy a NIC is in the intervals in which its vifs, within their caps, offer more than it can send: over all of
 * them, and in the one in which it is the least; null where there is none.
 */
export function pressedUse(
  widths: readonly number[],
  intervals: readonly number[],
  { utilisation, rateBps }: NicColumns,
  vifs: readonly VifColumns[],
): { mean: number; least: number } | null {
  let seconds = 0
  let busySeconds = 0
  let least = Infinity
  for (const i of intervals) {
    const wanted = vifs.reduce((sum, vif) => sum + Math.min(vif.demandBps[i]!, vif.rateBps[i] ?? Infinity), 0)
    if (rateBps[i]! === 0 || wanted <= rateBps[i]!) continue
    seconds += widths[i]!
    busySeconds += utilisation[i]! * widths[i]!
    least = Math.min(least, utilisation[i]!)
  }
  return seconds > 0 ? { mean: busySeconds / seconds, least } : null
}
