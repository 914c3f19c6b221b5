/**
 * Steps that were taken, each with the one that takes it back. The language's DisposableStack would do, but for two
 * things: Node 22, which package.json allows, lacks it, and a failing undo should tell its name.
 */
export class UndoStack {
  readonly #steps: { readonly name: string; readonly undo: () => Promise<void> | void }[] = [];

  /** Remembers how to take back the step just done. */
  push(name: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ name, undo });
  }

  /** Takes all steps back, last first. A failing undo goes to `onError` and does not stop the others. */
  async unwind(onError: (name: string, error: unknown) => void): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        onError(step.name, error);
      }
    }
  }
}
