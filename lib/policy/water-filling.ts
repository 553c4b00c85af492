import { checkInteger, checkList } from '../arguments.ts'
import { mostBps, mostWeight } from './policy.ts'

/** One who wants a part of what there is. */
export interface Want {
  /** A whole number up to 10^15; Infinity: as much as there is. */
  wantedBps: number
  /** 1 to 10,000. */
  weight: number
}

/**
 * Shares so much by weighted max-min: there is one level, and everybody gets what it wants or weight times the level,
 * whichever is less, to less than one bit a second. The sum is exact: the amount, or all that is wanted if that is less.
 * Single bits that are left over go to the first in order.
 *
 * @param amountBps - a whole number up to 10^15
 * @returns whole numbers, in the order of `wants`
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 * @example
 * waterFill(100, [{ wantedBps: 10, weight: 1 }, { wantedBps: Infinity, weight: 2 }, { wantedBps: 80, weight: 1 }]) // [10, 60, 30]
 */
export function waterFill(amountBps: number, wants: readonly Want[]): number[] {
  checkInteger(amountBps, 'amountBps', 0, mostBps)
  checkList(wants, 'wants')
  const water = new WaterFilling()
  water.reserve(wants.length)
  for (const [i, { wantedBps, weight }] of wants.entries()) {
    if (wantedBps !== Infinity) checkInteger(wantedBps, 'wantedBps', 0, mostBps)
    checkInteger(weight, 'weight', 1, mostWeight)
    water.wanted[i] = wantedBps
    water.weights[i] = weight
  }
  water.fill(amountBps, wants.length)
  return [...water.given.subarray(0, wants.length)]
}

/**
 * {@link waterFill} on columns that are kept, for many calls. Fill in `wanted` and `weights`, call {@link fill}, read `given`.
 *
 * No sorting: each round takes the level that all who are still open could have, and closes those that want no more. If a share
 * x of the open weight closes, the level's next step is at most x / (1 - x) of the last one, so that step times weight
 * times weight shrinks to a quarter or less a round. Whole bits bound the rounds by the logarithm of the numbers' range:
 * a few in practice, never more than some 60.
 *
 * Why doubles are enough: amounts and wants are whole and below 2^50, so their sums are exact, and all shares together are
 * too large by a quarter of a bit at most. Rounded down they never exceed the amount.
 */
export class WaterFilling {
  wanted = new Float64Array(0)
  weights = new Float64Array(0)
  given = new Float64Array(0)
  #open = new Int32Array(0)

  /** Makes room for so many; forgets what the columns hold if they grow. */
  reserve(count: number): void {
    if (count <= this.wanted.length) return
    this.wanted = new Float64Array(count)
    this.weights = new Float64Array(count)
    this.given = new Float64Array(count)
    this.#open = new Int32Array(count)
  }

  /** Shares `amountBps` among the first `count`. */
  fill(amountBps: number, count: number): void {
    const { wanted, weights, given } = this
    const open = this.#open
    let openCount = 0
    let left = amountBps
    let weight = 0
    for (let i = 0; i < count; i++) {
      given[i] = 0
      if (wanted[i]! <= 0) continue
      open[openCount++] = i
      weight += weights[i]!
    }
    while (openCount > 0) {
      const level = left / weight
      let stillOpen = 0
      for (let k = 0; k < openCount; k++) {
        const i = open[k]!
        if (wanted[i]! > weights[i]! * level) {
          open[stillOpen++] = i
          continue
        }
        given[i] = wanted[i]!
        left -= wanted[i]!
        weight -= weights[i]!
      }
      if (stillOpen === openCount) return this.#distribute(left, level, openCount)
      openCount = stillOpen
    }
  }

  /** Whole bits of the level for all who are open; what rounding leaves, less than a bit each, to the first. */
  #distribute(amountBps: number, level: number, count: number): void {
    const { weights, given } = this
    const open = this.#open
    let left = amountBps
    for (let k = 0; k < count; k++) {
      const i = open[k]!
      given[i] = Math.floor(weights[i]! * level)
      left -= given[i]
    }
    for (let k = 0; left > 0; k++, left--) given[open[k]!]! += 1
  }
}
