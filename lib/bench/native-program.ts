import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

import { RingbackError } from '../errors.ts'
import { packageRoot } from './package-root.ts'
import type { RowKey } from './results.ts'

const run = promisify(execFile)
const buildFolder = path.join(packageRoot, 'cmake-build', 'bench')
const mostOutputBytes = 1 << 26

/** A line that a program of bench/native prints: a sample of a row. */
export interface NativeSample extends RowKey {
  round: number
  value: number
}

/** A program of bench/native. */
export interface NativeProgram {
  /** Its target, which is its file's name too. */
  target: string
  /** What its rows are called where they are missing. */
  rows: string
  /** How to get it. */
  hint: string
  /** What it measures only where something is installed: the start of the peers' names, and how to get it. */
  optional?: Readonly<Record<string, string>>
}

export const compilerHint = 'CMake and a C++20 compiler are needed'

/**
 * Builds a program of bench/native, if it is not up to date.
 *
 * @returns the executable
 */
async function buildNativeProgram(target: string, signal: AbortSignal | undefined): Promise<string> {
  const options = { cwd: packageRoot, ...(signal && { signal }), maxBuffer: mostOutputBytes }
  const defines = ['-DBUILD_ADDON=OFF', '-DBUILD_BENCH=ON', '-DCMAKE_BUILD_TYPE=Release']
  await run('cmake', ['-S', packageRoot, '-B', buildFolder, ...defines], options)
  await run('cmake', ['--build', buildFolder, '--target', target, '--parallel', '2'], options)
  return path.join(buildFolder, target)
}

/**
 * Finds or builds a program.
 *
 * @param folder - where it is, built; undefined: builds it
 * @returns the executable; undefined, and a note that says why, where there is none
 */
export async function findNativeProgram(
  { target, rows, hint }: NativeProgram,
  folder: string | undefined,
  notes: string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (folder !== undefined) {
    const file = path.join(folder, target)
    if (existsSync(file)) return file
    notes.push(`${rows} rows are missing: there is no ${target} in ${folder}`)
    return undefined
  }
  try {
    return await buildNativeProgram(target, signal)
  } catch (error) {
    signal?.throwIfAborted()
    notes.push(`${rows} rows are missing, ${target} was not built (${hint}): ${reasonOf(error)}`)
    return undefined
  }
}

export interface NativeRun {
  rounds: number
  at: readonly number[]
  sampleMs: number
  signal?: AbortSignal | undefined
}

/**
 * Runs a program once; it interleaves its own peers.
 *
 * @throws RingbackError ERR_STATE where it fails, as it does when sums are wrong, or prints what is no sample
 */
export async function runNativeProgram(file: string, { rounds, at, sampleMs, signal }: NativeRun) {
  const words = ['--rounds', String(rounds), '--at', at.join(','), '--ms', String(sampleMs)]
  try {
    const { stdout } = await run(file, words, { ...(signal && { signal }), maxBuffer: mostOutputBytes })
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('{"peer"'))
      .map(readSample)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new RingbackError('ERR_STATE', `${path.basename(file)} failed: ${reasonOf(cause)}`, { cause })
  }
}

function readSample(line: string): NativeSample {
  const sample = JSON.parse(line) as Record<keyof NativeSample, unknown>
  const { peer, job, unit, at, value } = sample
  const isComplete = [peer, job, unit].every((word) => typeof word === 'string' && word !== '')
  if (!isComplete || typeof at !== 'number' || typeof value !== 'number' || !(value > 0))
    throw new RingbackError('ERR_STATE', `no sample: ${line}`)
  return sample as NativeSample
}

/** The last line that a failed program wrote to its standard error; of one that did not run, why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : ''
  return (stderr === '' ? error.message : stderr).trim().split('\n').at(-1)?.trim() ?? ''
}
