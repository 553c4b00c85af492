import { accessSync, constants, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'

/**
 * Where a tree is when nobody says where: in memory, in the user's own folder where the system has one.
 *
 * @param name - what is controlled, such as the scenario's name
 */
export function defaultFolder(name: string): string {
  const bases = [process.env.XDG_RUNTIME_DIR ?? '', '/dev/shm']
  const word = name.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 32)
  return path.join(bases.find(isUsable) ?? tmpdir(), `ringback-${word}-${process.pid}`)
}

function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return path.isAbsolute(folder) && statSync(folder).isDirectory()
  } catch {
    return false // not there, or not ours: the next one will do
  }
}
