import type { SavedResults } from '../../simulation/results-schema.ts'
import type { LabelledRun } from './labelled-run.ts'
import { causeText, listText, many, secondsText, shareText } from './words.ts'

/** Of what a min promised, a share that may be lacking where it counts as kept: what an interval's border makes of it. */
export const keptShare = 0.001

type Vif = SavedResults['vifs'][string]

export const isKept = ({ shortfall }: Vif): boolean => shortfall.ratio <= keptShare

const guaranteedVifs = ({ vifs }: SavedResults): [string, Vif][] =>
  Object.entries(vifs).filter(([, { minBps, shortfall }]) => minBps !== null || shortfall.ratio > 0)

/** Whether the run kept its minimums; empty where it has none. */
export function keeping(results: SavedResults): 'kept' | 'missed' | '' {
  const guaranteed = guaranteedVifs(results)
  if (guaranteed.length === 0) return ''
  return guaranteed.every(([, vif]) => isKept(vif)) ? 'kept' : 'missed'
}

/** What is to be seen in a run, in sentences. */
export function verdictOf({ results }: LabelledRun): string {
  return [
    ...(results.aborted ? [`The run was stopped at ${secondsText(results.simulatedSeconds)}, before its end.`] : []),
    describeGuarantees(results),
    ...describeScaling(results),
    describeDrops(results),
    ...describeFaults(results),
    ...describeNics(results),
  ].join(' ')
}

function describeGuarantees(results: SavedResults): string {
  const guaranteed = guaranteedVifs(results)
  if (guaranteed.length === 0) return 'No vif has a guaranteed minimum.'
  const missed = guaranteed
    .filter(([, vif]) => !isKept(vif))
    .sort(([, a], [, b]) => b.shortfall.ratio - a.shortfall.ratio)
  const [worst] = missed
  if (guaranteed.length === 1 || !worst) return describeFew(guaranteed, worst)
  const words = missed.map(
    ([name, { shortfall }]) => `${name} lacked ${shareText(shortfall.ratio)} for ${secondsText(shortfall.seconds)}`,
  )
  const count =
    missed.length === guaranteed.length ? `All ${missed.length}` : `${missed.length} of ${guaranteed.length}`
  return `${count} minimums were missed: ${listText(words)}.`
}

/** Of one vif, or of vifs that all kept theirs. */
function describeFew(guaranteed: readonly [string, Vif][], missed: [string, Vif] | undefined): string {
  const [name] = guaranteed[0]!
  if (missed) {
    const { ratio, seconds } = missed[1].shortfall
    return `The minimum was missed: ${name} lacked ${shareText(ratio)} of what it promised, over ${secondsText(seconds)}.`
  }
  return guaranteed.length === 1 ? `The minimum of ${name} was kept.` : `All ${guaranteed.length} minimums were kept.`
}

function describeScaling({ uplinks }: SavedResults): string[] {
  return Object.entries(uplinks)
    .filter(([, { minsScaledSeconds }]) => minsScaledSeconds > 0)
    .map(
      ([name, { minsScaledSeconds }]) =>
        `For ${secondsText(minsScaledSeconds)} ${name} could carry less than the minimums on it, which were scaled down.`,
    )
}

function describeDrops({ packets, vifs }: SavedResults): string {
  if (packets.dropped === 0) return 'No packet was dropped.'
  const causes = new Map<string, number>()
  for (const { drops } of Object.values(vifs))
    for (const [cause, count] of Object.entries(drops))
      if (count > 0) causes.set(cause, (causes.get(cause) ?? 0) + count)
  const [first, ...others] = [...causes].sort(([, a], [, b]) => b - a)
  const share = shareText(packets.offered > 0 ? packets.dropped / packets.offered : 0)
  const why = first ? `, ${others.length > 0 ? 'most' : 'all'} of them for the cause "${causeText(first[0])}"` : ''
  return `${many(packets.dropped, 'packet')} (${share} of what was offered) ${packets.dropped === 1 ? 'was' : 'were'} dropped${why}.`
}

function describeFaults({ vifs }: SavedResults): string[] {
  const down = Object.entries(vifs).flatMap(([name, { fault, carrier }]) =>
    fault !== null ? [`${name} was disabled (${fault})`] : carrier ? [] : [`${name} had lost its carrier`],
  )
  return down.length === 0 ? [] : [`At the end ${listText(down)}.`]
}

function describeNics({ nics, simulatedSeconds, series }: SavedResults): string[] {
  const words = Object.entries(nics).map(([name, { utilisation, receiveUtilisation, linkDrops }]) => {
    const received = receiveUtilisation > 0 ? `, with what came in ${shareText(receiveUtilisation)}` : ''
    const lost = linkDrops > 0 ? `; ${many(linkDrops, 'packet')} found its link down` : ''
    return `${name} sent for ${shareText(utilisation)} of the time${received}${downText(series, name, simulatedSeconds)}${lost}`
  })
  return words.length === 0 ? [] : [`${listText(words, 4)}.`]
}

function downText({ t, nics }: SavedResults['series'], name: string, seconds: number): string {
  const rates = nics[name]?.rateBps
  const down = rates?.reduce((sum, rate, i) => (rate === 0 ? sum + t[i]! - (t[i - 1] ?? 0) : sum), 0) ?? 0
  return down > 0 && seconds > 0 ? ` (its link was down for ${secondsText(down)})` : ''
}
