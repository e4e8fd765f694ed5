/** What a promise brings, or what `whenLate` gives (or throws) where it has brought nothing in time. */
export async function within<T>(ms: number, waiting: Promise<T>, whenLate: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    const first = await Promise.race([waiting.then((value) => ({ value })), late])
    return first === undefined ? whenLate() : first.value
  } finally {
    clearTimeout(timer)
  }
}
