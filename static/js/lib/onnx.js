// Runs an ONNX network in this browser: WebAssembly, one thread. Loaded when it is first needed.

/**
 * @param {string} wasmUrl of the runtime
 * @param {string} networkUrl of the export
 * @returns {Promise<(input: Float32Array, shape: number[]) => Promise<Float32Array>>}
 */
export async function loadNetwork(wasmUrl, networkUrl) {
  const { env, InferenceSession, Tensor } =
    await import("../../vendor/onnxruntime-web-1.30.0/ort.wasm.bundle.min.mjs");
  Object.assign(env.wasm, { numThreads: 1, proxy: false, wasmPaths: { wasm: wasmUrl } });
  env.logLevel = "error";
  const answer = await fetch(networkUrl, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  const network = new Uint8Array(await answer.arrayBuffer());
  const session = await InferenceSession.create(network, { executionProviders: ["wasm"] });
  return async (input, shape) => {
    const outputs = await session.run({
      [session.inputNames[0]]: new Tensor("float32", input, shape),
    });
    return outputs[session.outputNames[0]].data;
  };
}
