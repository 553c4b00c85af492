import { checkInteger, checkObject } from './arguments.ts'
import { BusynessDetector, checkCounter, type DetectorOptions, type DetectorSample } from './detector.ts'
import { RingbackError } from './errors.ts'
import { checkAdmission } from './policy/admission.ts'
import {
  checkControllerOptions,
  checkLimits,
  checkWeight,
  type ControlledVif,
  type ControllerOptions,
} from './policy/controller-options.ts'
import type { ControlSample, Decision, LiveDecision, LiveUplinkDecision, LiveVifDecision } from './policy/decision.ts'
import { createPolicy } from './policy/policies.ts'
import { type Allocation, mostBps, type Policy, type VifDemand } from './policy/policy.ts'
import { scaleOf } from './policy/shares.ts'
import { quote } from './quote.ts'

/** What a vif may send, or is taken to want, beyond what it sent. */
const headroom = 0.25
/** A shaper lets who always waits have all of its rate, but for what the ends of windows and frames take of it. */
const full = 0.98
const frameBytes = 3_000
/** A set of rates stays until one of them is to change by so much of itself, or a limit of its own asks for it. */
const leastStep = 0.01

/** A vif that shares an uplink, or none. */
interface Vif {
  readonly name: string
  readonly uplink: Uplink | null
  readonly detector: BusynessDetector
  readonly demand: Required<VifDemand>
  readonly decision: LiveVifDecision
  /** The lowest rate that was in force since the last tick: what it could send at least. */
  leastBps: number
}

interface Uplink {
  readonly name: string
  readonly vifs: Vif[]
  readonly detector: BusynessDetector
  readonly demands: VifDemand[]
  readonly allocations: Allocation[]
  readonly decision: LiveUplinkDecision
  capacityBps: number
  /** The capacity for which the present rates were made. */
  allocatedBps: number
  /** Whether it could send nothing, perhaps only for a part of the time since the last tick. */
  wasDown: boolean
  /** Whether somebody changed a min, a cap, a weight or the capacity since. */
  isTouched: boolean
}

/**
 * Watches counters and shares what uplinks can send among vifs. Pure: no clock, no device and no native part. Read counters
 * every interval, give them to {@link tick}, set the rates that it returns.
 *
 * Memory is allocated when it is made: a decision is one object that the next call fills again.
 *
 * @example
 * const controller = new Controller({
 *   policy: 'adaptive',
 *   uplinks: [{ name: 'eth0', capacityBps: 1e9 }],
 *   vifs: [
 *     { name: 'web', uplink: 'eth0', capBps: null, minBps: 3e8, weight: 1 },
 *     { name: 'bulk', uplink: 'eth0', capBps: null, minBps: 0, weight: 1 },
 *   ],
 * })
 * controller.decide().vifs[0].rateBps // 650000000: its min and half of the rest
 */
export class Controller {
  readonly #policy: Policy
  readonly #uplinks: Uplink[]
  readonly #vifs: Vif[]
  readonly #counterBits: 32 | 64
  readonly #decision: LiveDecision
  /** One object for all samples of detectors. */
  readonly #sample: DetectorSample = {
    timeNs: 0,
    bytes: 0,
    allottedBps: 0,
    heldBackNs: undefined,
    speedBps: undefined,
    limitBps: undefined,
  }

  /** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_ADMISSION where mins do not fit an uplink */
  constructor(options: ControllerOptions) {
    const detector = checkControllerOptions(options)
    this.#policy = createPolicy(options.policy)
    this.#counterBits = detector.counterBits
    this.#uplinks = options.uplinks.map(({ name, capacityBps }) => ({
      name,
      vifs: [],
      detector: new BusynessDetector(detector),
      demands: [],
      allocations: [],
      decision: { isBusy: false, minScale: 1 },
      capacityBps,
      allocatedBps: capacityBps,
      wasDown: capacityBps === 0,
      isTouched: true,
    }))
    this.#vifs = options.vifs.map((vif) => this.#makeVif(vif, detector))
    this.#decision = {
      vifs: this.#vifs.map(({ decision }) => decision),
      uplinks: this.#uplinks.map(({ decision }) => decision),
      isChanged: false,
    }
  }

  #makeVif({ name, uplink: uplinkName, capBps, minBps, weight }: ControlledVif, detector: DetectorOptions): Vif {
    const uplink = this.#uplinks.find((each) => each.name === uplinkName) ?? null
    const vif: Vif = {
      name,
      uplink,
      detector: new BusynessDetector(detector),
      // Until it is measured it is taken to want everything.
      demand: { minBps, capBps: capBps ?? Infinity, weight, demandBps: Infinity, headroomBps: 0, isPressed: false },
      // No guarantee is that low: the first decision differs from this one.
      decision: { rateBps: 0, guaranteeBps: -1, shareBps: 0, demandBps: null, isBusy: false },
      leastBps: Infinity,
    }
    uplink?.vifs.push(vif)
    uplink?.demands.push(vif.demand)
    return vif
  }

  /**
   * Takes a reading of the counters and decides. One at the time of the last one measures nothing; a clock that went back
   * or counters that were reset start detectors anew, and demands stay as they were.
   *
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; nothing is changed then
   */
  tick(sample: ControlSample): Decision {
    this.#check(sample)
    for (let i = 0; i < this.#vifs.length; i++) {
      const { bytes, heldBackNs } = sample.vifs[i]!
      const vif = this.#vifs[i]!
      this.#observe(vif, sample.timeNs, bytes, heldBackNs)
      vif.leastBps = Infinity
    }
    for (let i = 0; i < this.#uplinks.length; i++) {
      const { bytes, capacityBps } = sample.uplinks[i]!
      this.#observeUplink(this.#uplinks[i]!, sample.timeNs, bytes, Math.floor(capacityBps))
    }
    return this.decide()
  }

  /** Decides again with what is known: after a change by one of the setters. */
  decide(): Decision {
    let isChanged = false
    for (const uplink of this.#uplinks) if (this.#share(uplink)) isChanged = true
    for (const vif of this.#vifs) {
      const { uplink, demand, decision, detector } = vif
      if (uplink) continue
      const { capBps, demandBps } = demand
      if (settle(vif, capBps, 0)) isChanged = true
      decision.shareBps = Math.min(capBps, demandBps, mostBps)
      decision.demandBps = orNull(demandBps)
      decision.isBusy = detector.isBusy
    }
    this.#decision.isChanged = isChanged
    return this.#decision
  }

  /**
   * @param bps - bits a second, at least the min; null: no cap
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; nothing is changed then
   */
  setCap(vif: string, bps: number | null): void {
    const { demand, uplink } = this.#find(vif)
    checkLimits(vif, bps, demand.minBps)
    demand.capBps = bps ?? Infinity
    if (uplink) uplink.isTouched = true
  }

  /**
   * @param bps - bits a second, at most the cap; 0: none. More than before must fit what the uplink can send now.
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE, ERR_ADMISSION; nothing is changed then
   */
  setMin(vif: string, bps: number): void {
    const { demand, uplink } = this.#find(vif)
    checkLimits(vif, orNull(demand.capBps), bps)
    if (bps > demand.minBps) {
      if (!uplink)
        throw new RingbackError('ERR_ADMISSION', `${quote(vif)} has no uplink to guarantee a min; leave its min at 0`)
      const mins = uplink.vifs.map((each) => ({
        name: each.name,
        minBps: each.name === vif ? bps : each.demand.minBps,
      }))
      checkAdmission(uplink.capacityBps, mins, uplink.name)
    }
    demand.minBps = bps
    if (uplink) uplink.isTouched = true
  }

  /**
   * @param weight - 1 to 10,000
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; nothing is changed then
   */
  setWeight(vif: string, weight: number): void {
    const { demand, uplink } = this.#find(vif)
    checkWeight(vif, weight)
    demand.weight = weight
    if (uplink) uplink.isTouched = true
  }

  /**
   * What an uplink can send from now on. Mins that do not fit are scaled; they are whole again once they do.
   *
   * @param bps - bits a second, a whole number up to 10^15; 0: the link is down
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  setCapacity(uplink: string, bps: number): void {
    const found = findNamed(this.#uplinks, uplink, 'uplink')
    checkInteger(bps, `the capacity of ${quote(uplink)}`, 0, mostBps)
    found.wasDown ||= found.capacityBps === 0 || bps === 0
    found.capacityBps = bps
    found.isTouched = true
  }

  #find(vif: string): Vif {
    return findNamed(this.#vifs, vif, 'vif')
  }

  #check(sample: ControlSample): void {
    checkObject(sample, 'sample')
    const { timeNs, vifs, uplinks } = sample
    if (!Number.isFinite(timeNs)) throw new RingbackError('ERR_OUT_OF_RANGE', 'timeNs must be a finite number')
    if (vifs?.length !== this.#vifs.length || uplinks?.length !== this.#uplinks.length)
      throw new RingbackError(
        'ERR_OUT_OF_RANGE',
        `a sample must hold ${this.#vifs.length} vifs and ${this.#uplinks.length} uplinks, as the options do`,
      )
    for (let i = 0; i < vifs.length; i++) {
      checkObject(vifs[i], 'each of vifs')
      const { bytes, heldBackNs } = vifs[i]!
      checkCounter(bytes, 'bytes', this.#counterBits)
      if (heldBackNs !== undefined && !(heldBackNs >= 0 && heldBackNs < Infinity))
        throw new RingbackError('ERR_OUT_OF_RANGE', 'heldBackNs must be 0 or more')
    }
    for (const uplink of uplinks) {
      checkObject(uplink, 'each of uplinks')
      const { bytes, capacityBps } = uplink
      checkCounter(bytes, 'bytes', this.#counterBits)
      if (!(capacityBps >= 0 && capacityBps <= mostBps))
        throw new RingbackError('ERR_OUT_OF_RANGE', `capacityBps must be from 0 to ${mostBps}`)
    }
  }

  /** What a vif sent, and so what it seems to want. */
  #observe(vif: Vif, timeNs: number, bytes: number | bigint, heldBackNs: number | undefined): void {
    const { detector, demand, uplink, leastBps } = vif
    const isAdaptive = this.#policy.name === 'adaptive'
    const capacityBps = uplink ? uplink.capacityBps : Infinity
    const sample = this.#sample
    sample.timeNs = timeNs
    sample.bytes = bytes
    sample.heldBackNs = heldBackNs
    sample.allottedBps = isAdaptive ? leastBps : Math.min(demand.capBps, capacityBps)
    sample.speedBps = undefined
    sample.limitBps = Math.max(capacityBps, sample.allottedBps)
    // Nobody shows what it wants while the link is down: when it is up again, everybody wants what it wanted.
    if (!detector.update(sample) || uplink?.wasDown === true) return
    const { isAtRate, isHeldBack, isBusy } = detector
    // A counter that leapt says more than can be: with its headroom it must still be a rate.
    const rateBps = Math.min(detector.rateBps, mostBps / 2)
    const room = Math.ceil(rateBps * headroom)
    // With a limit of its own, a vif that was held back but left some of its rate sent all that it wanted, only later.
    const isPressed =
      !isAdaptive || isHeldBack === null ? (isHeldBack ?? isAtRate) : isHeldBack && isAtRate && isFull(vif)
    demand.demandBps = isPressed ? (isBusy ? Infinity : rateBps + room) : rateBps
    demand.headroomBps = isPressed ? 0 : room
    demand.isPressed = isPressed
  }

  #observeUplink(uplink: Uplink, timeNs: number, bytes: number | bigint, capacityBps: number): void {
    const sample = this.#sample
    sample.timeNs = timeNs
    sample.bytes = bytes
    sample.heldBackNs = undefined
    sample.allottedBps = uplink.capacityBps
    sample.speedBps = capacityBps
    sample.limitBps = Math.max(capacityBps, uplink.capacityBps)
    uplink.detector.update(sample)
    uplink.capacityBps = capacityBps
    uplink.wasDown = capacityBps === 0
  }

  /** @returns whether a rate or a guarantee changed */
  #share(uplink: Uplink): boolean {
    const { vifs, demands, allocations, capacityBps } = uplink
    this.#policy.allocate(capacityBps, demands, allocations)
    const isReplaced = isStale(uplink)
    let minsBps = 0
    let isChanged = false
    for (let i = 0; i < vifs.length; i++) {
      const vif = vifs[i]!
      const { demand, decision, detector } = vif
      const { rateBps, guaranteeBps, shareBps } = allocations[i]!
      minsBps += demand.minBps
      if (settle(vif, isReplaced ? rateBps : (decision.rateBps ?? Infinity), guaranteeBps)) isChanged = true
      decision.shareBps = shareBps
      decision.demandBps = orNull(demand.demandBps)
      decision.isBusy = detector.isBusy
    }
    if (isReplaced) uplink.allocatedBps = capacityBps
    uplink.isTouched = false
    uplink.decision.isBusy = uplink.detector.isBusy
    uplink.decision.minScale = scaleOf(capacityBps, minsBps)
    return isChanged
  }
}

/** Whether the rates in force must give way to the new allocations. */
function isStale({ vifs, allocations, capacityBps, allocatedBps, isTouched }: Uplink): boolean {
  if (isTouched || capacityBps < allocatedBps) return true
  for (let i = 0; i < vifs.length; i++) {
    const { rateBps, guaranteeBps } = allocations[i]!
    const present = vifs[i]!.decision.rateBps ?? Infinity
    if (present < guaranteeBps) return true
    if (rateBps !== present && Math.abs(rateBps - present) >= leastStep * present) return true
  }
  return false
}

/** Writes a rate and a guarantee; returns whether one of them is new. */
function settle(vif: Vif, rateBps: number, guaranteeBps: number): boolean {
  const { decision } = vif
  vif.leastBps = Math.min(vif.leastBps, rateBps)
  const rate = orNull(rateBps)
  if (decision.rateBps === rate && decision.guaranteeBps === guaranteeBps) return false
  decision.rateBps = rate
  decision.guaranteeBps = guaranteeBps
  return true
}

/** Whether a vif sent all that its limit let it in its last interval. */
function isFull({ detector: { rateBps, elapsedNs }, leastBps }: Vif): boolean {
  return rateBps >= full * leastBps - (frameBytes * 8e9) / elapsedNs
}

const orNull = (bps: number): number | null => (bps === Infinity ? null : bps)

function findNamed<T extends { name: string }>(all: readonly T[], name: string, what: string): T {
  const found = all.find((each) => each.name === name)
  if (!found) throw new RingbackError('ERR_OUT_OF_RANGE', `there is no ${what} ${quote(String(name))}`)
  return found
}
