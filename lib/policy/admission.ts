import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { formatRate } from '../units.ts'

/** A vif that asks for a guarantee. */
export interface MinRequest {
  name: string
  /** Bits a second; 0: none. */
  minBps: number
}

/** So many are named. */
const mostNamed = 8

/**
 * Whether guarantees fit an uplink's capacity.
 *
 * @param uplink - the uplink's name, for the message
 * @returns what is wrong and how to fix it, on one line; null where they fit
 * @example
 * admissionProblem(1e9, [{ name: 'web', minBps: 6e8 }, { name: 'db', minBps: 5e8 }], 'eth0')
 * // 'the mins of "web" (600Mb/s) and "db" (500Mb/s) add up to 1.1Gb/s, 100Mb/s more than the 1Gb/s of "eth0"; lower them ...'
 */
export function admissionProblem(capacityBps: number, vifs: readonly MinRequest[], uplink?: string): string | null {
  const sumBps = vifs.reduce((sum, { minBps }) => sum + minBps, 0)
  if (sumBps <= capacityBps) return null
  const asking = vifs.filter(({ minBps }) => minBps > 0).sort((a, b) => b.minBps - a.minBps)
  const named = asking.slice(0, mostNamed).map(({ name, minBps }) => `${quote(name)} (${formatRate(minBps)})`)
  if (asking.length > mostNamed) named.push(`${asking.length - mostNamed} more`)
  const [sum, missing, capacity] = [sumBps, sumBps - capacityBps, capacityBps].map((bps) => formatRate(bps))
  const of = uplink === undefined ? '' : ` of ${quote(uplink)}`
  if (asking.length === 1)
    return `the min of ${named[0]} is ${missing} more than the ${capacity}${of}; lower it, or take a faster uplink`
  return (
    `the mins of ${listed(named)} add up to ${sum}, ${missing} more than the ${capacity}${of}; ` +
    `lower them by ${missing} in all, or take a faster uplink`
  )
}

/** @throws {@link RingbackError} ERR_ADMISSION with the text of {@link admissionProblem} */
export function checkAdmission(capacityBps: number, vifs: readonly MinRequest[], uplink?: string): void {
  const problem = admissionProblem(capacityBps, vifs, uplink)
  if (problem !== null) throw new RingbackError('ERR_ADMISSION', problem)
}

const listed = (words: readonly string[]): string =>
  words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : words.join('')
