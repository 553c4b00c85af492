import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { promisify } from 'node:util'

import { packageRoot } from './package-root.ts'
import type { BenchMachine } from './results.ts'

const run = promisify(execFile)

export function describeMachine(): BenchMachine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
  }
}

/** The checkout's commit; the package's version where this is none, or where there is no git. */
export async function describeCommit(): Promise<string> {
  try {
    const git = async (...words: string[]): Promise<string> =>
      (await run('git', words, { cwd: packageRoot })).stdout.trim()
    // Below node_modules the commit would be that of the project around it.
    if ((await git('rev-parse', '--show-prefix')) === '') {
      const changed = await git('status', '--porcelain', '--untracked-files=no')
      return `${await git('rev-parse', '--short=7', 'HEAD')}${changed === '' ? '' : '-dirty'}`
    }
  } catch {
    // no git, or no repository: the version says enough
  }
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return `v${(JSON.parse(text) as { version: string }).version}`
}
