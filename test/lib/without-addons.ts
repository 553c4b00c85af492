import { execFile } from 'node:child_process'

const withoutAddons = `process.dlopen = () => { throw new Error('no addon here') };`

/** Runs a module in a process that can load no addon at all. */
export function nodeWithoutAddons(script: string): Promise<{ stdout: string; error: string }> {
  const words = ['--input-type=module', '-e', `${withoutAddons}\n${script}`]
  return new Promise((resolve) =>
    execFile(process.execPath, words, (error, stdout) => resolve({ stdout, error: error?.message ?? '' })),
  )
}
