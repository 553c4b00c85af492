import path from 'node:path'
import process from 'node:process'

import { benchRings } from '../bench/rings.ts'
import type { RingBenchResults, RingBenchRow } from '../bench/rings.ts'
import { quote } from '../quote.ts'
import { Interrupt } from './interrupt.ts'
import { prepareFolder, toJson, UsageError, writeAtomically } from './output.ts'
import { ProgressBar } from './progress.ts'
import { colors, plainTable } from './plain-table.ts'

export interface BenchOptions {
  rounds?: number
  out?: string
  json?: boolean
}

/** `ringback bench rings`: tables or JSON, a file with --out. Returns the exit code. */
export async function bench(what: string, { rounds, out, json }: BenchOptions): Promise<number> {
  if (what !== 'rings') throw new UsageError(`there is no benchmark ${quote(what)}; write rings`)
  if (out !== undefined) await prepareFolder(path.dirname(out))
  const interrupt = new Interrupt()
  const bar = new ProgressBar('rings', '{name} {bar} {percentage} %')
  try {
    const results = await benchRings({
      ...(rounds !== undefined && { rounds }),
      signal: interrupt.signal,
      onProgress: ({ done, total }) => bar.update(done / total),
    })
    bar.stop()
    if (out !== undefined) await writeAtomically(out, toJson(results))
    process.stdout.write(json ? toJson(results) : describeBench(results))
    return 0
  } catch (error) {
    if (!interrupt.isCauseOf(error)) throw error
    bar.stop()
    process.stderr.write('interrupted; nothing was measured to its end\n')
    return interrupt.exitCode
  } finally {
    bar.stop()
    interrupt.release()
  }
}

const isXen = ({ peer }: RingBenchRow): boolean => peer.startsWith('Xen')
const figure = (value: number): string => Number(value.toPrecision(3)).toString()

/** How many times faster than Xen's macros a row is, of the same job and batch; nothing where there is no such row. */
function ratioToXen(row: RingBenchRow, rows: readonly RingBenchRow[]): string {
  const xen = rows.find((other) => isXen(other) && other.job === row.job && other.batch === row.batch)
  if (!xen || isXen(row)) return ''
  const isRate = row.unit.endsWith('/s')
  return `\n${(isRate ? row.median / xen.median : xen.median / row.median).toFixed(2)}x`
}

function describeJob(job: string, rows: readonly RingBenchRow[]): string {
  const batches = [...new Set(rows.map(({ batch }) => batch))]
  const peers = [...new Set(rows.map(({ peer }) => peer))]
  const cell = (peer: string, batch: number): string => {
    const row = rows.find((candidate) => candidate.peer === peer && candidate.batch === batch)
    if (!row) return '-'
    return `${figure(row.median)} [${figure(row.min)}-${figure(row.max)}]${ratioToXen(row, rows)}`
  }
  const table = plainTable(
    ['peer', ...batches.map((batch) => `batch ${batch}`)],
    peers.map((peer) => [colors.cyan(peer), ...batches.map((batch) => cell(peer, batch))]),
  )
  return `${colors.bold(job)}, ${rows[0]?.unit ?? ''}\n\n${table}\n`
}

function describeBench({ machine, rounds, rows, notes }: RingBenchResults): string {
  const jobs = [...new Set(rows.map(({ job }) => job))]
  return [
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; median [min-max] of ${rounds}`,
    ...(rows.some(isXen) ? ["x: how many times faster than Xen's macros in the same run", ''] : ['']),
    ...jobs.map((job) =>
      describeJob(
        job,
        rows.filter((row) => row.job === job),
      ),
    ),
    ...notes.map((note) => `note: ${note}`),
    '',
  ].join('\n')
}
