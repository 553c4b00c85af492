import { access, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { resultsPage } from '../report/run/page.ts'
import type { Results } from '../simulation/results.ts'
import { describeSystemError, systemErrorCode } from '../system-error.ts'

/** A problem with what the user asked for: exit 2, and the message is all that is shown. */
export class UsageError extends Error {}

/** Makes the folder for results now, so that a wrong path is found before a long run. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolders(path.resolve(folder))
  } catch (cause) {
    throw new UsageError(`cannot make the folder ${folder}: ${describeSystemError(cause)}; name another with --out`, {
      cause,
    })
  }
}

/** Node's own recursive mkdir never returns where the parent is there but takes no folders, as in /proc. */
async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    const parent = path.dirname(folder)
    if (code !== 'ENOENT' || (await exists(parent))) throw error
    await makeFolders(parent)
    await mkdir(folder)
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

/** Writes a whole file or leaves the old one: through a temporary file beside it. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const temporary = temporaryName(file)
  try {
    await writeFile(temporary, text, { flush: true })
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cannotWrite(file, cause)
  }
}

/** A name beside `file` that no other process of ours uses. */
export function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
}

export function cannotWrite(file: string, cause: unknown): Error {
  return new Error(`cannot write ${file}: ${describeSystemError(cause)}`, { cause })
}

/** JSON for people too: a line a key, but a list of numbers on one. */
export function toJson(value: unknown): string {
  return `${indented(value, '\n')}\n`
}

function indented(value: unknown, newline: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${newline}  `
  if (Array.isArray(value)) {
    const isFlat = value.every((item) => typeof item !== 'object' || item === null)
    if (isFlat) return JSON.stringify(value)
    return `[${value.map((item) => deeper + JSON.stringify(item)).join(',')}${newline}]`
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  const lines = entries.map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${indented(item, deeper)}`)
  return `{${lines.join(',')}${newline}}`
}

/** A series as comma-separated values: a row a sample, a column a value, `vif.web.throughput_bps` its name. */
export function toCsv({ t, vifs, nics, bonds }: Results['series']): string {
  const columns: [name: string, values: readonly (number | string | null)[]][] = [['t_seconds', t]]
  for (const [name, vif] of Object.entries(vifs))
    columns.push(
      [`vif.${name}.throughput_bps`, vif.throughputBps],
      [`vif.${name}.demand_bps`, vif.demandBps],
      [`vif.${name}.receive_bps`, vif.receiveBps],
      [`vif.${name}.allocation_bps`, vif.allocationBps],
      [`vif.${name}.busy`, vif.busy.map(Number)],
      [`vif.${name}.min_bps`, vif.minBps],
      [`vif.${name}.rate_bps`, vif.rateBps],
    )
  for (const [name, nic] of Object.entries(nics))
    columns.push(
      [`nic.${name}.utilisation`, nic.utilisation],
      [`nic.${name}.receive_utilisation`, nic.receiveUtilisation],
      [`nic.${name}.rate_bps`, nic.rateBps],
    )
  for (const [name, bond] of Object.entries(bonds))
    columns.push(
      [`bond.${name}.capacity_bps`, bond.capacityBps],
      [`bond.${name}.up_nics`, bond.upNics],
      [`bond.${name}.failovers`, bond.failovers],
      ...(bond.activeNic ? [[`bond.${name}.active_nic`, bond.activeNic] satisfies (typeof columns)[number]] : []),
    )
  const rows = t.map((_, row) => columns.map(([, values]) => values[row] ?? '').join(','))
  return `${[columns.map(([name]) => name).join(','), ...rows].join('\n')}\n`
}

/** Writes results.json, series.csv and report.html; returns their paths. */
export async function writeResults(folder: string, results: Results): Promise<string[]> {
  const files = {
    'results.json': toJson(results),
    'series.csv': toCsv(results.series),
    'report.html': resultsPage([{ results }]),
  }
  for (const [name, text] of Object.entries(files)) await writeAtomically(path.join(folder, name), text)
  return Object.keys(files).map((name) => path.join(folder, name))
}
