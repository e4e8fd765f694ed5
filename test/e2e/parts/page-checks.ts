/**
 * Checks that run inside a page, as text: the types of a browser are no part of this project. Each
 * gives what is wrong, a line each.
 */

/** Controls without a label, pictures without a name, headings out of order, tables without heads. */
export const namesCheck = `(() => {
  const told = (element) => element.outerHTML.slice(0, 120)
  const problems = []
  for (const control of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (control.labels.length === 0) problems.push('no label: ' + told(control))
  }
  for (const control of document.querySelectorAll('a, button, summary')) {
    if (control.textContent.trim() === '') problems.push('no text: ' + told(control))
  }
  for (const picture of document.querySelectorAll('svg:not([aria-hidden=true]), img')) {
    const isNamed = picture.getAttribute('role') === 'img' && picture.querySelector(':scope > title')?.textContent.trim()
    if (!isNamed) problems.push('no name: ' + told(picture))
  }
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption?.textContent.trim()) problems.push('no caption: ' + told(table))
    if (table.querySelector('th:not([scope])')) problems.push('no scope: ' + told(table))
  }
  let last = 0
  for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const level = Number(heading.tagName[1])
    if (level > last + 1) problems.push('a level is left out: ' + told(heading))
    last = level
  }
  for (const region of ['header', 'nav', 'main', 'footer']) {
    if (document.querySelectorAll(region).length !== 1) problems.push('wanted one ' + region)
  }
  for (const element of document.querySelectorAll('[tabindex]')) {
    if (element.tabIndex > 0) problems.push('an order of its own: ' + told(element))
  }
  return problems
})()`

/** Texts whose colour and ground have a contrast of less than 4.5 to 1 (WCAG 2.2, 1.4.3). */
export const contrastCheck = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => value / 255).map((value) =>
      value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (channels(color)[3] !== 0) return color
    }
    return 'rgb(255, 255, 255)'
  }
  const problems = []
  let checked = 0
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    if (texts.currentNode.data.trim() === '' || !element.checkVisibility()) continue
    if (element.closest('title, desc, option')) continue
    const style = getComputedStyle(element)
    const ink = element.closest('svg') ? style.fill : style.color
    const [dark, light] = [luminance(ink), luminance(groundOf(element))].sort((a, b) => a - b)
    const contrast = (light + 0.05) / (dark + 0.05)
    checked++
    if (contrast < 4.5) problems.push(contrast.toFixed(2) + ': ' + texts.currentNode.data.trim().slice(0, 60))
  }
  if (checked < 30) problems.push('only ' + checked + ' texts were found')
  return problems
})()`

/** What stands out to the right of the window. */
export const widthCheck = `(() => {
  const width = document.documentElement.clientWidth
  const wide = [...document.body.querySelectorAll('*')].filter((element) =>
    !element.closest('.skip') && element.getBoundingClientRect().right > width + 0.5)
  const problems = wide.map((element) => element.outerHTML.slice(0, 120))
  if (document.documentElement.scrollWidth > width) problems.push('the page scrolls sideways')
  return problems
})()`

/** What has the focus: its id or text, and whether it shows. */
export const focusedText = `(() => {
  const element = document.activeElement
  const name = element.id || element.textContent.trim()
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  const shows = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
  return element === document.body ? '' : name + (shows ? '' : ' (does not show)')
})()`
