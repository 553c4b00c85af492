import type { DirectionResults, Flow, Results } from 'ringback'

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0)

function isBalanced(flow: Flow): boolean {
  return (
    flow.offeredPackets === flow.deliveredPackets + flow.droppedPackets + flow.queuedPackets &&
    flow.offeredBytes === flow.deliveredBytes + flow.droppedBytes + flow.queuedBytes &&
    flow.droppedPackets === sum(Object.values(flow.drops))
  )
}

function isPossible(flow: DirectionResults): boolean {
  return (
    flow.arrivedPackets + flow.copiedPackets <= flow.offeredPackets &&
    flow.arrivedBytes + flow.copiedBytes <= flow.offeredBytes &&
    flow.forwardedPackets <= flow.deliveredPackets &&
    flow.forwardedBytes <= flow.deliveredBytes
  )
}

/** What is wrong with the balance of a run, in words; empty where all is well. */
export function imbalances(results: Results): string[] {
  const vifs = Object.entries(results.vifs)
  const of = (key: keyof DirectionResults): number =>
    sum(vifs.flatMap(([, { tx, rx }]) => [tx[key] as number, rx[key] as number]))
  const wrong = vifs.flatMap(([name, vif]) => [
    ...(isBalanced(vif) ? [] : [`${name}`]),
    ...(isBalanced(vif.tx) && isPossible(vif.tx) ? [] : [`${name} tx`]),
    ...(isBalanced(vif.rx) && isPossible(vif.rx) ? [] : [`${name} rx`]),
    ...(vif.tx.arrivedPackets === 0 ? [] : [`${name} tx arrived`]),
    ...(['offered', 'delivered', 'dropped', 'queued'] as const).flatMap((what) =>
      (['Packets', 'Bytes'] as const)
        .filter((unit) => vif[`${what}${unit}`] !== vif.tx[`${what}${unit}`] + vif.rx[`${what}${unit}`])
        .map((unit) => `${name} ${what}${unit}`),
    ),
  ])
  for (const [totals, unit] of [
    [results.packets, 'Packets'],
    [results.bytes, 'Bytes'],
  ] as const) {
    if (of(`arrived${unit}`) !== of(`forwarded${unit}`)) wrong.push(`arrived ${unit}`)
    if (totals.offered !== totals.delivered + totals.dropped + totals.queued) wrong.push(`all ${unit}`)
    if (totals.offered !== of(`offered${unit}`) - of(`arrived${unit}`)) wrong.push(`offered ${unit}`)
    if (totals.delivered !== of(`delivered${unit}`) - of(`forwarded${unit}`)) wrong.push(`delivered ${unit}`)
    if (totals.dropped !== of(`dropped${unit}`)) wrong.push(`dropped ${unit}`)
    if (totals.queued !== of(`queued${unit}`)) wrong.push(`queued ${unit}`)
    if (totals.copied !== of(`copied${unit}`)) wrong.push(`copied ${unit}`)
  }
  return wrong
}
