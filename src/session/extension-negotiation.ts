/**
 * What a connection may use besides the core protocol: answers RequestExtensions, and reads what the extensions that
 * were agreed on add to a share. Specification, extensions/0x0001 and 0x0002.
 */

import {
  EXTENSIONS_NEGOTIATION,
  type RequestExtensions,
  RequestExtensionsError,
  RequestExtensionsSuccess,
} from "../wire/extension-messages.ts";
import { encodeFrame } from "../wire/frame.ts";
import { NO_WORKER, WORKER_TRACKING, WorkerField } from "../wire/worker-field.ts";

const SUPPORTED: ReadonlySet<number> = new Set([EXTENSIONS_NEGOTIATION, WORKER_TRACKING]);

export class ExtensionNegotiation {
  /** Undefined where 0x0002 is not agreed on. */
  #workers: WorkerField | undefined;

  /**
   * Whatever came before, the newest request counts, and it counts whole: what it does not name, or is refused with it,
   * is not agreed on any more.
   */
  answer(request: RequestExtensions): { readonly frame: Uint8Array; readonly supported: readonly number[] } {
    const { request_id, requested_extensions } = request;
    const requested = [...new Set(requested_extensions)];
    const supported = requested.filter((extension) => SUPPORTED.has(extension));
    this.#workers = supported.includes(WORKER_TRACKING) ? new WorkerField() : undefined;
    const frame =
      supported.length > 0
        ? encodeFrame(RequestExtensionsSuccess, { request_id, supported_extensions: supported })
        : encodeFrame(RequestExtensionsError, {
            request_id,
            unsupported_extensions: requested,
            required_extensions: [],
          });
    return { frame, supported };
  }

  /** Nothing is agreed on any more. */
  reset(): void {
    this.#workers = undefined;
  }

  /** The name of a share's worker, where shares carry one; it holds until the next call. */
  workerOf(payload: Uint8Array, tlvStart: number): Uint8Array {
    return this.#workers?.read(payload, tlvStart) ?? NO_WORKER;
  }
}
