/** How the text of a flag becomes the value of its field. */
export type FlagKind =
  | 'bool'
  /** On its own as `true`, or with any text behind an equals sign. */
  | 'boolOrText'
  | 'int'
  | 'float'
  /** Go duration text. */
  | 'duration'
  | 'text'
  /** Text; an empty one leaves the field as it is. */
  | 'nonEmpty'
  /** Separated by commas; given again, it adds. */
  | 'list'
  /** `Name=true,Other=false`; given again, it adds. */
  | 'gates'
  /** `pattern=N,other=N`; given again, it adds. */
  | 'levels';

interface AnyFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  readonly help: string;
  /** The value in force without flag and file; absent where that is empty, false or 0. */
  readonly default?: string;
}

/** Sets a field of the configuration; `why` says why nothing comes of it. */
export interface ConfigFlag extends AnyFlag {
  readonly use: 'config';
  readonly path: string;
  readonly why?: string;
}

/** Tells the command what to do, or what to talk to. */
export interface CommandFlag extends AnyFlag {
  readonly use: 'command';
  readonly path?: undefined;
}

/** The port of a server, deprecated in favour of the address flags. */
export interface PortFlag extends AnyFlag {
  readonly use: 'port';
  readonly path?: undefined;
  readonly server: 'healthz' | 'metrics';
}

/** Accepted, with a warning; or refused. */
export interface IdleFlag extends AnyFlag {
  readonly use: 'unused' | 'refused';
  readonly path?: undefined;
  readonly why: string;
}

export type Flag = ConfigFlag | CommandFlag | PortFlag | IdleFlag;

/** The texts a user gave for each flag, by its name, in the order they came. */
export type FlagValues = Readonly<Record<string, readonly string[]>>;
