/** A model is there but cannot be used. */
export class ModelError extends Error {
  constructor(where: string, problem: string, options?: ErrorOptions) {
    super(`model ${where}: ${problem}`, options);
    this.name = 'ModelError';
  }
}
