/** What every implementation of `ShareValidator` must do. Each backend's test file runs it. */

import { afterEach, describe } from "vitest";
import type { ShareValidator } from "../../src/sharecore/index.ts";
import { describeBatches } from "./validator-batches-suite.ts";
import type { Open } from "./validator-fixture.ts";
import { describeJobs } from "./validator-jobs-suite.ts";
import { describeOrder } from "./validator-order-suite.ts";
import { describeVerdicts } from "./validator-verdicts-suite.ts";

type Create = (options: { jobSlots?: number }) => ShareValidator;

export function describeValidator(name: string, create: Create): void {
  describe(name, () => {
    const opened: ShareValidator[] = [];
    const open: Open = (options = {}) => {
      const validator = create(options);
      opened.push(validator);
      return validator;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((validator) => validator.close()));
    });

    describeVerdicts(open);
    describeJobs(open);
    describeBatches(open);
    describeOrder(open);
  });
}
