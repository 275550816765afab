/* @ts-self-types="./sharecore.d.ts" */

/**
 * Version of the layout.
 * @returns {number}
 */
export function abi_version() {
    const ret = wasm.abi_version();
    return ret >>> 0;
}

/**
 * Forgets a job, if the slot still holds that generation.
 * @param {number} slot
 * @param {number} generation
 */
export function clear_job(slot, generation) {
    wasm.clear_job(slot, generation);
}

/**
 * Address of `len` bytes for one job record; 0 where that is longer than any can be.
 * @param {number} len
 * @returns {number}
 */
export function job_ptr(len) {
    const ret = wasm.job_ptr(len);
    return ret >>> 0;
}

/**
 * Roots of an extended job for `count` packed extranonces in the share region: 0 done, 1 no such job, 2 invalid.
 * @param {number} slot
 * @param {number} generation
 * @param {number} extranonce_size
 * @param {number} count
 * @returns {number}
 */
export function merkle_roots(slot, generation, extranonce_size, count) {
    const ret = wasm.merkle_roots(slot, generation, extranonce_size, count);
    return ret >>> 0;
}

/**
 * Makes the tables, once: 0 done, 1 out of range or done before.
 * @param {number} job_slots
 * @param {number} batch_shares
 * @returns {number}
 */
export function reserve(job_slots, batch_shares) {
    const ret = wasm.reserve(job_slots, batch_shares);
    return ret >>> 0;
}

/**
 * Address of the roots that `merkle_roots` writes.
 * @returns {number}
 */
export function roots_ptr() {
    const ret = wasm.roots_ptr();
    return ret >>> 0;
}

/**
 * The lowest nonce in the range that meets the target, or -1.
 * @param {number} start_nonce
 * @param {number} count
 * @returns {number}
 */
export function scan(start_nonce, count) {
    const ret = wasm.scan(start_nonce, count);
    return ret;
}

/**
 * Takes a header (80 bytes) and a target (32 bytes) from scratch.
 */
export function scan_init() {
    wasm.scan_init();
}

/**
 * Address of the scratch bytes: 65,536 of input, then 32 of result.
 * @returns {number}
 */
export function scratch_ptr() {
    const ret = wasm.scratch_ptr();
    return ret >>> 0;
}

/**
 * Registers the job record of `len` bytes: 0 done, 1 no such slot, 2 malformed.
 * @param {number} slot
 * @param {number} generation
 * @param {number} len
 * @returns {number}
 */
export function set_job(slot, generation, len) {
    const ret = wasm.set_job(slot, generation, len);
    return ret >>> 0;
}

/**
 * Double SHA-256 of the first `len` bytes of scratch (at most all of them), written behind the scratch.
 * @param {number} len
 */
export function sha256d(len) {
    wasm.sha256d(len);
}

/**
 * Address of the share records.
 * @returns {number}
 */
export function shares_ptr() {
    const ret = wasm.shares_ptr();
    return ret >>> 0;
}

/**
 * Writes a verdict for each of the first `count` shares, four at a time; returns how many.
 * @param {number} count
 * @returns {number}
 */
export function validate(count) {
    const ret = wasm.validate(count);
    return ret >>> 0;
}

/**
 * The same, one at a time.
 * @param {number} count
 * @returns {number}
 */
export function validate_scalar(count) {
    const ret = wasm.validate_scalar(count);
    return ret >>> 0;
}

/**
 * Address of the verdict records.
 * @returns {number}
 */
export function verdicts_ptr() {
    const ret = wasm.verdicts_ptr();
    return ret >>> 0;
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
    };
    return {
        __proto__: null,
        "./sharecore_bg.js": import0,
    };
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;


    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }

    if (module_or_path === undefined) {
        module_or_path = new URL('sharecore_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
