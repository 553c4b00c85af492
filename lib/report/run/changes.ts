import type { SavedResults } from '../../simulation/results-schema.ts'
import { htmlTable } from '../table.ts'
import { textElement } from '../markup.ts'
import type { LabelledRun } from './labelled-run.ts'
import { capText, countText, momentText, rateText } from './words.ts'

type Change = SavedResults['changes'][number]

/** A change, its number in every drawing, and the runs that had it. */
export interface NumberedChange extends Change {
  number: number
  labels: string[]
}

/** Rows that a person reads; results.json has all. */
const mostRows = 200

/** The changes of all runs by time; the same one of several runs is one. */
export function changesOf(runs: readonly LabelledRun[]): NumberedChange[] {
  const all = new Map<string, Change & { labels: string[] }>()
  for (const { label, results } of runs)
    for (const change of results.changes) {
      const { seconds, vif, nic, key, from, to } = change
      const id = JSON.stringify([seconds, vif, nic, key, from, to])
      const known = all.get(id)
      if (!known) all.set(id, { ...change, labels: [label] })
      else if (known.labels.at(-1) !== label) known.labels.push(label)
    }
  return [...all.values()].sort((a, b) => a.seconds - b.seconds).map((change, i) => ({ ...change, number: i + 1 }))
}

/** As marks of a run's chart of one vif or NIC: those of NICs concern all. */
export function marksOf(
  changes: readonly NumberedChange[],
  label: string,
  isOf: (change: Change) => boolean,
): { seconds: number; label: string }[] {
  return changes
    .filter((change) => change.labels.includes(label) && isOf(change))
    .map(({ seconds, number }) => ({ seconds, label: String(number) }))
}

function settingText(key: Change['key'], value: Change['from']): string {
  if (typeof value === 'string') return value
  if (key === 'weight') return value === null ? '-' : countText(value)
  return key === 'min' ? (value === null ? 'none' : rateText(value)) : capText(value)
}

/** What was changed while it ran. */
export function changesTable(changes: readonly NumberedChange[], runs: readonly LabelledRun[]): string {
  const isOfAll = changes.every(({ labels }) => labels.length === runs.length)
  const rest = changes.length - mostRows
  const table = htmlTable({
    caption: 'What was changed while it ran; its numbers are in the charts',
    head: ['number', 'time', 'of', 'what', 'from', 'to', ...(isOfAll ? [] : ['in'])],
    rows: changes
      .slice(0, mostRows)
      .map(({ number, seconds, vif, nic, key, from, to, labels }) => [
        String(number),
        momentText(seconds),
        vif !== undefined ? `vif ${vif}` : `NIC ${nic ?? ''}`,
        key === 'rate' && vif !== undefined ? 'cap' : key,
        settingText(key, from),
        settingText(key, to),
        ...(isOfAll ? [] : [labels.join(', ')]),
      ]),
  })
  const more = `... and ${countText(rest)} more changes; results.json has all`
  return rest > 0 ? table + textElement('p', { class: 'about' }, more) : table
}
