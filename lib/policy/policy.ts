/** How guests share what an uplink can send. */
export const policyNames = ['credit', 'adaptive', 'reserved'] as const
export type PolicyName = (typeof policyNames)[number]

/** The fastest uplink, guarantee or cap, in bits a second: up to here the sums of all shares are exact. */
export const mostBps = 1e15
export const mostWeight = 10_000

/** What a vif may have and wants. Rates are bits a second, whole numbers up to 10^15. */
export interface VifDemand {
  /** Its guarantee; 0: none. At most the cap. */
  minBps: number
  /** Its limit; Infinity: none. */
  capBps: number
  /** Its part of what guarantees leave over, 1 to 10,000. */
  weight: number
  /** What it would send now; Infinity: as much as it gets. */
  demandBps: number
  /** What it may send beyond its demand, so that it can show that it wants more; taken from nobody. Default 0. */
  headroomBps?: number
  /** Whether it was held back, so that it wants more than its demand says. Default false. */
  isPressed?: boolean
}

/** What a policy gives a vif, in whole bits a second. */
export interface Allocation {
  /** The limit to set; Infinity: none. */
  rateBps: number
  /** The min, scaled down where mins do not fit the capacity. */
  guaranteeBps: number
  /** Its part of the capacity if all send what they want. Shares add up to the capacity, or to what is wanted if that is less. */
  shareBps: number
}

export interface Policy {
  readonly name: PolicyName
  /**
   * Shares the capacity of one uplink.
   *
   * @param capacityBps - a whole number up to 10^15; 0: the link is down
   * @param results - objects to fill instead of new ones: what an earlier call returned
   * @returns one for each vif, in their order
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  allocate(capacityBps: number, vifs: readonly VifDemand[], results?: Allocation[]): Allocation[]
}
