/** What one client of the model has agreed on with the pool beside the core protocol. */

import { RequestExtensionsError, RequestExtensionsSuccess } from "../../src/wire/extension-messages.ts";
import { must } from "../support/must.ts";
import { type ReceivedFrame, read } from "./session-fixture.ts";

/** That the pool has: to negotiate, and to name workers. */
const SUPPORTED = [1, 2];

export class ModelExtensions {
  /** Shares name their workers. */
  workers = false;
  /** Answers that have to come, in this order. */
  readonly #due: string[] = [];

  /** The client asks for them. @returns whether it is granted any. */
  ask(requestId: number, wanted: readonly number[]): boolean {
    const known = [...new Set(wanted)];
    const granted = known.filter((extension) => SUPPORTED.includes(extension));
    this.workers = granted.includes(2);
    this.#due.push(granted.length > 0 ? `${requestId} granted ${granted}` : `${requestId} refused ${known}`);
    return granted.length > 0;
  }

  /** Nothing is agreed on any more. */
  forget(): void {
    this.workers = false;
  }

  see(frame: ReceivedFrame): void {
    const due = this.#due.shift();
    const answer = frame.header.msgType === RequestExtensionsSuccess.msgType ? granted(frame) : refused(frame);
    must(answer === due, `${due} was due, not ${answer}`);
  }

  expectAtRest(): void {
    must(this.#due.length === 0, `these requests for extensions have no answer: ${this.#due.join("; ")}`);
  }
}

function granted(frame: ReceivedFrame): string {
  const { request_id, supported_extensions } = read(frame, RequestExtensionsSuccess);
  return `${request_id} granted ${supported_extensions}`;
}

function refused(frame: ReceivedFrame): string {
  const { request_id, unsupported_extensions, required_extensions } = read(frame, RequestExtensionsError);
  must(required_extensions.length === 0, "no extension is required");
  return `${request_id} refused ${unsupported_extensions}`;
}
