import type { CreditRate } from '../units.ts'

/** A credit as the shaper takes it; a window of 0: no cap. */
export interface Credit {
  creditBytes: number
  creditUsec: number
}

export const noCap: Credit = { creditBytes: 0, creditUsec: 0 }

/** The longest window that a credit can have: 71 minutes. */
const maxUsec = 2n ** 32n - 1n
/** With so many bytes a window, whole bytes are within 0.1 % of any rate. */
const leastBytes = 1000n
const bitsPerByteUsec = 8_000_000n

export function creditOf(cap: CreditRate | null): Credit {
  return cap ? { creditBytes: cap.creditBytes, creditUsec: cap.creditUsec } : noCap
}

/**
 * The credit for a rate, in windows as near to `windowUsec` as whole bytes allow: longer for slow vifs. It is never above
 * the rate, and below it by less than 0.1 %, where the longest window holds {@link leastBytes}.
 *
 * @param rateBps - whole bits a second; 0: one byte in the longest window, the nearest to nothing that a credit can say
 */
export function creditFor(rateBps: number, windowUsec: number): Credit {
  const rate = BigInt(rateBps)
  if (rate === 0n) return { creditBytes: 1, creditUsec: Number(maxUsec) }
  const needed = (leastBytes * bitsPerByteUsec + rate - 1n) / rate
  const wanted = needed > windowUsec ? needed : BigInt(windowUsec)
  const usec = wanted < maxUsec ? wanted : maxUsec
  const bytes = (rate * usec) / bitsPerByteUsec
  return { creditBytes: Number(bytes > 0n ? bytes : 1n), creditUsec: Number(usec) }
}
