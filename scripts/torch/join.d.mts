/** The text of mambalite_torch.py. */
export declare function joinedModules(): string;
