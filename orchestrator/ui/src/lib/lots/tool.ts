/** What is in hand on the drawing of a lot. In a file of its own: the compiler of TypeScript does not look into components for types. */
export type Tool = 'pick' | 'row' | 'area' | 'hole' | 'beacon';
