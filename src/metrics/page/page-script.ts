/**
 * What makes the page live: every ten seconds it is fetched anew and what changed is put in place,
 * so that focus, scroll, selection and whatever was typed stay. Without it all is there to read.
 */
export const pageScript = `const everyMs = 10_000
const patienceMs = 8_000
const status = document.getElementById('status')
const pause = document.getElementById('pause')
const source = new URL('./?period=' + document.body.dataset.period, location.href)
let timer
let busy = false
let paused = false
let failing = false

document.documentElement.classList.add('live')
document.addEventListener('visibilitychange', () => (document.hidden ? stop() : resume()))
pause.addEventListener('click', () => {
  paused = !paused
  pause.textContent = paused ? 'Resume' : 'Pause'
  if (!paused) return void update()
  stop()
  say('Paused')
})
document.addEventListener('click', ({ target }) => {
  const button = target.closest('.copy')
  if (button !== null) copy(button)
})
say('Updates every ' + everyMs / 1000 + ' s')
plan()

function stop() {
  clearTimeout(timer)
}

function plan() {
  stop()
  if (!paused && !document.hidden) timer = setTimeout(update, everyMs)
}

function resume() {
  if (!paused) update()
}

async function update() {
  stop()
  if (busy) return
  busy = true
  try {
    renew(await fetchPage())
    failing = false
    if (!paused) say('Updates every ' + everyMs / 1000 + ' s')
  } catch (error) {
    failing = true
    const since = document.querySelector('#as-of time').textContent
    say(
      'Not updated since ' +
        since +
        ': ' +
        reasonOf(error) +
        '. Trying again every ' +
        everyMs / 1000 +
        ' s',
    )
  }
  status.classList.toggle('failing', failing)
  busy = false
  plan()
}

async function fetchPage() {
  const response = await fetch(source, { signal: AbortSignal.timeout(patienceMs) })
  if (!response.ok) throw new Error('it answered ' + response.status)
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  if (page.getElementById('live') === null) throw new Error('something else answered')
  return page
}

function reasonOf(error) {
  if (error.name === 'TimeoutError') return 'no answer in ' + patienceMs / 1000 + ' s'
  return error.name === 'TypeError' ? 'nothing answers' : error.message
}

// Said only when it is new: a screen reader reads it out each time it is set.
function say(text) {
  if (status.textContent !== text) status.textContent = text
}

function renew(page) {
  const focused = document.activeElement
  for (const id of ['live', 'as-of']) {
    renewElement(document.getElementById(id), page.getElementById(id))
  }
  document.title = page.title
  // An element that is moved loses focus.
  if (focused !== document.activeElement && focused.isConnected)
    focused.focus({ preventScroll: true })
}

function renewElement(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // Whether a table is open is for the reader to say.
    if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name)
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  renewChildren(old, fresh)
}

// Those with an id are the same wherever they stand; others by their place and kind.
function renewChildren(old, fresh) {
  const named = new Map(
    [...old.children].filter(({ id }) => id !== '').map((child) => [child.id, child]),
  )
  let at = old.firstChild
  for (const wanted of fresh.childNodes) {
    const isNamed = wanted.nodeType === Node.ELEMENT_NODE && wanted.id !== ''
    const same = isNamed ? named.get(wanted.id) : isAlike(at, wanted) ? at : undefined
    if (same === undefined) {
      old.insertBefore(document.importNode(wanted, true), at)
      continue
    }
    if (same === at) at = at.nextSibling
    else old.insertBefore(same, at)
    if (same.nodeType === Node.ELEMENT_NODE) renewElement(same, wanted)
    else if (same.data !== wanted.data) same.data = wanted.data
  }
  while (at !== null) {
    const next = at.nextSibling
    at.remove()
    at = next
  }
}

function isAlike(old, wanted) {
  return old !== null && old.nodeName === wanted.nodeName && !old.id
}

async function copy(button) {
  const code = button.parentElement.querySelector('code')
  try {
    await navigator.clipboard.writeText(code.textContent)
    button.textContent = 'Copied'
  } catch {
    // Only a page from this machine or over TLS may write there: what is selected, any key can copy.
    getSelection().selectAllChildren(code)
    button.textContent = 'Selected'
  }
  setTimeout(() => (button.textContent = 'Copy'), 2_000)
}
`
