/**
 * A Map by key that keeps its keys in the order of a listing once it was listed: a bucket of
 * 200,000 objects is 200 pages, and sorted once.
 */
export class KeyedMap<Value> extends Map<string, Value> {
  #sorted: readonly string[] | undefined

  override set(key: string, value: Value): this {
    if (!this.has(key)) this.#sorted = undefined
    return super.set(key, value)
  }

  override delete(key: string): boolean {
    const wasThere = super.delete(key)
    if (wasThere) this.#sorted = undefined
    return wasThere
  }

  override clear(): void {
    super.clear()
    this.#sorted = undefined
  }

  /** Sorted by their UTF-8 bytes. */
  keysInOrder(): readonly string[] {
    return (this.#sorted ??= keysInOrder(this.keys()))
  }
}

/** Keys sorted by their UTF-8 bytes, which is not the order of JavaScript strings beyond U+FFFF. */
export function keysInOrder(keys: Iterable<string>): string[] {
  const all = [...keys]
  // Without surrogates the two orders are one, and that of strings is a hundred times as fast.
  return all.some((key) => /[\ud800-\udfff]/.test(key)) ? all.toSorted(compareUtf8) : all.toSorted()
}

/** Which of two comes first by its UTF-8 bytes: negative for `a`. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Where in sorted keys the first is that is not before this one. */
export function firstFrom(keys: readonly string[], from: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareUtf8(keys[middle]!, from) < 0) low = middle + 1
    else high = middle
  }
  return low
}
