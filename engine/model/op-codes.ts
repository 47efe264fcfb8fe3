// Op codes: what each op of a compiled program does, as small numbers.

/** Codes of ops in `Compiled.opCode`. */
export const OP_LOCK = 0;
export const OP_UNLOCK = 1;
export const OP_DOWN = 2;
export const OP_UP = 3;
export const OP_WAIT = 4;
export const OP_SIGNAL = 5;
export const OP_SIGNAL_ALL = 6;
export const OP_SYNC = 7;
export const OP_FORK = 8;
export const OP_JOIN = 9;
export const OP_SET = 10;
export const OP_CLEAR = 11;
export const OP_REQUIRE_SET = 12;
export const OP_REQUIRE_CLEAR = 13;
export const OP_IRQS_OFF = 14;
export const OP_IRQS_ON = 15;
export const OP_BH_OFF = 16;
export const OP_BH_ON = 17;
/** Taking a ww_mutex that obeys contexts, in a program that has any. */
export const OP_WW_LOCK = 18;
export const OP_WW_BEGIN = 19;
export const OP_WW_END = 20;
