/** What to do about a vif, and what is known of it. Rates are whole bits a second. */
export interface VifDecision {
  /** The limit to set; null: none. 0 where others' guarantees take all, or the uplink has no capacity. */
  readonly rateBps: number | null
  /** Its min, scaled down where mins do not fit the capacity. */
  readonly guaranteeBps: number
  /** Its part of the capacity if all send what they want. */
  readonly shareBps: number
  /** What it seems to want; null: as much as it gets. */
  readonly demandBps: number | null
  /** Whether it would use more than it has. */
  readonly isBusy: boolean
}

export interface UplinkDecision {
  /** Whether it is used nearly to its capacity. */
  readonly isBusy: boolean
  /** What part of their mins vifs are guaranteed: 1, less where mins do not fit the capacity. */
  readonly minScale: number
}

/** What a controller decided; it is changed by the controller's next call. */
export interface Decision {
  /** In the order of the controller's options. */
  readonly vifs: readonly VifDecision[]
  readonly uplinks: readonly UplinkDecision[]
  /** Whether a rate or a guarantee differs from the last decision. */
  readonly isChanged: boolean
}

/** Readings of cumulative counters at one moment, in the order of the controller's options. */
export interface ControlSample {
  /** Any clock that does not stop; nanoseconds. */
  readonly timeNs: number
  readonly vifs: readonly {
    /** What the vif's shaper has let pass; numbers up to 2^53 - 1, or bigints. */
    readonly bytes: number | bigint
    /** How long the shaper has held packets back; leave it out where nobody counts it. */
    readonly heldBackNs?: number
  }[]
  readonly uplinks: readonly {
    /** What the uplink has sent. */
    readonly bytes: number | bigint
    /** What it can send now, bits a second; 0: the link is down. */
    readonly capacityBps: number
  }[]
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A {@link VifDecision} that is written anew each time. */
export type LiveVifDecision = Writable<VifDecision>
export type LiveUplinkDecision = Writable<UplinkDecision>
export interface LiveDecision extends Decision {
  readonly vifs: LiveVifDecision[]
  readonly uplinks: LiveUplinkDecision[]
  isChanged: boolean
}
