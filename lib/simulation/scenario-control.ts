import type { PolicyName } from '../policy/policy.ts'
import { parseRate } from '../units.ts'
import type { CreditRate } from '../units.ts'
import type { CheckedInput } from './schema.ts'
import { readBitRate } from '../reading/schema-words.ts'

/** A change of a vif: what is absent stays. */
export interface VifEvent {
  atNs: number
  vif: string
  /** null: no cap. */
  rate?: CreditRate | null
  /** null: no min. */
  minBps?: number | null
  weight?: number
}

/** A change of a NIC: what is absent stays. */
export interface NicEvent {
  atNs: number
  nic: string
  link?: 'up' | 'down'
  rateBps?: number
}

export type ScenarioEvent = VifEvent | NicEvent

/** What the controller looks at, how often, and what it does about it. */
export interface ScenarioControl {
  policy: PolicyName
  intervalNs: number
  detector: { enter: number; leave: number; accumulate: number; dwellNs: number }
  /** Of adaptive's credit; null: what the NICs' queues allow, at most 1 ms. */
  windowNs: number | null
}

/** @throws {@link RingbackError} ERR_UNIT */
export const readEventCap = (text: string): CreditRate | null => (text === 'none' ? null : parseRate(text))

/** @throws {@link RingbackError} ERR_UNIT */
export const readNicRate = readBitRate

/** The events in the order in which they happen. */
export function toEvents({ events }: CheckedInput): ScenarioEvent[] {
  return events.map(toEvent).toSorted((a, b) => a.atNs - b.atNs)
}

function toEvent({ at, vif, nic = '', rate, min, weight, link }: CheckedInput['events'][number]): ScenarioEvent {
  if (vif === undefined)
    return { atNs: at, nic, ...(link && { link }), ...(rate !== undefined && { rateBps: readNicRate(rate) }) }
  return {
    atNs: at,
    vif,
    ...(rate !== undefined && { rate: readEventCap(rate) }),
    ...(min !== undefined && { minBps: min }),
    ...(weight !== undefined && { weight }),
  }
}

export function toControl({ control }: CheckedInput): ScenarioControl {
  const { enter, leave, accumulate, dwell } = control.detector
  return {
    policy: control.policy,
    intervalNs: control.interval,
    detector: { enter, leave, accumulate, dwellNs: dwell },
    windowNs: control.window ?? null,
  }
}
