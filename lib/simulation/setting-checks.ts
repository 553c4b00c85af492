import { checkInteger, checkObject } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { checkAdmission } from '../policy/admission.ts'
import { formatRate, parseBitRate, parseRate } from '../units.ts'
import type { CreditRate } from '../units.ts'
import { maxRateBps } from '../reading/schema-words.ts'
import type { VifChange, VifSettings } from './settings.ts'

// What callers hand in for a setting, read and checked.

const maxUint32 = 2 ** 32 - 1

/** @throws {@link RingbackError} ERR_UNIT, ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function readCap(rate: string | CreditRate | null): CreditRate | null {
  if (rate === null) return null
  if (typeof rate === 'string') return parseRate(rate)
  checkObject(rate, 'rate')
  const { creditBytes, creditUsec, bitsPerSecond } = rate
  checkInteger(creditBytes, 'rate.creditBytes', 1, Number.MAX_SAFE_INTEGER)
  checkInteger(creditUsec, 'rate.creditUsec', 1, maxUint32)
  checkInteger(bitsPerSecond, 'rate.bitsPerSecond', 1, Number.MAX_SAFE_INTEGER)
  return { creditBytes, creditUsec, bitsPerSecond }
}

/**
 * @returns bits a second; 0: none
 * @throws {@link RingbackError} ERR_UNIT, ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 */
export function readMinBps(min: string | number | null): number {
  return min === null ? 0 : readBps(min, 'min', 0)
}

/** @throws {@link RingbackError} ERR_UNIT, ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function readNicBps(rate: string | number): number {
  return readBps(rate, 'rate', 1)
}

function readBps(value: string | number, name: string, least: number): number {
  const bps = typeof value === 'string' ? parseBitRate(value) : value
  checkInteger(bps, name, least, maxRateBps)
  return bps
}

/** The NIC or bond that a vif shares with others. */
export interface Sharing {
  wayOut: string
  /** While all is up. */
  capacityBps: number
  vifs: readonly VifSettings[]
}

/**
 * Whether a vif may be changed so: its min is at most its cap, and a min is raised only where all of them fit in what the NIC
 * or bond carries. A NIC that is slower for a time is not asked whether it was enough before.
 *
 * @param sharing - undefined: it shares none
 * @throws {@link RingbackError} ERR_OUT_OF_RANGE, ERR_ADMISSION
 */
export function checkVifChange(vif: VifSettings, change: VifChange, sharing: Sharing | undefined): void {
  const { cap = vif.cap, minBps = vif.min.value } = change
  if (cap && minBps > cap.bitsPerSecond)
    throw new RingbackError(
      'ERR_OUT_OF_RANGE',
      `vif ${vif.name}: a min of ${formatRate(minBps)} is above the cap of ${formatRate(cap.bitsPerSecond)}; ` +
        (change.minBps === undefined ? 'lower the min first' : 'write less, or raise the rate first'),
    )
  if (minBps <= vif.min.value) return
  if (!sharing)
    throw new RingbackError(
      'ERR_ADMISSION',
      `vif ${vif.name}: a min cannot be kept on ${vif.uplink}, a bridge without a NIC or with several; give it one NIC`,
    )
  checkAdmission(
    sharing.capacityBps,
    sharing.vifs.map(({ name, min }) => ({ name, minBps: name === vif.name ? minBps : min.value })),
    sharing.wayOut,
  )
}
