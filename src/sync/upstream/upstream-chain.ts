import type { Dispatcher } from 'undici'
import { interceptors } from 'undici/index.js'
import { goLater } from './upstream-later.ts'
import { tripOf } from './upstream-trip.ts'

const chains = new WeakMap<Dispatcher, Dispatcher>()

/**
 * What every request to an upstream goes through on its way to a dispatcher, made once for each:
 * its trip says what is its own.
 */
export function chainOf(dispatcher: Dispatcher): Dispatcher {
  const known = chains.get(dispatcher)
  if (known !== undefined) return known
  const chain = dispatcher.compose(
    countSent,
    interceptors.redirect({ maxRedirections: 5, throwOnMaxRedirect: true }),
    authorize,
    // The last is the outermost: every try starts at the upstream again, where a signed address is
    // made anew, with an Authorization that is not spent.
    interceptors.retry(),
  )
  chains.set(dispatcher, chain)
  return chain
}

const countSent: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const onSent = tripOf(options)?.onSent
  if (onSent === undefined) return dispatch(options, handler)
  return dispatch(options, {
    // undici calls it when there is a connection and the request goes out on it.
    onRequestStart(controller, context) {
      onSent()
      handler.onRequestStart?.(controller, context)
    },
    onResponseStart: (controller, status, headers, message) =>
      handler.onResponseStart?.(controller, status, headers, message),
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  })
}

/** Above the redirects, which take it away where they lead to another origin. */
const authorize: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const trip = tripOf(options)
  const header = trip?.authorize?.()
  if (trip === undefined || header === undefined) return dispatch(options, handler)
  const go = (authorization: string | undefined) =>
    dispatch(
      authorization === undefined
        ? options
        : { ...options, headers: { ...(options.headers as object), authorization } },
      handler,
    )
  if (!(header instanceof Promise)) return go(header)
  goLater(header, trip, go, handler)
  return true
}
