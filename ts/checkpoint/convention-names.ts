/** Names of the conventions that are recognised by the names of their tensors. */
export const CONVENTION_NAMES = ["paper", "stack", "mamba_ssm", "huggingface"] as const;
export type ConventionName = (typeof CONVENTION_NAMES)[number];
