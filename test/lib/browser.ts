import { existsSync } from 'node:fs'
import process from 'node:process'

import { type Browser, chromium } from 'playwright-core'

/** Debian's; playwright-core brings none and downloads none. */
const executablePath = '/usr/bin/chromium'

/** Chromium without a window. @throws Error where it is not installed, with what to do */
export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(executablePath))
    throw new Error(
      `${executablePath} is missing: apt-get update && apt-get install -y --no-install-recommends chromium`,
    )
  // Chromium has no sandbox for root, as whom CI runs.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args })
}
