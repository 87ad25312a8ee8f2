/** For the type check of our scripts alone. */
export const env: any;
export const InferenceSession: any;
export const Tensor: any;
