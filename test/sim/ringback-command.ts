import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import process from 'node:process'

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs `ringback`; once the file or folder `interruptAt` is there, it gets what Ctrl-C sends. */
export function ringback(args: readonly string[], interruptAt?: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['dist/cli/main.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setInterval(() => {
      if (interruptAt === undefined || !existsSync(interruptAt)) return
      clearInterval(timer)
      child.kill('SIGINT')
    }, 100)
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('close', (code) => {
      clearInterval(timer)
      resolve({ code, stdout, stderr })
    })
  })
}
