import { checkInteger, checkList, checkObject, checkText } from '../arguments.ts'
import { checkDetectorOptions, type DetectorOptions } from '../detector.ts'
import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { formatRate } from '../units.ts'
import { checkAdmission } from './admission.ts'
import { checkPolicyName } from './policies.ts'
import { mostBps, mostWeight, type PolicyName } from './policy.ts'

/** What is shared: a NIC, or what else limits several vifs together. */
export interface ControlledUplink {
  name: string
  /** Bits a second, a whole number up to 10^15. */
  capacityBps: number
}

export interface ControlledVif {
  name: string
  /** What it shares with others; null: nothing, and its cap is its rate. */
  uplink: string | null
  /** Its limit in bits a second; null: none. */
  capBps: number | null
  /** Its guarantee in bits a second; 0: none. At most the cap. */
  minBps: number
  /** Its part of what guarantees leave over, 1 to 10,000. */
  weight: number
}

export interface ControllerOptions {
  policy: PolicyName
  /** Of all vifs and uplinks. */
  detector?: Partial<DetectorOptions>
  uplinks: readonly ControlledUplink[]
  vifs: readonly ControlledVif[]
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE, ERR_ADMISSION */
export function checkControllerOptions(options: ControllerOptions): DetectorOptions {
  checkObject(options, 'options')
  const { policy, detector = {}, uplinks, vifs } = options
  checkPolicyName(policy)
  checkList(uplinks, 'uplinks')
  checkList(vifs, 'vifs')
  checkNames(uplinks, 'uplinks')
  checkNames(vifs, 'vifs')
  for (const { name, capacityBps } of uplinks)
    checkInteger(capacityBps, `the capacityBps of ${quote(name)}`, 0, mostBps)
  for (const vif of vifs) checkVif(vif, uplinks)
  for (const { name, capacityBps } of uplinks)
    checkAdmission(
      capacityBps,
      vifs.filter(({ uplink }) => uplink === name),
      name,
    )
  return checkDetectorOptions(detector)
}

function checkNames(all: readonly { name: string }[], what: string): void {
  const names = new Set<string>()
  for (const each of all) {
    checkObject(each, `each of ${what}`)
    checkText(each.name, `the name of each of ${what}`)
    if (names.has(each.name))
      throw new RingbackError('ERR_OUT_OF_RANGE', `${what} has ${quote(each.name)} twice; give each a name of its own`)
    names.add(each.name)
  }
}

function checkVif({ name, uplink, capBps, minBps, weight }: ControlledVif, uplinks: readonly ControlledUplink[]): void {
  checkLimits(name, capBps, minBps)
  checkWeight(name, weight)
  if (uplink === null) {
    if (minBps > 0)
      throw new RingbackError('ERR_ADMISSION', `${quote(name)} has a min but no uplink to guarantee it; give it one`)
    return
  }
  checkText(uplink, `the uplink of ${quote(name)}`)
  if (!uplinks.some((each) => each.name === uplink))
    throw new RingbackError('ERR_OUT_OF_RANGE', `the uplink ${quote(uplink)} of ${quote(name)} is not among uplinks`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function checkLimits(vif: string, capBps: number | null, minBps: number): void {
  if (capBps !== null) checkInteger(capBps, `the cap of ${quote(vif)}`, 1, mostBps)
  checkInteger(minBps, `the min of ${quote(vif)}`, 0, mostBps)
  if (capBps === null || minBps <= capBps) return
  const [min, cap] = [formatRate(minBps), formatRate(capBps)]
  throw new RingbackError(
    'ERR_OUT_OF_RANGE',
    `the min of ${quote(vif)}, ${min}, is above its cap of ${cap}; lower the min or raise the cap`,
  )
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function checkWeight(vif: string, weight: number): void {
  checkInteger(weight, `the weight of ${quote(vif)}`, 1, mostWeight)
}
