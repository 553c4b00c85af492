import { RingbackError } from '../errors.ts'
import { admissionProblem } from '../policy/admission.ts'
import { formatDuration, formatRate } from '../units.ts'
import { sharedWayOut, unsharedProblem, wayOutBps } from './min-checks.ts'
import { missing } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'
import { readEventCap, readNicRate } from './scenario-control.ts'

type Event = CheckedInput['events'][number]
type At = (key: string | undefined, message: string) => Problem

/** What is wrong with the events: each by itself, then what one after the other makes of the mins. */
export function eventProblems(input: CheckedInput): Problem[] {
  const problems = input.events.flatMap((event, i) => shapeProblems(event, input, placeOf(i)))
  return problems.length > 0 ? problems : replayProblems(input)
}

const placeOf =
  (i: number): At =>
  (key, message) => ({ path: key === undefined ? ['events', i] : ['events', i, key], message })

function shapeProblems(event: Event, input: CheckedInput, at: At): Problem[] {
  const { vif, nic } = event
  if (vif === undefined && nic === undefined)
    return [at(undefined, 'names no vif and no NIC; write vif: NAME or nic: NAME')]
  if (vif !== undefined && nic !== undefined) return [at('nic', 'is there beside vif; write two events')]
  const problems = vif === undefined ? nicEventProblems(event, input, at) : vifEventProblems(event, input, at)
  if (event.at < input.duration) return problems
  const most = formatDuration(input.duration)
  return [...problems, at('at', `${formatDuration(event.at)} is not within the run; let it happen before ${most}`)]
}

function vifEventProblems({ vif = '', rate, min, weight, link }: Event, input: CheckedInput, at: At): Problem[] {
  const known = Object.hasOwn(input.vifs, vif) ? input.vifs[vif] : undefined
  if (!known) return [{ ...missing([], vif, { vif: input.vifs }), path: at('vif', '').path }]
  if (link !== undefined) return [at('link', "is a NIC's; write nic: NAME, or leave it out")]
  if (rate === undefined && min === undefined && weight === undefined)
    return [at(undefined, 'changes nothing of the vif; write rate, min or weight')]
  const wrong = rate === undefined ? undefined : rateProblem(readEventCap, rate)
  if (wrong !== undefined) return [at('rate', wrong)]
  const unshared = min === undefined || min === null ? undefined : unsharedProblem(input, known)
  return unshared === undefined ? [] : [at('min', unshared)]
}

function nicEventProblems({ nic = '', rate, min, weight, link }: Event, input: CheckedInput, at: At): Problem[] {
  if (!Object.hasOwn(input.nics, nic)) return [{ ...missing([], nic, { NIC: input.nics }), path: at('nic', '').path }]
  if (min !== undefined) return [at('min', "is a vif's; write vif: NAME, or leave it out")]
  if (weight !== undefined) return [at('weight', "is a vif's; write vif: NAME, or leave it out")]
  if (rate === undefined && link === undefined) return [at(undefined, 'changes nothing of the NIC; write link or rate')]
  if (rate === 'none') return [at('rate', "is a vif's; write a NIC's rate, as in 1Gb/s, or link: down")]
  const wrong = rate === undefined ? undefined : rateProblem(readNicRate, rate)
  return wrong === undefined ? [] : [at('rate', wrong)]
}

/** What is wrong with a rate that `read` cannot read. */
function rateProblem(read: (text: string) => unknown, text: string): string | undefined {
  try {
    read(text)
    return undefined
  } catch (error) {
    if (!(error instanceof RingbackError)) throw error
    return error.message
  }
}

/**
 * Lets the events happen in order and finds the first that breaks what must hold of mins: each is at most its vif's cap,
 * and none is raised above what its NIC or bond has at that time. A NIC that becomes slower breaks nothing: mins are scaled then.
 */
function replayProblems(input: CheckedInput): Problem[] {
  const rates = new Map(Object.entries(input.nics).map(([name, { rate }]) => [name, rate]))
  const rateOf = (nic: string): number => rates.get(nic) ?? 0
  const vifs = new Map(
    Object.entries(input.vifs).map(([name, vif]) => [
      name,
      { capBps: vif.rate?.bitsPerSecond ?? Infinity, minBps: vif.min ?? 0, wayOut: sharedWayOut(input, vif) },
    ]),
  )
  const inOrder = input.events.map((event, i) => ({ event, i })).toSorted((a, b) => a.event.at - b.event.at)
  for (const { event, i } of inOrder) {
    const { rate, min } = event
    if (event.nic !== undefined && rate !== undefined) rates.set(event.nic, readNicRate(rate))
    const vif = vifs.get(event.vif ?? '')
    if (!vif) continue
    const before = vif.minBps
    if (rate !== undefined) vif.capBps = readEventCap(rate)?.bitsPerSecond ?? Infinity
    if (min !== undefined) vif.minBps = min ?? 0
    const at = placeOf(i)
    if (vif.minBps > vif.capBps) {
      const [capped, least] = [formatRate(vif.capBps), formatRate(vif.minBps)]
      if (min)
        return [at('min', `${least} is above the cap of ${event.vif} at that time, ${capped}; lower min or raise rate`)]
      return [
        at('rate', `${capped} is below the min of ${event.vif} at that time, ${least}; write a lower min beside it`),
      ]
    }
    const { wayOut } = vif
    if (vif.minBps <= before || wayOut === undefined) continue
    const sharing = [...vifs].filter(([, other]) => other.wayOut === wayOut)
    const mins = sharing.map(([name, { minBps }]) => ({ name, minBps }))
    const message = admissionProblem(wayOutBps(input, wayOut, rateOf), mins, wayOut)
    if (message !== null) return [at('min', `at that time ${message}`)]
  }
  return []
}
