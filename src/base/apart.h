/* Functions that stay apart although there is one caller. A compiler that optimises for size
 * inlines them, as that saves a call; where their caller is short of registers, or they read what
 * then is its stack, it costs more: docs/decisions/0013. Only for functions of which that was
 * measured. Where it optimises for speed it does as it likes. */
#ifndef LW_BASE_APART_H
#define LW_BASE_APART_H

#ifdef __OPTIMIZE_SIZE__ /* GCC and clang */
#define LW_APART __attribute__((noinline))
#else
#define LW_APART
#endif

#endif
