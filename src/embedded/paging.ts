/** Part of a list that is in order, and the `last` of the next request where there is more. */
export type Page<T> = { readonly items: readonly T[]; readonly next?: string }

/** How much of the list is wanted: at most `count` items whose name sorts after `last`. */
export type PageWanted = { readonly count: number; readonly last?: string | undefined }

/**
 * Reads `n` and `last` from a query; the registry's own limit caps `n`. Undefined when `n` is not a
 * number ≥ 0.
 */
export function parsePage(query: URLSearchParams, limit: number): PageWanted | undefined {
  const n = query.get('n')
  if (n !== null && !/^\d{1,9}$/.test(n)) return undefined
  return {
    count: n === null ? limit : Math.min(Number(n), limit),
    last: query.get('last') ?? undefined,
  }
}

/** Sorts by name (by code unit: names and tags are ASCII) and takes one page. */
export function takePage<T>(
  items: Iterable<T>,
  nameOf: (item: T) => string,
  wanted: PageWanted,
): Page<T> {
  const { count, last } = wanted
  const sorted = [...items]
    .filter((item) => last === undefined || nameOf(item) > last)
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const taken = sorted.slice(0, count)

  const final = taken.at(-1)
  // OCI: n=0 is an empty list and no Link.
  if (final === undefined || taken.length === sorted.length) return { items: taken }
  return { items: taken, next: nameOf(final) }
}

/**
 * The Link header to the next page, relative as distribution's own is; every other query value is
 * kept.
 */
export function linkTo(url: URL, next: string): string {
  const query = new URLSearchParams(url.search)
  query.set('last', next)
  return `<${url.pathname}?${query.toString()}>; rel="next"`
}
