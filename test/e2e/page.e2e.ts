import packageJson from '../../package.json' with { type: 'json' }
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Served } from '../../src/embedded/serve.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createPage } from '../../src/metrics/page/page.ts'
import type { ReportJson } from '../../src/metrics/report-json.ts'
import { typicalNowMs, typicalReport } from '../metrics/page/typical-day.ts'
import { openPage, startBrowser } from './parts/browser.ts'
import { contrastCheck, focusedText, namesCheck, widthCheck } from './parts/page-checks.ts'
import type { Stoppable } from './parts/process.ts'
import { answers, startProcess } from './parts/process.ts'

// The operators' page in a real browser: of a service that is pulled from, and of a typical day.
const parts = inject('parts')
const clientsUrl = 'http://127.0.0.1:8171'
const adminUrl = 'http://127.0.0.1:9171'
const addresses = {
  ireland: '54.72.0.10',
  virginia: '54.144.0.10',
  google: '34.122.0.10',
  nowhere: '203.0.113.10',
} as const

let browser: Browser
let serving: Stoppable
let day: Served
let blobs: readonly Blob[]

beforeAll(async () => {
  const report = typicalReport()
  const page = createPage({
    report: () => report,
    explain: async () => ['client: aws/eu-west-1'],
    version: packageJson.version,
    now: () => typicalNowMs,
  })
  day = await serveEmbedded(async (request) => page.fetch(request))
  serving = await startProcess({
    name: 'page-serve',
    command: [process.execPath, 'src/cli/main.ts', 'serve'],
    logs: parts.scratch,
    env: {
      NEARPORT_CONFIG: '',
      HOST: '127.0.0.1',
      PORT: new URL(clientsUrl).port,
      ADMIN_PORT: new URL(adminUrl).port,
    },
    ready: () => answers(`${adminUrl}/readyz`),
  })
  blobs = await blobsOfHello()
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await serving?.stop()
  await day?.close()
})

describe('the page of a service', () => {
  test('shows nothing where nothing was pulled', async () => {
    const { page, problems } = await openPage(browser, adminUrl)
    expect(await page.textContent('h1')).toMatch(/Nothing pulled\s+since the start/)
    expect(await page.textContent('.figures')).toContain('Nobody has pulled a blob yet.')
    expect(await page.evaluate(namesCheck)).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('shows the bytes that were pulled, by the way they went', async () => {
    await pull('ireland', blobs)
    await pull('virginia', blobs.slice(0, 2))
    await pull('google', blobs)
    const toMirrors = bytesOf(blobs) + bytesOf(blobs.slice(0, 2))
    const toUpstream = bytesOf(blobs)

    const { page, problems } = await openPage(browser, adminUrl)
    expect(await figuresOf(page, 'Bytes')).toEqual([String(toMirrors), String(toUpstream)])
    const { bytes, requests, money } = await dayOf()
    expect(bytes).toEqual({ mirror: toMirrors, upstream: toUpstream })
    expect(await figuresOf(page, 'Pulls of blobs')).toEqual([
      String(requests.mirror),
      String(requests.upstream),
    ])
    expect(await figuresOf(page, 'Cost')).toEqual([money.spent.mirror, money.spent.upstream])
    expect(await page.textContent('h1')).toMatch(/^\s*\$[\d.]+ saved\s/)
    const regions = await page.locator('#regions tbody th').allTextContents()
    expect(new Set(regions.map((text) => text.trim().split(/\s/)[0]))).toEqual(
      new Set(['aws/eu-west-1', 'aws/us-east-1', 'gcp/us-central1']),
    )
    expect(await page.textContent('#mirrors')).toContain('healthy')
    expect(await page.textContent('#repositories')).toContain('hello')
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('follows what is pulled, and leaves the reader where they are', async () => {
    const { page, problems } = await openPage(browser, `${adminUrl}/?period=start`, {
      viewport: { width: 1280, height: 500 },
    })
    await page.evaluate('document.documentElement.dataset.same = "page"')
    await page.click('#time-line-table summary')
    await page.fill('#explain-path', '/v2/hel')
    await page.focus('#time-line-table summary')
    const scrolled = await page.evaluate('scrollTo(0, 300), scrollY')
    expect(scrolled).toBeGreaterThan(100)
    const [before] = await figuresOf(page, 'Bytes')

    await pull('nowhere', blobs.slice(0, 1))
    const after = String(Number(before) + blobs[0]!.size)
    await page.waitForSelector(`.figures td data[value="${after}"]`, { timeout: 15_000 })
    expect(await figuresOf(page, 'Bytes')).toEqual([after, expect.any(String)])
    expect(await page.textContent('#regions')).toContain('nowhere known')
    expect(await page.evaluate('document.documentElement.dataset.same')).toBe('page')
    expect(await page.evaluate(focusedText)).toMatch(/^The same as a table/)
    expect(await page.locator('#time-line-table').getAttribute('open')).not.toBeNull()
    expect(await page.inputValue('#explain-path')).toBe('/v2/hel')
    expect(await page.evaluate('scrollY')).toBe(scrolled)
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('explains an answer to whoever has a keyboard alone', async () => {
    const { page, problems } = await openPage(browser, `${adminUrl}/?period=hour`)
    const order = await tabThrough(page, 'explain-ip')
    expect(order[0]).toBe('Skip to the figures')
    expect(order.slice(1, 4)).toEqual(['Last hour', 'Last day', 'Since start'])
    expect(order.filter((each) => each.includes('does not show'))).toEqual([])

    await page.keyboard.type(addresses.ireland)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type(`/v2/hello/blobs/${blobs[0]!.digest}`)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/explain?**')
    const answer = await page.textContent('#answer')
    expect(answer).toContain('client: aws/eu-west-1')
    expect(answer).toContain('reason: in-region')
    expect(answer).toContain(`/mirror-eu-west-1/containers/images/${blobs[0]!.digest}`)
    expect(await page.inputValue('#explain-ip')).toBe(addresses.ireland)
    expect(await page.locator('nav a[aria-current]').textContent()).toBe('Last hour')
    expect(await page.evaluate(namesCheck)).toEqual([])

    await page.fill('#explain-ip', 'home')
    await page.press('#explain-ip', 'Enter')
    await page.waitForURL('**ip=home**')
    expect(await page.textContent('#answer')).toContain('wanted an IPv4 or IPv6 address, got home')
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('is all there without a script', async () => {
    const { page, problems } = await openPage(browser, adminUrl, { javaScriptEnabled: false })
    for (const [name, period] of [
      ['Last hour', 'hour'],
      ['Since start', 'start'],
    ]) {
      await page.click(`nav >> text=${name}`)
      expect(page.url()).toBe(`${adminUrl}/?period=${period}`)
      expect(await page.locator('nav a[aria-current]').textContent()).toBe(name)
      expect((await figuresOf(page, 'Bytes')).map(Number)).toEqual([
        expect.any(Number),
        bytesOf(blobs),
      ])
    }
    await page.fill('#explain-ip', addresses.virginia)
    await page.fill('#explain-path', '/v2/hello/manifests/1.0')
    await page.click('text="Explain"')
    expect(await page.textContent('#answer')).toContain('reason: manifest')
    // Buttons that would do nothing are not there.
    expect(await page.locator('button:visible').allTextContents()).toEqual(['Explain'])
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('says when it cannot be brought up to date, and when it can again', async () => {
    const { page } = await openPage(browser, adminUrl)
    const status = page.locator('#status')
    expect(await status.textContent()).toBe('Updates every 10 s')
    const asOf = await page.textContent('#as-of time')

    await page.route('**/?period=day', (route) => route.abort())
    await returnTo(page)
    await page.waitForSelector('#status.failing')
    expect(await status.textContent()).toBe(
      `Not updated since ${asOf}: nothing answers. Trying again every 10 s`,
    )
    await page.unroute('**/?period=day')
    await page.route('**/?period=day', (route) => route.fulfill({ status: 503, body: '' }))
    await returnTo(page)
    await page.waitForSelector('#status:has-text("it answered 503")')
    await page.unroute('**/?period=day')
    await returnTo(page)
    await page.waitForSelector('#status:not(.failing)')
    expect(await status.textContent()).toBe('Updates every 10 s')
    await expect
      .poll(async () => {
        await returnTo(page)
        return page.textContent('#as-of time')
      })
      .not.toBe(asOf)
    await page.context().close()
  })

  test('asks for nothing while it is paused or out of sight', async () => {
    const { page, problems } = await openPage(browser, 'about:blank')
    await page.clock.install()
    await page.goto(adminUrl)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    const expectAsked = async (afterSeconds: number, times: number) => {
      await page.clock.runFor(afterSeconds * 1000)
      await expect.poll(() => asked.length).toBe(times)
      // What should not be asked would be by now.
      await sleep(100)
      expect(asked).toHaveLength(times)
    }

    await expectAsked(9, 0)
    await expectAsked(2, 1)
    await page.click('#pause')
    expect(await page.textContent('#status')).toBe('Paused')
    await expectAsked(60, 1)
    await page.click('#pause')
    await page.waitForSelector('#status:text-is("Updates every 10 s")')
    await expectAsked(0, 2)
    await page.evaluate(hide(true))
    await expectAsked(60, 2)
    await page.evaluate(hide(false))
    await expectAsked(0, 3)
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('the page of a typical day', () => {
  test.for([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('can be read in %s, %d pixels wide', async ([colorScheme, width]) => {
    const { page, problems } = await openPage(browser, day.url, {
      colorScheme,
      viewport: { width, height: 900 },
    })
    await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`)
    expect(await page.evaluate(contrastCheck)).toEqual([])
    expect(await page.evaluate(widthCheck)).toEqual([])
    expect(await page.evaluate(namesCheck)).toEqual([])
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 246, 243)' : 'rgb(19, 22, 24)')
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('copies an advice, or selects it where the clipboard is not allowed', async () => {
    const { page } = await openPage(browser, day.url)
    const { origin } = new URL(day.url)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
    const snippet = page.locator('.snippet').first()
    const code = await snippet.locator('code').textContent()
    await snippet.locator('.copy').click()
    await page.waitForSelector('text=Copied')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(code)

    await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`)
    await page.locator('.copy').nth(1).click()
    await page.waitForSelector('text=Selected')
    expect(await page.evaluate('String(getSelection())')).toBe(
      await page.locator('.snippet code').nth(1).textContent(),
    )
    await page.context().close()
  })

  test.runIf(process.env['NEARPORT_SCREENSHOTS'] === '1')('has its pictures in docs', async () => {
    const folder = join(import.meta.dirname, '../../docs/images')
    await mkdir(folder, { recursive: true })
    for (const [name, colorScheme, width, height] of [
      ['light', 'light', 1280, 1360],
      ['dark', 'dark', 1280, 1360],
      ['narrow', 'light', 360, 1400],
    ] as const) {
      const viewport = { width, height }
      const { page, problems } = await openPage(browser, day.url, { colorScheme, viewport })
      const picture = await page.screenshot({ path: join(folder, `page-${name}.png`) })
      expect(picture.length).toBeLessThan(300_000)
      expect(problems).toEqual([])
      await page.context().close()
    }
  })
})

type Blob = { readonly digest: string; readonly size: number }
type Manifest = {
  readonly manifests: readonly Blob[]
  readonly config: Blob
  readonly layers: readonly Blob[]
}

/** The blobs of the demonstration's image, each once. */
async function blobsOfHello(): Promise<readonly Blob[]> {
  const accept =
    'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
  const read = async (reference: string) => {
    const url = `${clientsUrl}/v2/hello/manifests/${reference}`
    return (await fetch(url, { headers: { accept } })).json() as Promise<Manifest>
  }
  const { manifests } = await read('1.0')
  const images = await Promise.all(manifests.map(({ digest }) => read(digest)))
  const all = images.flatMap(({ config, layers }) => [config, ...layers])
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()]
}

/** Asks for blobs as a client from somewhere, and goes where it is sent. */
async function pull(from: keyof typeof addresses, wanted: readonly Blob[]): Promise<void> {
  for (const { digest, size } of wanted) {
    const headers = { 'x-forwarded-for': addresses[from] }
    const response = await fetch(`${clientsUrl}/v2/hello/blobs/${digest}`, { headers })
    expect((await response.arrayBuffer()).byteLength).toBe(size)
  }
}

function bytesOf(all: readonly Blob[]): number {
  return all.reduce((sum, { size }) => sum + size, 0)
}

async function dayOf(): Promise<ReportJson['periods'][number]> {
  const response = await fetch(`${adminUrl}/report.json`)
  const { periods } = (await response.json()) as ReportJson
  return periods.find(({ period }) => period === 'day')!
}

/** The exact numbers of a row of the first table: from mirrors, from the upstream. */
async function figuresOf(page: Page, name: string): Promise<readonly (string | null)[]> {
  const row = page.locator('.figures tr', {
    has: page.locator(`th:text-is("${name}")`),
  })
  const cells = await row.locator('td data').all()
  return Promise.all(cells.map((cell) => cell.getAttribute('value')))
}

/** Presses Tab until an element has the focus, and says what had it on the way. */
async function tabThrough(page: Page, id: string): Promise<readonly string[]> {
  const order: string[] = []
  while (order.length < 100) {
    await page.keyboard.press('Tab')
    const focused = String(await page.evaluate(focusedText))
    if (focused.startsWith(id)) return order
    order.push(focused)
  }
  throw new Error(`wanted Tab to reach ${id}, got ${order.join(', ')}`)
}

/** As when somebody comes back to the page: it is brought up to date at once. */
async function returnTo(page: Page): Promise<void> {
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
}

function hide(hidden: boolean): string {
  return `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`
}
