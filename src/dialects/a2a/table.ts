/**
 * Tables of messages, from which JSON is read, protobuf is written, and a card is brought into its canonical form.
 *
 * A field is `number type` and, where it belongs to a group of which one may be there, the name of the group. After the type: `[]` for a
 * list, `!` for what must be there, `?` for what is told apart from its default. `id` is a string that names something. After `=` stands the
 * name of the field in protobuf, where JSON calls it otherwise.
 */

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly isList: boolean;
  /** Values by name: `type` is the type of a value. */
  readonly isMap: boolean;
  readonly isRequired: boolean;
  readonly hasPresence: boolean;
  readonly group: string;
  /** Its name in protobuf, where JSON calls it otherwise; JSON may be written with it, too. */
  readonly also: string;
}

export type MessageTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Vocabulary {
  readonly messages: ReadonlyMap<string, readonly Field[]>;
  /** Values in the order of their numbers. */
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

export const vocabularyOf = (table: MessageTable, enums: Vocabulary['enums']): Vocabulary => ({
  messages: new Map(
    Object.entries(table).map(([name, fields]) => [
      name,
      Object.entries(fields).map(([field, text]) => fieldOf(field, text)),
    ]),
  ),
  enums,
});

const FIELD = /^(\d+) (map<)?([A-Za-z0-9]+)>?(\[\])?([!?])?(?: =(\w+))?(?: (\w+))?$/;

const fieldOf = (name: string, text: string): Field => {
  const [, number, map, type, list, flag, also, group] = FIELD.exec(text)!;
  return {
    name,
    number: Number(number),
    type: type!,
    isList: list !== undefined,
    isMap: map !== undefined,
    isRequired: flag === '!',
    hasPresence: flag === '?',
    group: group ?? '',
    also: also ?? '',
  };
};
