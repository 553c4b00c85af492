// The simulator's native part (native/sim), as TypeScript sees it. Types only; lib/native.ts loads the class.

/** One NIC: a byte queue in front of a wire. */
export interface NativeNic {
  rateBps: number
  queueBytes: number
  propagationNs: number
  overheadBytes: number
}

/** One vif: guest front end, back end, credit shaper. */
export interface NativeVif {
  /** Index of its NIC. */
  nic: number
  creditBytes: number
  /** 0: no cap. */
  creditUsec: number
  /** 0: a nanosecond clock. */
  jiffiesHz: number
  ringOrder: number
  backlogPackets: number
}

/** Frames 0, 1, 2 ... of `sizeBytes` at `rateBps` from startNs on, of flows 0..flows-1 in turn. */
export interface NativeConstantSource {
  kind: 'constant'
  vif: number
  startNs: number
  stopNs: number
  rateBps: number
  sizeBytes: number
  flows: number
  /** Each frame is late by a seeded random time below this, which leaves the rate as it is. */
  jitterNs: number
}

/** Frame i is offered at startNs + timesNs[i], and again each loopNs when that is above 0. */
export interface NativeReplaySource {
  kind: 'replay'
  vif: number
  startNs: number
  stopNs: number
  loopNs: number
  timesNs: BigInt64Array
  sizesBytes: Uint32Array
  /** 128 bytes a frame. */
  headers: Uint8Array
}

export interface NativeWorldOptions {
  seed: number
  payload: 'copy' | 'none'
  nics: NativeNic[]
  vifs: NativeVif[]
  sources: (NativeConstantSource | NativeReplaySource)[]
}

export interface NativeWorld {
  /**
   * Advances virtual time to `untilNs` (what happens at untilNs itself waits) or until about `maxEvents` events.
   *
   * @returns the time reached: untilNs when done
   */
  run(untilNs: number, maxEvents: number): number
  /** Cumulative, row-major: vif v's counter `vifCounterNames[k]` is at v * vifCounterNames.length + k. A live view, refreshed by run(). */
  readonly vifCounters: BigUint64Array
  readonly vifCounterNames: readonly string[]
  readonly nicCounters: BigUint64Array
  readonly nicCounterNames: readonly string[]
  /** Nanoseconds from offer to arrival of delivered frames; percentiles within 1 %, max exact; all 0 where none was. */
  latency(vif: number): { p50: number; p99: number; max: number }
  /** Why the vif is dead, as native/vif/fault.h names it; null while it lives. */
  fault(vif: number): string | null
  /** 16 hex digits that depend on everything that happened. */
  traceHash(): string
  close(): void
}
