import type { Decision } from '../policy/decision.ts'
import type { PolicyName } from '../policy/policy.ts'
import { creditFor, creditOf, noCap } from './credits.ts'
import type { Credit } from './credits.ts'
import type { NativeVif, NativeWorld } from './native-binding.ts'
import type { VifSettings } from './settings.ts'

/** Where a vif's traffic is shaped. */
export interface ShapedVif {
  /** The number of its shared uplink; -1: it shares none, and has its cap whatever the policy. */
  uplink: number
  /** Of adaptive's credit. */
  windowUsec: number
}

/** What a vif's shaper has been told. */
interface Told {
  credit: Credit
  /** adaptive: the rate that the credit is for; null: its cap, or none. */
  rateBps: number | null
  guaranteeBps: number
  weight: number
}

/**
 * Turns decisions into what shapers are told, and tells only what changed: a vif that waits for credit begins a new window
 * whenever it is told one.
 */
export class Enforcement {
  readonly #policy: PolicyName
  readonly #vifs: readonly ShapedVif[]
  readonly #told: Told[]

  /** @param settings - of the vifs, as a new world has them */
  constructor(
    policy: PolicyName,
    vifs: readonly ShapedVif[],
    settings: readonly VifSettings[],
    { vifs: decided }: Decision,
  ) {
    this.#policy = policy
    this.#vifs = vifs
    this.#told = settings.map((vif, row) => this.#toTell(row, vif, decided[row], undefined))
  }

  /** What vif `row` of a new world begins with. */
  nativeVif(row: number): Pick<NativeVif, 'creditBytes' | 'creditUsec' | 'reserve' | 'minBps' | 'weight'> {
    const { credit, guaranteeBps, weight } = this.#told[row] ?? { credit: noCap, guaranteeBps: 0, weight: 1 }
    const reserve = this.#policy === 'reserved' ? (this.#vifs[row]?.uplink ?? -1) : -1
    return { ...credit, reserve, minBps: guaranteeBps, weight }
  }

  apply(world: NativeWorld, settings: readonly VifSettings[], { vifs: decided }: Decision): void {
    settings.forEach((vif, row) => {
      const last = this.#told[row]
      const next = this.#toTell(row, vif, decided[row], last)
      const { credit, guaranteeBps, weight } = next
      if (credit.creditBytes !== last?.credit.creditBytes || credit.creditUsec !== last.credit.creditUsec)
        world.setCredit(row, credit.creditBytes, credit.creditUsec)
      if (guaranteeBps !== last?.guaranteeBps || weight !== last.weight) world.setReserve(row, guaranteeBps, weight)
      this.#told[row] = next
    })
  }

  #toTell(row: number, vif: VifSettings, decided: Decision['vifs'][number] | undefined, last: Told | undefined): Told {
    const { uplink, windowUsec } = this.#vifs[row] ?? { uplink: -1, windowUsec: 1 }
    const unshared = { credit: creditOf(vif.cap), rateBps: null, guaranteeBps: 0, weight: 1 }
    if (uplink < 0 || !decided || this.#policy === 'credit') return unshared
    if (this.#policy === 'reserved') return { ...unshared, guaranteeBps: decided.guaranteeBps, weight: vif.weight }
    const { rateBps } = decided
    if (rateBps === null) return unshared
    const credit = last && rateBps === last.rateBps ? last.credit : creditFor(rateBps, windowUsec)
    return { ...unshared, credit, rateBps }
  }
}
