import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const folder = path.join(root, 'cmake-build', 'bench')

/** A line of bench/native/rings_bench.cc. */
export interface NativeSample {
  peer: string
  job: string
  unit: string
  batch: number
  value: number
}

/**
 * Builds a program of bench/native, if it is not up to date.
 *
 * @param name - of its target
 * @returns the executable
 */
export async function buildNativeProgram(name: string, signal?: AbortSignal): Promise<string> {
  const options = { cwd: root, ...(signal && { signal }), maxBuffer: 1 << 26 }
  const defines = ['-DBUILD_ADDON=OFF', '-DBUILD_BENCH=ON', '-DCMAKE_BUILD_TYPE=Release']
  await run('cmake', ['-S', root, '-B', folder, ...defines], options)
  await run('cmake', ['--build', folder, '--target', name, '--parallel', '2'], options)
  return path.join(folder, name)
}

export interface NativeRun {
  rounds: number
  batches: readonly number[]
  sampleMs: number
  signal?: AbortSignal | undefined
}

/** Runs the rings' program once; it interleaves its own peers. */
export async function runNativeRings(file: string, { rounds, batches, sampleMs, signal }: NativeRun) {
  const words = ['--rounds', String(rounds), '--batches', batches.join(','), '--ms', String(sampleMs)]
  const { stdout } = await run(file, words, { ...(signal && { signal }), maxBuffer: 1 << 26 }).catch(
    (error: unknown) => {
      signal?.throwIfAborted()
      throw error
    },
  )
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"peer"'))
  return lines.map((line) => JSON.parse(line) as NativeSample)
}
