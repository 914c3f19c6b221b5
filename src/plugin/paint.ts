/** How a piece of text is meant: what is as it should be, what needs somebody, what matters little. */
export type Tone = 'good' | 'bad' | 'quiet';

/** Colours a text where its reader can see that. */
export type Paint = (tone: Tone, text: string) => string;

/** For readers that are programs. */
export const plain: Paint = (_, text) => text;
