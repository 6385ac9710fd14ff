/** An error of ours: its code can be searched for and its sentence may be logged, for it repeats no input. */
export const coded = <Code extends string>(
  code: Code,
  message: string,
  cause?: unknown,
): Error & { readonly code: Code } => Object.assign(new Error(message, { cause }), { code });
