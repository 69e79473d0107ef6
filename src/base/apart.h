/* Functions that stay apart although there is one caller. A compiler that optimises for size
 * inlines them, as that saves a call; where their caller is short of registers, or they read what
 * then is its stack, it costs more: docs/decisions/0013. Only for functions of which that was
 * measured. */
#ifndef LW_BASE_APART_H
#define LW_BASE_APART_H

#ifdef __GNUC__
#define LW_APART __attribute__((noinline))
#else
#define LW_APART
#endif

#endif
