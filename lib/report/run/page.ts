import { element, textElement } from '../markup.ts'
import { htmlPage } from '../page.ts'
import { htmlTable } from '../table.ts'
import { bondCharts } from './bond-charts.ts'
import { changesOf, changesTable } from './changes.ts'
import { differenceTables } from './differences.ts'
import { labelRuns, namesIn } from './labelled-run.ts'
import type { LabelledRun, SourcedResults } from './labelled-run.ts'
import { latencyCharts } from './latency-charts.ts'
import { nicCharts } from './nic-charts.ts'
import { runStyle } from './run-style.ts'
import { pageScript } from './script.ts'
import { tablesOf } from './tables.ts'
import { keeping, verdictOf } from './verdict.ts'
import { vifCharts } from './vif-charts.ts'
import { listText, secondsText } from './words.ts'

interface Part {
  id: string
  title: string
  content: string
}

/**
 * A page about a run, or about several beside one another, that needs no other file and no network. All runs have the
 * same axes.
 *
 * @param all - at least one; the first one is the baseline of the others
 */
export function resultsPage(all: readonly SourcedResults[]): string {
  const runs = labelRuns(all)
  const changes = changesOf(runs)
  const isOnly = runs.length === 1
  const parts: Part[] = [
    { id: 'vifs', title: 'Vifs over time', content: vifCharts(runs, changes) },
    { id: 'nics', title: 'NICs over time', content: nicCharts(runs, changes) },
    ...(namesIn(runs, 'bonds').length > 0
      ? [{ id: 'bonds', title: 'Bonds over time', content: bondCharts(runs, changes) }]
      : []),
    { id: 'latency', title: 'Latency', content: latencyCharts(runs) },
    ...(changes.length > 0 ? [{ id: 'changes', title: 'Changes', content: changesTable(changes, runs) }] : []),
    ...(isOnly ? [] : [{ id: 'differences', title: 'Differences', content: differenceTables(runs) }]),
    { id: 'numbers', title: 'Numbers', content: runs.map((run) => tablesOf(run, isOnly)).join('\n') },
  ]
  const title = titleOf(runs)
  const body = [
    element('header', {}, [textElement('h1', {}, title), describeRuns(runs)].join('\n')),
    navigation(parts),
    ...parts.map((part) =>
      element(
        'section',
        { id: part.id, 'aria-labelledby': `${part.id}-title` },
        `${textElement('h2', { id: `${part.id}-title` }, part.title)}\n${part.content}`,
      ),
    ),
    scrubber,
  ]
  return htmlPage(`${title} - Ringback`, body.join('\n'), { style: runStyle(runs.length), script: pageScript })
}

function titleOf(runs: readonly LabelledRun[]): string {
  const scenarios = [...new Set(runs.map(({ results }) => results.scenario))]
  if (runs.length === 1 || scenarios.length > 1) return listText(scenarios)
  return `${scenarios[0]!}: ${listText(
    runs.map(({ label }) => label),
    runs.length,
  )}`
}

function describeRuns(runs: readonly LabelledRun[]): string {
  const [first] = runs
  if (runs.length === 1 && first) {
    const facts = factsOf(first).map(
      ([name, value]) => `<div>${textElement('dt', {}, name)}${textElement('dd', {}, value)}</div>`,
    )
    return `<dl class="facts">${facts.join('')}</dl>\n${textElement('p', { class: lookOf(first) }, verdictOf(first))}`
  }
  const table = htmlTable({
    caption: 'The runs: the first is the baseline',
    hasTexts: true,
    head: ['run', ...factsOf(first!).map(([name]) => name), 'from'],
    rows: runs.map((run) => [run.label, ...factsOf(run).map(([, value]) => value), run.source ?? '-']),
  })
  const verdicts = runs.map((run) =>
    element(
      'p',
      { class: lookOf(run) },
      `${textElement('strong', {}, `${run.label}:`)} ${textElement('span', {}, verdictOf(run))}`,
    ),
  )
  return [`<div class="runs">${verdicts.join('\n')}</div>`, table].join('\n')
}

const lookOf = ({ results }: LabelledRun): string => ['verdict', keeping(results)].join(' ').trimEnd()

function factsOf({ results }: LabelledRun): [name: string, value: string][] {
  const { scenario, policy, seed, simulatedSeconds, aborted, traceHash, series } = results
  return [
    ['scenario', scenario],
    ['policy', policy],
    ['seed', String(seed)],
    ['simulated', `${secondsText(simulatedSeconds)}${aborted ? ', stopped early' : ''}`],
    ['interval', secondsText(series.intervalSeconds)],
    ['trace', traceHash],
  ]
}

function navigation(parts: readonly Part[]): string {
  const links = parts.map(({ id, title }) => `<li>${textElement('a', { href: `#${id}` }, title)}</li>`)
  return `<nav aria-label="Parts of the page"><ul>${links.join('')}</ul></nav>`
}

/** Hidden where no script runs. */
const scrubber =
  '<div class="scrubber" hidden=""><label for="time">Time</label>' +
  '<input id="time" type="range" min="0" max="1000" step="1" value="0"><output for="time"></output></div>'
